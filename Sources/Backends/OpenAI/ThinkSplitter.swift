/// Parts a leading block of reasoning from the text of an answer as it comes.
///
/// A server without a parser of its own leaves `<think>…</think>` in the text; templates that write
/// the opening mark themselves leave only the closing one.
struct ThinkSplitter {
    enum Piece: Hashable {
        case text(String)
        case reasoning(String)
        /// All text so far was reasoning after all.
        case textWasReasoning
    }

    private enum State {
        /// Nothing but white space or the beginning of the opening mark came.
        case start
        case reasoning
        /// A closing mark may still come; text is held back or not.
        case unsure
        /// Line feeds after the closing mark.
        case afterReasoning
        case text
    }

    private static let opening = "<think>"
    private static let closing = "</think>"

    /// Whether text that may turn out to be reasoning is held back: wanted where the model was asked
    /// to think.
    private let isHolding: Bool
    private var state = State.start
    private var pending = ""

    init(isHolding: Bool) { self.isHolding = isHolding }

    /// The server parts reasoning from text itself: no marks are to be expected, but the line feeds
    /// that stood behind the closing one may still come.
    mutating func expectNoMarks() -> [Piece] {
        switch state {
        case .start: state = .afterReasoning
        case .unsure: state = .text
        case .reasoning, .afterReasoning, .text: return []
        }
        return append("")
    }

    mutating func append(_ text: String) -> [Piece] {
        pending += text
        var pieces: [Piece] = []
        while step(&pieces) {}
        return pieces
    }

    /// What was held back, when nothing follows.
    mutating func finish() -> [Piece] {
        defer { pending = "" }
        guard !pending.isEmpty else { return [] }
        switch state {
        case .reasoning: return [.reasoning(pending)]
        case .start, .unsure, .text: return [.text(pending)]
        case .afterReasoning: return []
        }
    }

    /// Takes up what is certain; false when more must come first.
    private mutating func step(_ pieces: inout [Piece]) -> Bool {
        guard !pending.isEmpty else { return false }
        switch state {
        case .start:
            let visible = pending.drop(while: \.isWhitespace)
            if visible.hasPrefix(Self.opening) {
                pending = String(visible.dropFirst(Self.opening.count))
                state = .reasoning
            } else if Self.opening.hasPrefix(visible) {
                return false
            } else {
                state = .unsure
            }
        case .reasoning:
            if let mark = pending.firstRange(of: Self.closing) {
                if mark.lowerBound > pending.startIndex {
                    pieces.append(.reasoning(String(pending[..<mark.lowerBound])))
                }
                pending = String(pending[mark.upperBound...])
                state = .afterReasoning
            } else if let piece = takeAllBut(Self.closing) {
                pieces.append(.reasoning(piece))
                return false
            } else {
                return false
            }
        case .unsure: return unsureStep(&pieces)
        case .afterReasoning:
            pending = String(pending.drop { $0.isNewline })
            if !pending.isEmpty { state = .text }
        case .text:
            pieces.append(.text(pending))
            pending = ""
        }
        return true
    }

    private mutating func unsureStep(_ pieces: inout [Piece]) -> Bool {
        let closing = pending.firstRange(of: Self.closing)
        let opening = pending.firstRange(of: Self.opening)
        if let closing, closing.lowerBound < opening?.lowerBound ?? pending.endIndex {
            if !isHolding { pieces.append(.textWasReasoning) }
            pieces.append(.reasoning(String(pending[..<closing.lowerBound])))
            pending = String(pending[closing.upperBound...])
            state = .afterReasoning
            return true
        }
        if opening != nil {
            // The text speaks of the marks; it is not what stands before one.
            state = .text
            return true
        }
        if !isHolding, let piece = takeAllBut(Self.closing) { pieces.append(.text(piece)) }
        return false
    }

    /// Takes what cannot be the beginning of a mark.
    private mutating func takeAllBut(_ mark: String) -> String? {
        var held = pending.endIndex
        var index = pending.endIndex
        for _ in 0..<mark.count - 1 where index > pending.startIndex {
            index = pending.index(before: index)
            let rest = pending[index...]
            if mark.hasPrefix(rest) || Self.opening.hasPrefix(rest) { held = index }
        }
        guard held > pending.startIndex else { return nil }
        defer { pending = String(pending[held...]) }
        return String(pending[..<held])
    }
}
