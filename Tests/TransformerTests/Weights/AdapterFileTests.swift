import Foundation
import Testing

@testable import Transformer

@Suite struct AdapterFileTests {
    let folder: TemporaryFolder
    let model: ModelConfiguration

    init() throws {
        folder = try TemporaryFolder()
        model = try TinyCheckpoint().model
    }

    static let adapterConfiguration: JSONTree = [
        "peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "down_proj"],
    ]

    /// An adapter of the tiny model with a pair at every place.
    static func adapter(
        for model: ModelConfiguration, rank: Int = 2, targets: [AdapterTarget], seed: UInt64 = 4
    ) -> AdapterFile {
        var generator = MutationGenerator(seed: seed)
        var matrices: [AdapterFile.Place: AdapterFile.Matrices] = [:]
        for target in targets {
            for layer in 0..<(target == .unembedding ? 1 : model.layerCount) {
                let shape = model.shape(of: target)
                matrices[AdapterFile.Place(layer: layer, target: target)] = AdapterFile.Matrices(
                    a: (0..<rank * shape[1]).map { _ in .random(in: -1...1, using: &generator) },
                    b: (0..<shape[0] * rank).map { _ in .random(in: -1...1, using: &generator) })
            }
        }
        return AdapterFile(
            configuration: AdapterConfiguration(rank: rank, alpha: 4, targets: targets),
            matrices: matrices)
    }

    func read() throws -> AdapterFile {
        try AdapterFile(directory: folder.url.path, model: model)
    }

    /// Writes a whole adapter of two targets, its tensors renamed.
    func write(renaming rename: (String) -> String? = { $0 }) throws {
        try Self.adapter(for: model, targets: [.query, .down]).write(into: folder.url.path)
        let file = try SafetensorsFile(
            path: folder.path("adapter_model.safetensors"), mapped: false)
        var writer = SafetensorsWriter()
        for name in file.names {
            guard let newName = rename(name) else { continue }
            let tensor = try file.tensor(name)
            writer.add(newName, shape: tensor.shape, floats: try tensor.floats())
        }
        try writer.write(to: folder.path("adapter_model.safetensors"))
    }

    func message() -> String {
        #expect(throws: AdapterFileError.self) { try read() }?.description ?? ""
    }

    @Test(arguments: [[AdapterTarget.query], AdapterTarget.block, AdapterTarget.allCases])
    func `what is written is read back`(targets: [AdapterTarget]) throws {
        var adapter = Self.adapter(for: model, rank: 3, targets: targets)
        adapter.configuration.alpha = 4.5
        adapter.baseModelName = "some/model"
        adapter.baseRevision = "abc"
        try adapter.write(into: folder.path("adapter"), metadata: ["step": "7"])
        let back = try AdapterFile(directory: folder.path("adapter"), model: model)
        #expect(back == adapter)
        let weights = try SafetensorsFile(path: folder.path("adapter/adapter_model.safetensors"))
        #expect(weights.metadata == ["format": "pt", "step": "7"])
    }

    @Test func `a place without a pair is left as it is`() throws {
        try write { $0.contains("layers.0.") ? $0 : nil }
        let adapter = try read()
        #expect(adapter.matrices.keys.sorted().map(\.layer) == [0, 0])
        #expect(adapter.configuration.targets == [.query, .down])
    }

    @Test func `four fields are enough, and the strength of rsLoRA is folded into alpha`() throws {
        try write()
        var tree = Self.adapterConfiguration
        tree.set("something_new", to: ["x": [1, 2]])
        try folder.write(tree.text(), to: "adapter_config.json")
        #expect(try read().configuration.scaling == 2)
        tree.set("use_rslora", to: true)
        try folder.write(tree.text(), to: "adapter_config.json")
        #expect(abs(try read().configuration.scaling - 4 / 2.0.squareRoot()) < 1e-12)
        for modules: JSONTree in ["all-linear", ".*_proj", ["self_attn.q_proj", "mlp.down_proj"]] {
            tree.set("target_modules", to: modules)
            try folder.write(tree.text(), to: "adapter_config.json")
            #expect(try read().matrices.count == 4)
        }
    }

    @Test(
        arguments: [
            ("peft_type", nil, "has no peft_type"),
            ("peft_type", "LOHA", "peft_type LOHA is not supported"),
            ("r", nil, "r must be a whole number"),
            ("r", 0, "r must be a whole number"),
            ("r", 2.5, "r must be a whole number"),
            ("r", 1_000_000_000_000, "r must be a whole number"),
            ("r", 3, "has shape [2, "),
            ("lora_alpha", "4", "lora_alpha must be a number"),
            ("lora_alpha", .number("1e999"), "lora_alpha must be a number"),
            ("target_modules", nil, "has no target_modules"),
            ("target_modules", 3, "target_modules must be a list of names"),
            ("target_modules", ["q_proj", 3], "target_modules must be a list of names"),
            ("target_modules", ["q_proj"], "is for a layer not among the target_modules"),
            ("bias", "all", "with bias is not supported"),
            ("fan_in_fan_out", true, "with fan_in_fan_out is not supported"),
            ("use_rslora", "yes", "use_rslora must be true or false"),
            ("use_dora", true, "with use_dora is not supported"),
            ("use_qalora", true, "with use_qalora is not supported"),
            ("lora_bias", true, "with lora_bias is not supported"),
            ("modules_to_save", ["lm_head"], "with modules_to_save is not supported"),
            ("trainable_token_indices", [1], "with trainable_token_indices is not supported"),
            ("target_parameters", ["x"], "with target_parameters is not supported"),
            ("layer_replication", [[0, 1]], "with layer_replication is not supported"),
            ("alora_invocation_tokens", [1], "with alora_invocation_tokens is not supported"),
            ("rank_pattern", ["q_proj": 4], "with rank_pattern is not supported"),
            ("alpha_pattern", ["q_proj": 4], "with alpha_pattern is not supported"),
            ("init_lora_weights", "pissa", "with init_lora_weights pissa is not supported"),
            ("init_lora_weights", "loftq", "with init_lora_weights loftq is not supported"),
        ] as [(String, JSONTree, String)])
    func `a setting that would change the result is refused by name`(
        key: String, value: JSONTree, message: String
    ) throws {
        try write()
        var tree = Self.adapterConfiguration
        tree.set(key, to: value)
        try folder.write(tree.text(), to: "adapter_config.json")
        #expect(self.message().contains(message))
    }

    static let query = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"

    @Test(arguments: [
        (
            String(query.dropFirst("base_model.model.".count)),
            "does not begin with base_model.model."
        ),
        (query.replacing("lora_A", with: "lora_embedding_A"), "is no lora_A or lora_B weight"),
        (query.replacing("lora_A", with: "lora_magnitude_vector"), "is no lora_A or lora_B weight"),
        (query.replacing("layers.0.", with: "layers.2."), "a layer that the model does not have"),
        (query.replacing("q_proj", with: "c_proj"), "a layer that the model does not have"),
        (nil, "lacks its lora_A"),
    ])
    func `a tensor that PEFT would not use is named`(name: String?, message: String) throws {
        try write { $0 == Self.query ? name : $0 }
        #expect(self.message().contains(message))
    }

    @Test func `names with the adapter's own name in between are read too, but not both`() throws {
        try write { $0.replacing(".weight", with: ".default.weight") }
        #expect(try read().matrices.count == 4)
        let path = folder.path("adapter_model.safetensors")
        let file = try SafetensorsFile(path: path, mapped: false)
        var writer = SafetensorsWriter()
        for name in file.names { writer.add(try file.tensor(name)) }
        writer.add(Self.query, shape: [2, 4], floats: [Float](repeating: 0, count: 8))
        try writer.write(to: path)
        #expect(message().contains("is there under two names"))
    }

    @Test func `pairs agree in type, and every number is finite`() throws {
        for (type, floats, message) in [
            (TensorType.bf16, [Float](repeating: 0, count: 8), "are stored in different types"),
            (.f32, [0, 0, .nan, 0, 0, 0, 0, 0], "contains NaN or infinity"),
        ] {
            try write { $0 == Self.query ? nil : $0 }
            let path = folder.path("adapter_model.safetensors")
            let file = try SafetensorsFile(path: path, mapped: false)
            var writer = SafetensorsWriter()
            for name in file.names { writer.add(try file.tensor(name)) }
            writer.add(Self.query, shape: [2, 4], floats: floats, as: type)
            try writer.write(to: path)
            #expect(self.message().contains(message))
        }
    }

    @Test func `missing files are named`() throws {
        #expect(message().contains("adapter_config.json: no such file"))
        try folder.write(Self.adapterConfiguration.text(), to: "adapter_config.json")
        #expect(message().contains("adapter_model.safetensors: no such file"))
        try folder.write("[]", to: "adapter_config.json")
        #expect(message().contains("adapter_config.json is no valid configuration"))
    }

    @Test func `a changed byte of the configuration never crashes`() throws {
        try write()
        let path = folder.path("adapter_config.json")
        let original = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var generator = MutationGenerator(seed: 5)
        var accepted = 0
        for _ in 0..<10_000 {
            var bytes = original
            generator.changeOneByte(of: &bytes)
            guard let tree = try? JSONTree(parsing: bytes, maximumDepth: 16),
                let settings = try? PEFTSettings(tree, path: path)
            else { continue }
            accepted += 1
            #expect(settings.rank > 0 && settings.alpha.isFinite)
        }
        #expect(accepted > 0)
    }
}
