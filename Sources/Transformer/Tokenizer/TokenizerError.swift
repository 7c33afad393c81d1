/// Why a tokenizer could not be used.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The file is absent or cannot be read.
    case unreadable(file: String, reason: String)
    /// The file is not JSON, or a value is missing or of the wrong kind.
    case malformed(file: String, reason: String)
    /// The file asks for something this engine does not do.
    case unsupported(file: String, feature: String)
    /// Two entries carry the same text.
    case duplicateToken(file: String, token: String)
    /// Two texts carry the same number.
    case duplicateID(file: String, id: Int, tokens: [String])
    /// A number is negative or absurdly large.
    case idOutOfRange(file: String, token: String, id: Int)
    /// A merge is not two parts.
    case malformedMerge(file: String, index: Int)
    /// A merge names a text that is not in the vocabulary.
    case unknownMergePart(file: String, index: Int, part: String)
    /// A merge stands there twice, so its rank is ambiguous.
    case duplicateMerge(file: String, index: Int)
    /// A token that is referred to does not exist.
    case unknownToken(file: String, token: String)
    /// The model's embedding has too few rows.
    case doesNotFit(vocabularySize: Int, rowCount: Int)

    /// One line: what, where and, where there is one, the remedy.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read the tokenizer \(file): \(reason)"
        case .malformed(let file, let reason): "malformed tokenizer \(file): \(reason)"
        case .unsupported(let file, let feature): "tokenizer \(file): unsupported \(feature)"
        case .duplicateToken(let file, let token):
            "tokenizer \(file): token \"\(token)\" is listed twice"
        case .duplicateID(let file, let id, let tokens):
            "tokenizer \(file): id \(id) belongs to "
                + tokens.map { "\"\($0)\"" }.joined(separator: " and ")
        case .idOutOfRange(let file, let token, let id):
            "tokenizer \(file): token \"\(token)\" has id \(id), out of range"
        case .malformedMerge(let file, let index):
            "tokenizer \(file): merge \(index) is not a pair of tokens"
        case .unknownMergePart(let file, let index, let part):
            "tokenizer \(file): merge \(index) needs \"\(part)\", which is not in the vocabulary"
        case .duplicateMerge(let file, let index):
            "tokenizer \(file): merge \(index) repeats an earlier one"
        case .unknownToken(let file, let token):
            "tokenizer \(file): \"\(token)\" is referred to but is no token"
        case .doesNotFit(let vocabularySize, let rowCount):
            "the tokenizer has \(vocabularySize) tokens but the model's embedding only "
                + "\(rowCount) rows: they do not belong together"
        }
    }
}
