/// One of the regular expressions by which published tokenizers cut text before merging, written
/// out by hand: the same pieces, without a regular-expression engine.
///
/// Alternatives are tried in the expression's order, and the first that matches wins, as in every
/// backtracking engine.
struct SplitPattern: Equatable, Sendable {
    enum Words: Equatable, Sendable {
        /// ` ?\p{L}+`
        case afterSpace
        /// `[^\r\n\p{L}\p{N}]?\p{L}+`
        case afterAny
        /// As `afterAny`, and cut where a small letter is followed by a capital.
        case cased
    }

    enum Contractions: Equatable, Sendable {
        case none, lowercase, anyCase
    }

    var contractions: Contractions
    var words: Words
    /// The most digits in a piece.
    var digits: Int
    /// Whether a space may precede digits.
    var isSpaceBeforeDigits = false
    /// Whether line ends follow symbols in the same piece, and end a piece of white space.
    var hasLineEnds = true
    /// Whether slashes follow symbols like line ends.
    var hasSlashes = false

    /// `(?i:'s|'t|…)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|…`: Qwen2, Qwen2.5, Qwen3.
    static let qwen = SplitPattern(contractions: .anyCase, words: .afterAny, digits: 1)
    /// As Qwen's with `\p{N}{1,3}`: Llama 3.
    static let llama3 = SplitPattern(contractions: .anyCase, words: .afterAny, digits: 3)
    /// Mistral's Tekken.
    static let tekken = SplitPattern(
        contractions: .none, words: .cased, digits: 1, hasSlashes: true)
    /// GPT-2, inside `ByteLevel`.
    static let gpt2 = SplitPattern(
        contractions: .lowercase, words: .afterSpace, digits: .max, isSpaceBeforeDigits: true,
        hasLineEnds: false)

    /// The pattern whose regular expression is exactly `expression`, `nil` if it is none of ours.
    init?(expression: String) {
        let known = Self.expressions.first { $0.text.utf8.elementsEqual(expression.utf8) }
        guard let known else { return nil }
        self = known.pattern
    }

    private init(
        contractions: Contractions, words: Words, digits: Int, isSpaceBeforeDigits: Bool = false,
        hasLineEnds: Bool = true, hasSlashes: Bool = false
    ) {
        self.contractions = contractions
        self.words = words
        self.digits = digits
        self.isSpaceBeforeDigits = isSpaceBeforeDigits
        self.hasLineEnds = hasLineEnds
        self.hasSlashes = hasSlashes
    }

    static let expressions: [(text: String, pattern: SplitPattern)] = {
        let spaces = #"\s+(?!\S)|\s+"#
        let contractions = "'s|'t|'re|'ve|'m|'ll|'d"
        let word = #"[^\r\n\p{L}\p{N}]?"#
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        let symbols = #" ?[^\s\p{L}\p{N}]+"#
        let qwen = { (digits: String) in
            "(?i:\(contractions))|\(word)\\p{L}+|\(digits)|\(symbols)[\\r\\n]*|\\s*[\\r\\n]+|\(spaces)"
        }
        return [
            (qwen(#"\p{N}"#), .qwen),
            (qwen(#"\p{N}{1,3}"#), .llama3),
            (
                "\(word)\(upper)*\(lower)+|\(word)\(upper)+\(lower)*|\\p{N}|\(symbols)[\\r\\n/]*"
                    + "|\\s*[\\r\\n]+|\(spaces)", .tekken
            ),
            ("\(contractions)| ?\\p{L}+| ?\\p{N}+|\(symbols)|\(spaces)", .gpt2),
        ]
    }()

    /// Where the piece that begins at `start` ends; `start` is inside the text.
    @inline(__always)
    func end(ofPieceAt start: Int, in text: ScalarReader) -> Int {
        let (first, second) = text.read(at: start)
        let isSpace = text.bytes[start] == UInt8(ascii: " ")
        if contractions != .none, let end = contraction(at: start, in: text.bytes) { return end }

        switch words {
        case .afterSpace:
            let word = isSpace ? second : start
            let end = text.skip(.letter, from: word)
            if end > word { return end }
        case .afterAny:
            if first.contains(.letter) { return text.skip(.letter, from: second) }
            if first.isDisjoint(with: [.lineEnd, .number]) {
                let end = text.skip(.letter, from: second)
                if end > second { return end }
            }
        case .cased:
            if let end = casedWord(at: start, first: first, second: second, in: text) { return end }
        }

        if first.contains(.number) { return digitsEnd(from: start, in: text) }
        if isSpaceBeforeDigits, isSpace {
            let end = digitsEnd(from: second, in: text)
            if end > second { return end }
        }

        let symbol = isSpace ? second : start
        var end = symbol
        while end < text.bytes.count {
            let (found, next) = text.read(at: end)
            guard found.isDisjoint(with: [.space, .letter, .number]) else { break }
            end = next
        }
        if end > symbol {
            guard hasLineEnds else { return end }
            while end < text.bytes.count, isTrailing(text.bytes[end]) { end += 1 }
            return end
        }
        return spaceEnd(from: start, in: text)
    }

    private func isTrailing(_ byte: UInt8) -> Bool {
        byte == 0x0A || byte == 0x0D || hasSlashes && byte == UInt8(ascii: "/")
    }

    private func digitsEnd(from start: Int, in text: ScalarReader) -> Int {
        var end = start
        var count = 0
        while count < digits, end < text.bytes.count {
            let (found, next) = text.read(at: end)
            guard found.contains(.number) else { break }
            end = next
            count += 1
        }
        return end
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+` at white space: up to the last line end if there is one, else all
    /// at the text's end, else all but the last character, else that one.
    private func spaceEnd(from start: Int, in text: ScalarReader) -> Int {
        var end = start
        var last = start
        var lineEnd: Int?
        while end < text.bytes.count {
            let (found, next) = text.read(at: end)
            guard found.contains(.space) else { break }
            if hasLineEnds, found.contains(.lineEnd) { lineEnd = next }
            last = end
            end = next
        }
        if let lineEnd { return lineEnd }
        return end == text.bytes.count || last == start ? end : last
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`; regardless of case, `ſ` (U+017F) is an s too.
    private func contraction(at start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard bytes[start] == UInt8(ascii: "'"), start + 1 < bytes.count else { return nil }
        let fold: UInt8 = contractions == .anyCase ? 0x20 : 0
        let letter = { (offset: Int) -> UInt8 in
            guard start + offset < bytes.count else { return 0 }
            let byte = bytes[start + offset]
            return byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | fold : byte
        }
        switch (letter(1), letter(2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
            (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5, 0xBF) where contractions == .anyCase: return start + 3
        default: return nil
        }
    }

    /// `P?U*L+|P?U+L*`, P neither line end, letter nor number, U and L sharing modifiers, letters
    /// without case and marks.
    private func casedWord(
        at start: Int, first: ScalarClass, second: Int, in text: ScalarReader
    ) -> Int? {
        let mayPrecede = first.isDisjoint(with: [.lineEnd, .letter, .number])
        if mayPrecede, let end = lowerEnd(from: second, in: text) { return end }
        if let end = lowerEnd(from: start, in: text) { return end }
        if mayPrecede {
            let end = text.skip(.upper, from: second)
            if end > second { return text.skip(.lower, from: end) }
        }
        let end = text.skip(.upper, from: start)
        return end > start ? text.skip(.lower, from: end) : nil
    }

    /// `U*L+`: as far as U goes and then L; if no L follows, back to the last of the Us that is one.
    private func lowerEnd(from start: Int, in text: ScalarReader) -> Int? {
        var position = start
        var lastLower: Int?
        while position < text.bytes.count {
            let (found, next) = text.read(at: position)
            guard found.contains(.upper) else { break }
            if found.contains(.lower) { lastLower = next }
            position = next
        }
        let end = text.skip(.lower, from: position)
        return end > position ? end : lastLower
    }
}
