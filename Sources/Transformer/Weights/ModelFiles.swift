import Foundation

/// A checkpoint directory as Hugging Face publishes them: configuration and weights, in one file or
/// in shards.
///
/// Opening checks that every tensor of the model is there, once, in the right shape and as floats;
/// the weights are mapped, not read.
public final class ModelFiles: Sendable {
    /// The directory.
    public let path: String
    /// What `config.json` says.
    public let configuration: ModelConfiguration
    /// Tokens that end a reply, of `generation_config.json` and `config.json` together; sorted.
    public let endTokens: [TokenID]
    /// Names of the weights files, sorted.
    public let weightFiles: [String]
    private let files: [String: SafetensorsFile]
    /// The file of every tensor there is.
    private let places: [String: String]

    /// Opens and checks a directory.
    public init(path: String) throws(ModelFilesError) {
        self.path = path
        let names = try Self.names(in: path)
        guard !names.isEmpty else { throw .empty(path: path) }
        guard names.contains("config.json") else { throw .missingConfiguration(path: path) }
        do {
            configuration = try ModelConfiguration(path: Self.path(path, "config.json"))
        } catch {
            throw .configuration(error)
        }
        endTokens = Set(
            configuration.endTokens
                + (try Self.generationEndTokens(in: path, names: names, configuration))
        ).sorted()

        if names.contains("model.safetensors") {
            let file = try Self.open(Self.path(path, "model.safetensors"))
            files = ["model.safetensors": file]
            places = Dictionary(file.names.map { ($0, "model.safetensors") }) { first, _ in first }
        } else if names.contains(Self.indexName) {
            (files, places) = try Self.shards(in: path, names: names)
        } else {
            let other = names.first { name in
                [".bin", ".gguf", ".pt", ".pth", ".safetensors"].contains { name.hasSuffix($0) }
            }
            throw .missingWeights(path: path, other: other)
        }
        weightFiles = files.keys.sorted()
        try checkTensors()
    }

    /// A tensor of the checkpoint; those of the model have its shapes.
    public func tensor(_ name: String) throws(ModelFilesError) -> Tensor {
        guard let place = places[name], let file = files[place] else {
            throw .missingTensor(path: path, tensor: name)
        }
        do { return try file.tensor(name) } catch { throw .safetensors(error) }
    }

    /// Names of all tensors, the model's and others, sorted.
    public var tensorNames: [String] { places.keys.sorted() }

    /// SHA-256 of everything that decides what the model computes: `config.json` and the weights
    /// files in the order of their names, each as its name, a zero byte, its size in decimal
    /// digits, a zero byte and all its bytes.
    ///
    /// Reads every byte: count on one to two gigabytes per second where the processor has
    /// instructions for it, and on the disk.
    public func identity() throws(ModelFilesError) -> String {
        var hash = SHA256()
        for name in ["config.json"] + weightFiles {
            do throws(FileError) {
                let file = try FileBytes(path: Self.path(path, name))
                hash.update("\(name)\0\(file.count)\0")
                try file.hash(into: &hash)
            } catch {
                throw .file(error)
            }
        }
        return hash.hexDigest()
    }

    private func checkTensors() throws(ModelFilesError) {
        for (name, shape) in configuration.tensorShapes {
            let tensor = try tensor(name)
            guard tensor.shape == shape else {
                throw .safetensors(
                    .wrongShape(
                        path: tensor.path, tensor: name, expected: shape, found: tensor.shape))
            }
            guard tensor.dtype.isFloat else {
                throw .safetensors(
                    .wrongType(
                        path: tensor.path, tensor: name, found: tensor.dtype.rawValue,
                        expected: "F32, F16 or BF16"))
            }
        }
        // Other programs would use the second matrix in spite of the flag.
        if configuration.tied, places["lm_head.weight"] != nil {
            let unembedding = try tensor("lm_head.weight")
            let embedding = try tensor("model.embed_tokens.weight")
            guard unembedding.dtype == embedding.dtype, unembedding.shape == embedding.shape,
                unembedding.hasSameBytes(as: embedding)
            else { throw .untied(path: path) }
        }
    }

    static let indexName = "model.safetensors.index.json"

    static func path(_ directory: String, _ name: String) -> String {
        URL(filePath: directory, directoryHint: .isDirectory).appending(path: name).path
    }

    private static func names(in path: String) throws(ModelFilesError) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw .file(.notFound(path: path))
        }
        guard isDirectory.boolValue else { throw .file(.notADirectory(path: path)) }
        do {
            // A link that leads nowhere is no file.
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter {
                FileManager.default.fileExists(atPath: Self.path(path, $0))
            }
        } catch {
            throw .file(.cannotRead(path: path, reason: "no permission to list it"))
        }
    }

    private static func open(_ path: String) throws(ModelFilesError) -> SafetensorsFile {
        do { return try SafetensorsFile(path: path) } catch { throw .safetensors(error) }
    }

    private static func json(_ path: String) throws(ModelFilesError) -> JSONTree {
        do {
            return try JSONTree(path: path, maximumDepth: 16)
        } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .notJSON(let path, let reason): throw .invalid(path: path, reason: reason)
            }
        }
    }

    private static func generationEndTokens(
        in path: String, names: [String], _ configuration: ModelConfiguration
    ) throws(ModelFilesError) -> [TokenID] {
        guard names.contains("generation_config.json") else { return [] }
        let path = Self.path(path, "generation_config.json")
        let reader = ConfigurationReader(tree: try json(path), path: path)
        do {
            return try reader.tokens(
                "eos_token_id", vocabularySize: configuration.vocabularySize)
        } catch {
            throw .configuration(error)
        }
    }

    /// Opens every shard that the index lists, and checks that it holds what it should.
    private static func shards(
        in path: String, names: [String]
    ) throws(ModelFilesError) -> (files: [String: SafetensorsFile], places: [String: String]) {
        let indexPath = Self.path(path, indexName)
        let index = try json(indexPath)
        if let name = index.duplicateName {
            throw .invalid(path: indexPath, reason: "\(shown(name)) is listed twice")
        }
        guard let map = index["weight_map"], let members = map.members, !members.isEmpty else {
            throw .invalid(path: indexPath, reason: "it has no weight_map")
        }
        if let name = map.duplicateName {
            throw .invalid(path: indexPath, reason: "tensor \(shown(name)) is listed twice")
        }
        var files: [String: SafetensorsFile] = [:]
        var places: [String: String] = [:]
        for member in members {
            guard let shard = member.value.string else {
                throw .invalid(
                    path: indexPath, reason: "tensor \(shown(member.name)) has no file name")
            }
            guard !shard.contains("/"), !shard.contains("\0"), !shard.hasPrefix("."),
                shard.hasSuffix(".safetensors")
            else { throw .unsafeShard(path: indexPath, shard: shard) }
            guard names.contains(shard) else {
                throw .missingShard(path: indexPath, shard: shard)
            }
            if files[shard] == nil { files[shard] = try open(Self.path(path, shard)) }
            guard files[shard]?.contains(member.name) == true else {
                throw .misplacedTensor(path: indexPath, tensor: member.name, shard: shard)
            }
            places[member.name] = shard
        }
        return (files, places)
    }
}
