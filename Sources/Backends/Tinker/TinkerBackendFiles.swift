internal import Baking
internal import Foundation
internal import Transformer

/// What has to be on this machine of a model that runs elsewhere: its tokenizer, its chat template
/// and, where it is there, its configuration.
struct TinkerBackendFiles {
    let tokenizer: any Tokenizer
    let template: ChatTemplate
    let warnings: [String]
    /// SHA-256 of `tokenizer.json`, hexadecimal.
    let tokenizerHash: String
    /// Rows of the embedding; without `config.json` the tokenizer's tokens.
    let vocabularySize: Int
    /// nil without `config.json`.
    let contextLength: Int?
    /// As `config.json` names it.
    let family: String
    /// nil when it is not one of the families known here: then an adapter's shapes are unknown.
    let configuration: ModelConfiguration?

    /// - Throws: ``TokenizerError``, `ChatTemplateError`, or ``BackendError`` when a file is missing
    ///   or broken.
    init(directory: URL) throws {
        let file = try TokenizerFile(directory: directory)
        tokenizer = file.tokenizer
        warnings = file.warnings
        template = try ChatTemplate(directory: directory)
        tokenizerHash = try Self.hash(of: directory.appending(path: "tokenizer.json"))
        let path = directory.appending(path: "config.json")
        guard FileManager.default.fileExists(atPath: path.path) else {
            vocabularySize = tokenizer.vocabularySize
            contextLength = nil
            family = "unknown"
            configuration = nil
            return
        }
        let sizes = try Self.sizes(path)
        // Of another family, such as a mixture of experts, only the sizes are of use.
        configuration = try? ModelConfiguration(path: path.path)
        vocabularySize =
            configuration?.vocabularySize ?? sizes.vocabularySize ?? tokenizer.vocabularySize
        contextLength = configuration?.maximumPositionCount ?? sizes.contextLength
        family = configuration?.family.rawValue ?? sizes.family ?? "unknown"
        try tokenizer.requireFit(rowCount: vocabularySize)
    }

    /// Number of weights; 0 when the shapes are unknown.
    var parameterCount: Int {
        configuration?.tensorShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } ?? 0
    }

    private struct Sizes: Decodable {
        struct Inner: Decodable {
            var vocab_size: Int?
            var max_position_embeddings: Int?
        }

        var model_type: String?
        var vocab_size: Int?
        var max_position_embeddings: Int?
        /// Models that also see have the sizes of their text part here.
        var text_config: Inner?

        var family: String? { model_type.map { String($0.prefix(64)) } }
        var vocabularySize: Int? { Self.size(vocab_size ?? text_config?.vocab_size) }
        var contextLength: Int? {
            Self.size(max_position_embeddings ?? text_config?.max_position_embeddings)
        }

        private static func size(_ number: Int?) -> Int? {
            number.flatMap { (1...Int(Int32.max)).contains($0) ? $0 : nil }
        }
    }

    private static func sizes(_ file: URL) throws -> Sizes {
        let limit = 1 << 24
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else {
                throw BackendError.refused(what: "\(file.path) is larger than 16 MiB", remedy: nil)
            }
            return try JSONDecoder().decode(Sizes.self, from: data)
        } catch is DecodingError {
            throw BackendError.refused(
                what: "\(file.path) is no valid configuration", remedy: "fetch it anew")
        }
    }

    private static func hash(of file: URL) throws -> String {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        var hash = SHA256()
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { hash.update($0) }
        }
        return hash.hexDigest()
    }
}
