/// Text to tokens and back, as one model was trained with.
public protocol Tokenizer: Sendable {
    /// One more than the highest token.
    var vocabularySize: Int { get }

    /// Whether the text of a whole sequence loses one leading space: SentencePiece marks the start
    /// of a word, so a sequence that begins with a word begins with a space.
    var dropsLeadingSpace: Bool { get }

    /// The tokens of `text`.
    ///
    /// - Parameters:
    ///   - special: What becomes of the text of a special token inside `text`.
    ///   - addSpecial: Whether to add what the tokenizer puts around every sequence (a begin token).
    func encode(_ text: String, special: SpecialText, addSpecial: Bool) -> [TokenID]

    /// The tokens of one sequence given in parts; nothing is added, nothing merges across parts,
    /// and the text of special tokens inside a part stays text.
    func encode(_ parts: [TextPart]) -> [TokenID]

    /// The bytes that `token` adds to the text; half a character if need be, nothing for a number
    /// without a token.
    func bytes(of token: TokenID) -> [UInt8]

    /// Whether `token` steers the model and is no text.
    func isSpecial(_ token: TokenID) -> Bool

    /// The token written `name` in the tokenizer's file, `<|im_end|>` for example.
    func token(named name: String) -> TokenID?
}

/// What becomes of the text of a special token inside a text.
public enum SpecialText: Sendable {
    /// It stays text, whoever typed it cannot steer the model.
    case text
    /// It becomes the token.
    case parse
}

/// A part of a sequence: a token put there on purpose, or text.
public enum TextPart: Equatable, Sendable {
    /// A token.
    case token(TokenID)
    /// Text in which special tokens stay text.
    case text(String)
}

extension Tokenizer {
    /// The text of `tokens`; each maximal part that is not UTF-8 becomes U+FFFD.
    public func decode(_ tokens: [TokenID], skipSpecial: Bool) -> String {
        var decoder = StreamingDecoder(self, skipSpecial: skipSpecial)
        return decoder.append(tokens) + decoder.finish()
    }

    /// Checks that every token has a row in an embedding of `rowCount` rows.
    ///
    /// - Throws: ``TokenizerError/doesNotFit(vocabularySize:rowCount:)``.
    public func requireFit(rowCount: Int) throws(TokenizerError) {
        guard vocabularySize <= rowCount else {
            throw .doesNotFit(vocabularySize: vocabularySize, rowCount: rowCount)
        }
    }
}
