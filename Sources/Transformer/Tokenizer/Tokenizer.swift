/// Whether the text of special tokens (`<|im_end|>` …) becomes those tokens.
public enum SpecialText: String, Hashable, Sendable, Codable {
    /// It stays text: for everything a person or a model wrote.
    case text
    /// It becomes the tokens: for text that a template rendered.
    case parse
}

/// Turns text into tokens and back.
public protocol Tokenizer: Sendable {
    /// One more than the largest id.
    var vocabularySize: Int { get }
    /// The tokens of `text`; `addSpecial` adds what the file's post-processor puts around a text.
    func encode(_ text: String, special: SpecialText, addSpecial: Bool) -> [TokenID]
    /// The text of `tokens`; invalid UTF-8 becomes U+FFFD.
    func decode(_ tokens: [TokenID], skipSpecial: Bool) -> String
}
