import Foundation
import Testing

@testable import Transformer

@Suite struct ModelFilesTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func open() throws -> ModelFiles { try ModelFiles(path: folder.url.path) }

    func message() -> String {
        #expect(throws: ModelFilesError.self) { try open() }?.description ?? ""
    }

    @Test func `one file or shards make the same model`() throws {
        let checkpoint = TinyCheckpoint()
        try checkpoint.write(into: folder)
        let single = try open()
        let shardFolder = try TemporaryFolder()
        try checkpoint.writeShards(into: shardFolder) { _ in }
        let sharded = try ModelFiles(path: shardFolder.url.path)
        #expect(sharded.weightFiles == ["a.safetensors", "b.safetensors"])
        #expect(single.configuration == sharded.configuration)
        #expect(single.tensorNames == sharded.tensorNames)
        for name in single.tensorNames {
            #expect(try single.tensor(name).shape == sharded.tensor(name).shape)
        }
    }

    @Test func `a directory that is none, empty or incomplete is described`() throws {
        #expect(throws: ModelFilesError.file(.notFound(path: folder.path("none")))) {
            try ModelFiles(path: folder.path("none"))
        }
        #expect(message().hasSuffix("is empty"))
        try folder.write("x", to: "file")
        #expect(throws: ModelFilesError.file(.notADirectory(path: folder.path("file")))) {
            try ModelFiles(path: folder.path("file"))
        }
        #expect(message().contains("has no config.json"))
        try folder.write(TinyCheckpoint().configuration.text(), to: "config.json")
        #expect(message().contains("has neither model.safetensors nor"))
        try folder.write("x", to: "pytorch_model.bin")
        #expect(message().contains("pytorch_model.bin is of another kind"))
        try folder.write("", to: "model.safetensors")
        #expect(message().contains("model.safetensors has 0 bytes"))
        try folder.write("{", to: "config.json")
        #expect(message().contains("config.json is no valid configuration"))
    }

    @Test func `a missing tensor and one of another shape are named`() throws {
        var checkpoint = TinyCheckpoint()
        checkpoint.missing = ["model.layers.1.mlp.up_proj.weight"]
        try checkpoint.write(into: folder)
        #expect(message().hasSuffix("no tensor model.layers.1.mlp.up_proj.weight"))
        checkpoint = TinyCheckpoint()
        checkpoint.shapes = ["model.embed_tokens.weight": [10, 4]]
        try checkpoint.write(into: folder)
        #expect(
            message().hasSuffix(
                "tensor model.embed_tokens.weight has shape [10, 4], expected [12, 4]"))
        checkpoint = TinyCheckpoint()
        checkpoint.missing = ["lm_head.weight"]
        try checkpoint.write(into: folder)
        #expect(message().hasSuffix("no tensor lm_head.weight"))
    }

    @Test func `weights of integers are refused`() throws {
        var checkpoint = TinyCheckpoint()
        checkpoint.configuration.set("num_hidden_layers", to: 1)
        var writer = SafetensorsWriter()
        for (name, shape) in try checkpoint.model.tensorShapes {
            let count = shape.reduce(1, *)
            writer.add(name, shape: shape, integers: [Int32](repeating: 0, count: count))
        }
        try folder.write(checkpoint.configuration.text(), to: "config.json")
        try writer.write(to: folder.path("model.safetensors"))
        #expect(message().contains("is stored as I32, expected F32, F16 or BF16"))
    }

    @Test func `tied embeddings allow no other unembedding`() throws {
        var checkpoint = TinyCheckpoint()
        checkpoint.configuration.set("tie_word_embeddings", to: true)
        try checkpoint.write(into: folder)
        #expect(try !open().tensorNames.contains("lm_head.weight"))
        checkpoint.shapes = ["lm_head.weight": [12, 4]]
        try checkpoint.write(into: folder)
        #expect(throws: ModelFilesError.untied(path: folder.url.path)) { try open() }

        let original = try SafetensorsFile(path: folder.path("model.safetensors"), mapped: false)
        var writer = SafetensorsWriter()
        for name in original.names where name != "lm_head.weight" {
            writer.add(try original.tensor(name))
        }
        writer.add(
            "lm_head.weight", shape: [12, 4],
            floats: try original.floats("model.embed_tokens.weight"))
        try writer.write(to: folder.path("model.safetensors"))
        #expect(try open().configuration.tied)
    }

    static let norm = "model.norm.weight"

    @Test(arguments: [
        (JSONTree.string("c.safetensors"), "the file c.safetensors is missing"),
        ("../a.safetensors", "../a.safetensors is no name of a file beside it"),
        ("/tmp/a.safetensors", "is no name of a file beside it"),
        (".a.safetensors", "is no name of a file beside it"),
        ("config.json", "is no name of a file beside it"),
        ("b.safetensors", "tensor model.norm.weight is not in b.safetensors"),
        (3, "tensor model.norm.weight has no file name"),
    ])
    func `a wrong place in the index is named`(place: JSONTree, message: String) throws {
        try TinyCheckpoint().writeShards(into: folder) { $0.set(Self.norm, to: place) }
        #expect(self.message().contains(message))
    }

    @Test func `an index lists every tensor once`() throws {
        try TinyCheckpoint().writeShards(into: folder) { map in
            map = .object((map.members ?? []) + [.init(name: Self.norm, value: "a.safetensors")])
        }
        #expect(message().contains("tensor model.norm.weight is listed twice"))
        try TinyCheckpoint().writeShards(into: folder) { $0.set("x", to: "a.safetensors") }
        #expect(message().contains("tensor x is not in a.safetensors"))
        try TinyCheckpoint().writeShards(into: folder) { map in
            map = .object((map.members ?? []).filter { $0.name != Self.norm })
        }
        #expect(message().contains("no tensor model.norm.weight"))
        try folder.write(#"{"weight_map":{}}"#, to: ModelFiles.indexName)
        #expect(message().contains("has no weight_map"))
        try folder.write("[", to: ModelFiles.indexName)
        #expect(message().contains("model.safetensors.index.json: "))
    }

    @Test func `all end tokens of both files count`() throws {
        try TinyCheckpoint().write(into: folder)
        #expect(try open().endTokens == [3])
        try folder.write(#"{"eos_token_id": [7, 1, 3]}"#, to: "generation_config.json")
        #expect(try open().endTokens == [1, 3, 7])
        try folder.write(#"{"eos_token_id": 12}"#, to: "generation_config.json")
        #expect(message().contains("eos_token_id must be token numbers below 12"))
    }

    @Test func `the identity changes with any byte of configuration or weights`() throws {
        try TinyCheckpoint().write(into: folder)
        let first = try open().identity()
        #expect(first.count == 64)
        #expect(try open().identity() == first)
        try folder.write(TinyCheckpoint().configuration.text() + " ", to: "config.json")
        let second = try open().identity()
        let handle = try FileHandle(forWritingTo: folder.url.appending(path: "model.safetensors"))
        try handle.seekToEnd()
        try handle.seek(toOffset: try handle.offset() - 1)
        try handle.write(contentsOf: [0x3F])
        let third = try open().identity()
        #expect(Set([first, second, third]).count == 3)
    }
}
