/// What was sent from an input before, to be brought back: up for the one before, down for the next, and
/// a search. What is being written meanwhile is kept as the draft.
package struct InputHistory: Hashable, Sendable {
    /// All entries together keep to this many bytes of UTF-8; the newest is kept whatever it takes.
    package static let byteLimit = 1 << 20

    /// The oldest first; for keeping between two runs of a program.
    package private(set) var entries: [String] = []
    /// At most so many entries.
    package let limit: Int
    /// The entry shown; nil while the draft is.
    package private(set) var index: Int?
    private var draft = ""

    /// - Parameters:
    ///   - entries: The oldest first.
    ///   - limit: At least 1.
    package init(entries: [String] = [], limit: Int = 500) {
        self.limit = max(1, limit)
        self.entries = entries.filter { !$0.isEmpty }
        shorten()
    }

    /// Keeps what was sent, or a draft that was cleared. Neither nothing nor the same as the last time is
    /// kept.
    package mutating func add(_ text: String) {
        reset()
        guard !text.isEmpty, entries.last != text else { return }
        entries.append(text)
        shorten()
    }

    /// The entry before the one shown.
    ///
    /// - Parameter current: What is in the input; the draft, where no entry is shown.
    /// - Returns: nil on the oldest.
    package mutating func older(than current: String) -> String? {
        let next = (index ?? entries.count) - 1
        guard next >= 0 else { return nil }
        if index == nil { draft = current }
        index = next
        return entries[next]
    }

    /// The entry after the one shown, and behind the newest the draft; nil where the draft is shown.
    package mutating func newer() -> String? {
        guard let shown = index else { return nil }
        guard shown + 1 < entries.count else {
            index = nil
            return draft
        }
        index = shown + 1
        return entries[shown + 1]
    }

    /// The draft is what counts again, as after sending.
    package mutating func reset() {
        index = nil
        draft = ""
    }

    private mutating func shorten() {
        var kept = 0
        var byteCount = 0
        for entry in entries.reversed() {
            byteCount += entry.utf8.count
            if kept > 0 && (kept == limit || byteCount > Self.byteLimit) { break }
            kept += 1
        }
        entries.removeFirst(entries.count - kept)
    }

    // MARK: - Search

    /// A search from the newest entry to the oldest, with a pattern that is being typed.
    package struct Search: Hashable, Sendable {
        package private(set) var pattern = ""
        /// The entry found; nil while there is none.
        package private(set) var index: Int?

        package init() {}

        /// Looks for another pattern, from the entry found on.
        ///
        /// - Returns: Whether an entry has it.
        @discardableResult
        package mutating func look(for pattern: String, in history: InputHistory) -> Bool {
            let start = pattern.hasPrefix(self.pattern) ? index : nil
            self.pattern = pattern
            index = history.index(of: pattern, upTo: start ?? history.entries.count - 1)
            return index != nil
        }

        /// Goes to an older entry; stays where there is none.
        ///
        /// - Returns: Whether there is one.
        @discardableResult
        package mutating func older(in history: InputHistory) -> Bool {
            guard let index, let next = history.index(of: pattern, upTo: index - 1) else {
                return false
            }
            self.index = next
            return true
        }

        /// The entry found.
        package func text(in history: InputHistory) -> String? {
            index.flatMap { history.entries.indices.contains($0) ? history.entries[$0] : nil }
        }
    }

    /// Shows the entry that a search found; nil keeps to what is shown.
    ///
    /// - Parameter current: What is in the input; the draft, where no entry is shown.
    package mutating func accept(_ search: Search, current: String) -> String? {
        guard let text = search.text(in: self) else { return nil }
        if index == nil { draft = current }
        index = search.index
        return text
    }

    private func index(of pattern: String, upTo last: Int) -> Int? {
        guard !pattern.isEmpty, last >= 0 else { return nil }
        return entries.indices.prefix(last + 1).last {
            !EditorFind(pattern, in: entries[$0], origin: 0).matches.isEmpty
        }
    }
}
