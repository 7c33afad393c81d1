public import Foundation

/// A tokenizer as its `tokenizer.json` describes it.
///
/// Byte-level BPE (Qwen, Llama 3, GPT-2, SmolLM2, Tekken) and SentencePiece-style BPE with byte
/// fallback (Mistral, Llama 2), with the file's own normaliser, pre-tokenizer, post-processor,
/// decoder and added tokens. Anything else is refused by name. Truncation and padding settings are
/// not applied.
public struct TokenizerFile: Sendable {
    /// The tokenizer.
    public let tokenizer: any Tokenizer
    /// What a person should know about the file, one line each.
    public let warnings: [String]

    /// Reads `tokenizer.json` in `directory`.
    ///
    /// - Throws: ``TokenizerError`` when it is missing, broken or of another kind.
    public init(directory: URL) throws(TokenizerError) {
        let file = directory.appending(path: "tokenizer.json")
        if !FileManager.default.fileExists(atPath: file.path) {
            for other in ["tekken.json", "tokenizer.model", "vocab.json"]
            where FileManager.default.fileExists(atPath: directory.appending(path: other).path) {
                throw .unsupported(
                    file: directory.path,
                    feature: "tokenizer format: it has \(other) but no tokenizer.json, the only "
                        + "format read; take tokenizer.json from a converted copy of the model")
            }
        }
        try self.init(contentsOf: file)
    }

    /// Reads the tokenizer in `file`.
    ///
    /// - Throws: ``TokenizerError`` when it is missing, broken or of another kind.
    public init(contentsOf file: URL) throws(TokenizerError) {
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.contents(of: file.path)
        } catch {
            throw .unreadable(file: file.path, reason: error.reason)
        }
        try self.init(bytes, file: file.path)
    }

    /// Reads the tokenizer in `bytes`; `file` names it in errors.
    init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
        var builder = TokenizerBuilder(file: file)
        tokenizer = try builder.build(from: bytes)
        warnings = builder.warnings
    }
}
