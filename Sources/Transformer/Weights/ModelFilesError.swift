/// Why a directory is no checkpoint that can be used.
public enum ModelFilesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or the directory cannot be read.
    case file(FileError)
    /// `config.json` cannot be used.
    case configuration(ModelConfigurationError)
    /// A weights file or a tensor cannot be used.
    case safetensors(SafetensorsError)
    /// A directory without anything in it.
    case empty(path: String)
    /// A directory without `config.json`.
    case missingConfiguration(path: String)
    /// Neither `model.safetensors` nor an index of shards; `other` is a weights file of another
    /// kind, if there is one.
    case missingWeights(path: String, other: String?)
    /// An index or a generation configuration that is not as it must be.
    case invalid(path: String, reason: String)
    /// A shard that is listed but not there.
    case missingShard(path: String, shard: String)
    /// A shard's name that leads out of the directory.
    case unsafeShard(path: String, shard: String)
    /// A tensor that the index promises in a shard that does not hold it.
    case misplacedTensor(path: String, tensor: String, shard: String)
    /// A tensor that no file holds.
    case missingTensor(path: String, tensor: String)
    /// Embeddings that the configuration ties while the file holds another unembedding.
    case untied(path: String)

    /// One line: what, where, remedy.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .configuration(let error): error.description
        case .safetensors(let error): error.description
        case .empty(let path): "\(shown(path)) is empty" + Self.remedy(path)
        case .missingConfiguration(let path):
            "\(shown(path)) has no config.json and is no model directory" + Self.remedy(path)
        case .missingWeights(let path, let other?):
            """
            \(shown(path)) has no model.safetensors; \(shown(other)) is of another kind, \
            convert it to safetensors
            """
        case .missingWeights(let path, nil):
            "\(shown(path)) has neither model.safetensors nor model.safetensors.index.json"
                + Self.remedy(path)
        case .invalid(let path, let reason): "\(shown(path)): \(reason)"
        case .missingShard(let path, let shard):
            "\(shown(path)): the file \(shown(shard)) is missing"
                + (HubPath.repository(in: path) == nil ? " (download incomplete?)" : "")
                + Self.remedy(path)
        case .unsafeShard(let path, let shard):
            "\(shown(path)): \(shown(shard)) is no name of a file beside it"
        case .misplacedTensor(let path, let tensor, let shard):
            "\(shown(path)): tensor \(shown(tensor)) is not in \(shown(shard))"
        case .missingTensor(let path, let tensor):
            "\(shown(path)): no tensor \(shown(tensor))"
        case .untied(let path):
            """
            \(shown(path)): config.json ties the embeddings, but lm_head.weight differs from \
            model.embed_tokens.weight; set tie_word_embeddings to false to use both
            """
        }
    }

    /// What fetches the rest of a snapshot in the hub's cache.
    private static func remedy(_ path: String) -> String {
        HubPath.repository(in: path).map { "; run oven pull \(shown($0))" } ?? ""
    }
}
