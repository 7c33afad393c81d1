import Foundation

@testable import Transformer

/// A checkpoint of a few hundred numbers, to be damaged.
struct TinyCheckpoint {
    var configuration: JSONTree = [
        "model_type": "llama", "vocab_size": 12, "hidden_size": 4, "intermediate_size": 6,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
        "tie_word_embeddings": false, "torch_dtype": "float32", "eos_token_id": 3,
    ]
    /// Tensors that are left out.
    var missing: Set<String> = []
    /// Tensors of other shapes than the model's, or that it does not have.
    var shapes: [String: [Int]] = [:]
    var type = TensorType.f32

    var model: ModelConfiguration {
        get throws { try ModelConfiguration(configuration, path: "config.json") }
    }

    func write(into folder: TemporaryFolder) throws {
        try folder.write(configuration.text(), to: "config.json")
        try writer(where: { _ in true }).write(to: folder.path("model.safetensors"))
    }

    /// Writes the tensors of even layers and of odd ones, the rest with the even, into two shards.
    func writeShards(into folder: TemporaryFolder, map change: (inout JSONTree) -> Void) throws {
        try folder.write(configuration.text(), to: "config.json")
        let isSecond = { (name: String) in name.contains("layers.1.") }
        var map: JSONTree = [:]
        for (shard, isIncluded) in [
            ("a.safetensors", { !isSecond($0) }), ("b.safetensors", isSecond),
        ] {
            let writer = try writer(where: isIncluded)
            try writer.write(to: folder.path(shard))
            for name in writer.names { map.set(name, to: .string(shard)) }
        }
        change(&map)
        try folder.write(
            JSONTree.object([.init(name: "weight_map", value: map)]).text(),
            to: "model.safetensors.index.json")
    }

    private func writer(where isIncluded: (String) -> Bool) throws -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        var all: [String: [Int]] = [:]
        for (name, shape) in try model.tensorShapes { all[name] = shape }
        all.merge(shapes) { _, new in new }
        var generator = MutationGenerator(seed: 3)
        for (name, shape) in all.sorted(by: { $0.key < $1.key }) {
            let floats = (0..<shape.reduce(1, *)).map { _ in
                Float.random(in: -1...1, using: &generator)
            }
            guard !missing.contains(name), isIncluded(name) else { continue }
            writer.add(name, shape: shape, floats: floats, as: type)
        }
        return writer
    }
}
