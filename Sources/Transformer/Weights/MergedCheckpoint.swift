import Foundation

/// A checkpoint whose weights contain an adapter: W' = round(W + scaling·B·A).
///
/// Product and sum are made in single precision and rounded once.
public struct MergedCheckpoint: Sendable {
    /// In which type the weights are written.
    public enum Precision: String, Sendable, CaseIterable {
        /// As the base has them, tensor by tensor.
        case base
        /// All in BF16.
        case bf16
        /// All in F32.
        case fp32

        fileprivate var type: TensorType? {
            switch self {
            case .base: nil
            case .bf16: .bf16
            case .fp32: .f32
            }
        }
    }

    /// What was written.
    public struct Report: Equatable, Sendable {
        /// Names of the files, sorted.
        public var files: [String]
        /// How much of the change rounding took away: the norm of what is missing over the norm of
        /// scaling·B·A. 0 when nothing was rounded; BF16 keeps eight bits, so that a small change
        /// suffers much.
        public var updateError: Double
    }

    /// The checkpoint that the adapter was made for.
    public let base: ModelFiles
    /// What is merged into it; it fits the base.
    public let adapter: AdapterFile

    /// Nothing is computed before ``write(to:precision:shardByteLimit:)``.
    public init(base: ModelFiles, adapter: AdapterFile) {
        self.base = base
        self.adapter = adapter
    }

    /// Writes a directory like the base's, whole or not at all: weights under the same names,
    /// configuration, tokenizer, template and licence.
    ///
    /// - Parameters:
    ///   - directory: Must not exist, or be empty.
    ///   - shardByteLimit: Weights of more bytes are split into files of at most so many, as far as
    ///     single tensors allow.
    public func write(
        to directory: String, precision: Precision = .base, shardByteLimit: Int = 5_000_000_000
    ) throws(ModelFilesError) -> Report {
        let folder: AtomicFolder
        do { folder = try AtomicFolder(path: directory) } catch { throw .file(error) }
        let rounding = RoundingError()
        let shards = try shards(
            precision: precision, byteLimit: shardByteLimit, rounding: rounding)
        var map: [JSONTree.Member] = []
        for (index, shard) in shards.enumerated() {
            let name =
                shards.count == 1
                ? "model.safetensors" : Self.shardName(index: index, count: shards.count)
            do {
                try shard.write(to: ModelFiles.path(folder.temporaryPath, name))
            } catch {
                throw .safetensors(error)
            }
            map += shard.names.map { JSONTree.Member(name: $0, value: .string(name)) }
        }
        do throws(FileError) {
            if shards.count > 1 {
                let index: JSONTree = [
                    "metadata": [
                        "total_size": JSONTree(
                            integerLiteral: shards.reduce(0) { $0 + $1.byteCount })
                    ],
                    "weight_map": .object(map.sorted { $0.name < $1.name }),
                ]
                try Self.write(
                    Array(index.text(isIndented: true).utf8), to: ModelFiles.indexName, in: folder)
            }
            try copyOtherFiles(to: folder, precision: precision)
            try folder.commit()
        } catch {
            throw .file(error)
        }
        let names = try Self.listing(directory)
        return Report(files: names, updateError: rounding.ratio)
    }

    /// Whether the unembedding leaves the embedding it was tied to.
    private var unties: Bool {
        base.configuration.tied
            && adapter.matrices.keys.contains { $0.target == .unembedding }
    }

    private func shards(
        precision: Precision, byteLimit: Int, rounding: RoundingError
    ) throws(ModelFilesError) -> [SafetensorsWriter] {
        let unembedding = "lm_head.weight"
        var names = base.tensorNames
        if base.configuration.tied { names.removeAll { $0 == unembedding } }
        if unties { names.append(unembedding) }
        var pairs: [String: AdapterFile.Matrices] = [:]
        for (place, pair) in adapter.matrices {
            pairs[place.target.moduleName(layer: place.layer) + ".weight"] = pair
        }
        let scaling = Float(adapter.configuration.scaling)

        var shards = [SafetensorsWriter()]
        for name in names {
            let source = try base.tensor(
                name == unembedding && unties ? "model.embed_tokens.weight" : name)
            let type = source.dtype.isFloat ? precision.type ?? source.dtype : source.dtype
            let byteCount = source.count * type.byteCount
            let filled = shards[shards.count - 1].byteCount
            if filled > 0 && filled + byteCount > byteLimit { shards.append(SafetensorsWriter()) }
            if pairs[name] == nil && type == source.dtype {
                shards[shards.count - 1].add(source)
                continue
            }
            let merging = MergedTensor(
                source: source, type: type, update: pairs[name], scaling: scaling,
                rounding: rounding)
            shards[shards.count - 1].add(
                name, shape: source.shape, type: type, contents: merging.emitRows)
        }
        return shards
    }

    private static func shardName(index: Int, count: Int) -> String {
        func digits(_ number: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, 5 - text.count)) + text
        }
        return "model-\(digits(index + 1))-of-\(digits(count)).safetensors"
    }

    /// Configuration as it was, but for the entries that are no longer true; and what else makes a
    /// checkpoint complete.
    private func copyOtherFiles(
        to folder: AtomicFolder, precision: Precision
    ) throws(FileError) {
        for name in try Self.names(in: base.path) where Self.belongsToCheckpoint(name) {
            let path = ModelFiles.path(base.path, name)
            var bytes = try FileBytes.contents(of: path)
            if name == "config.json", precision != .base || unties {
                var tree: JSONTree
                do throws(JSONError) {
                    tree = try JSONTree(parsing: bytes, maximumDepth: 16)
                } catch {
                    throw .cannotRead(path: path, reason: error.description)
                }
                guard tree.members != nil else {
                    throw .cannotRead(path: path, reason: "no object")
                }
                if let type = precision.type {
                    // Newer files say dtype, and only they do.
                    tree.set(
                        tree["dtype"] == nil ? "torch_dtype" : "dtype",
                        to: type == .bf16 ? "bfloat16" : "float32")
                }
                if unties { tree.set("tie_word_embeddings", to: false) }
                bytes = Array(tree.text(isIndented: true).utf8)
            }
            try Self.write(bytes, to: name, in: folder)
        }
    }

    private static func belongsToCheckpoint(_ name: String) -> Bool {
        let names = [
            "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
            "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
            "tokenizer.model", "chat_template.jinja", "chat_template.json",
        ]
        return names.contains(name)
            || ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY"].contains { name.hasPrefix($0) }
    }

    private static func write(
        _ bytes: [UInt8], to name: String, in folder: AtomicFolder
    ) throws(FileError) {
        let file = try AtomicFile(path: ModelFiles.path(folder.temporaryPath, name))
        try file.append(bytes)
        try file.commit()
    }

    private static func names(in path: String) throws(FileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw .cannotRead(path: path, reason: "it cannot be listed")
        }
    }

    private static func listing(_ path: String) throws(ModelFilesError) -> [String] {
        do { return try names(in: path) } catch { throw .file(error) }
    }
}
