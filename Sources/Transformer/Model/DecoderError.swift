/// Why the decoder refuses its input or its weights.
package enum DecoderError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A token that the model has no row for.
    case unknownToken(TokenID, vocabularySize: Int)
    /// A sequence without tokens.
    case emptySequence
    /// A weight that is neither F32, F16 nor BF16.
    case unusableType(name: String, type: String)
    /// A target row that cannot be: ids twice or outside the vocabulary, probabilities above 1.
    case invalidTarget(reason: String)

    /// One line: what, where, remedy.
    package var description: String {
        switch self {
        case .unknownToken(let token, let size):
            "token \(token) is outside the model's vocabulary of \(size); "
                + "the tokenizer does not fit the model"
        case .emptySequence: "a sequence has no tokens"
        case .unusableType(let name, let type):
            "tensor \(name) is stored as \(type); F32, F16 or BF16 is needed"
        case .invalidTarget(let reason): "invalid teacher row: \(reason)"
        }
    }
}
