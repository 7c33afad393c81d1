/// Tokens to text as they come, never showing half a character.
///
/// An incomplete but still possible UTF-8 sequence at the end is held back; everything else is
/// returned at once. Each maximal invalid part becomes one U+FFFD.
public struct StreamingDecoder: Sendable {
    private let tokenizer: any Tokenizer
    private let skipSpecial: Bool
    private var pending: [UInt8] = []
    private var isAtStart: Bool

    /// A decoder at the start of a sequence.
    ///
    /// - Parameter skipSpecial: Whether special tokens leave no text.
    public init(_ tokenizer: any Tokenizer, skipSpecial: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecial = skipSpecial
        isAtStart = tokenizer.dropsLeadingSpace
    }

    /// The text that became certain with `token`; may be empty.
    public mutating func append(_ token: TokenID) -> String { append([token]) }

    /// The text that became certain with `tokens`.
    public mutating func append(_ tokens: [TokenID]) -> String {
        for token in tokens where !(skipSpecial && tokenizer.isSpecial(token)) {
            pending.append(contentsOf: tokenizer.bytes(of: token))
        }
        if isAtStart, let first = pending.first {
            isAtStart = false
            if first == UInt8(ascii: " ") { pending.removeFirst() }
        }
        let count = pending.count - UTF8Bytes.incompleteTail(of: pending)
        defer { pending.removeFirst(count) }
        return String(decoding: pending[..<count], as: UTF8.self)
    }

    /// The text held back, when nothing follows.
    public mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }
}
