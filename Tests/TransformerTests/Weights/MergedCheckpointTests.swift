import Foundation
import Testing

@testable import Transformer

@Suite struct MergedCheckpointTests {
    let baseFolder: TemporaryFolder
    let folder: TemporaryFolder

    init() throws {
        baseFolder = try TemporaryFolder()
        folder = try TemporaryFolder()
        for (name, text) in ["tokenizer.json": "{}", "LICENSE": "free", "README.md": "x"] {
            try baseFolder.write(text, to: name)
        }
    }

    func checkpoint(
        _ tiny: TinyCheckpoint = TinyCheckpoint(), targets: [AdapterTarget] = AdapterTarget.block
    ) throws -> MergedCheckpoint {
        try tiny.write(into: baseFolder)
        let base = try ModelFiles(path: baseFolder.url.path)
        return MergedCheckpoint(
            base: base,
            adapter: AdapterFileTests.adapter(for: base.configuration, targets: targets))
    }

    @Test(arguments: AdapterTarget.allCases)
    func `every element is W + scaling · B · A`(target: AdapterTarget) throws {
        let checkpoint = try checkpoint(targets: [target])
        let report = try checkpoint.write(to: folder.path("merged"))
        #expect(
            report.files == ["LICENSE", "config.json", "model.safetensors", "tokenizer.json"])
        let merged = try ModelFiles(path: folder.path("merged"))
        for name in merged.tensorNames {
            let before = try checkpoint.base.tensor(name).floats()
            let after = try merged.tensor(name).floats()
            let place = checkpoint.adapter.matrices.first { place, _ in
                place.target.moduleName(layer: place.layer) + ".weight" == name
            }
            guard let pair = place?.value else {
                #expect(before == after)
                continue
            }
            let shape = try merged.tensor(name).shape
            for row in 0..<shape[0] {
                for column in 0..<shape[1] {
                    let product = (0..<2).reduce(0.0) {
                        $0 + Double(pair.b[row * 2 + $1]) * Double(pair.a[$1 * shape[1] + column])
                    }
                    let index = row * shape[1] + column
                    #expect(abs(Double(before[index]) + 2 * product - Double(after[index])) < 1e-6)
                }
            }
        }
    }

    @Test(arguments: [
        (MergedCheckpoint.Precision.base, TensorType.f16, "bfloat16"), (.bf16, .bf16, "bfloat16"),
        (.fp32, .f32, "float32"),
    ])
    func `the weights have the type that is asked for, and the configuration says so`(
        precision: MergedCheckpoint.Precision, type: TensorType, name: String
    ) throws {
        for key in ["torch_dtype", "dtype"] {
            var tiny = TinyCheckpoint(type: .f16)
            tiny.configuration = .object(
                (tiny.configuration.members ?? []).filter { $0.name != "torch_dtype" })
            tiny.configuration.set(key, to: "bfloat16")
            let path = folder.path(key)
            _ = try checkpoint(tiny).write(to: path, precision: precision)
            let merged = try ModelFiles(path: path)
            for name in merged.tensorNames { #expect(try merged.tensor(name).dtype == type) }
            let tree = try JSONTree(path: path + "/config.json", maximumDepth: 4)
            #expect(tree[key]?.string == name)
            #expect(tree.members?.count == tiny.configuration.members?.count)
        }
    }

    @Test func `weights beyond the limit are split into shards with an index`() throws {
        let checkpoint = try checkpoint()
        let whole = try checkpoint.write(to: folder.path("whole"))
        #expect(whole.files.contains("model.safetensors"))
        _ = try checkpoint.write(to: folder.path("split"), shardByteLimit: 200)
        let single = try ModelFiles(path: folder.path("whole"))
        let split = try ModelFiles(path: folder.path("split"))
        #expect(split.weightFiles.count > 2)
        #expect(split.weightFiles[0].hasPrefix("model-00001-of-000"))
        #expect(single.tensorNames == split.tensorNames)
        var byteCount = 0
        for name in single.tensorNames {
            #expect(try single.tensor(name).floats() == split.tensor(name).floats())
            byteCount += try single.tensor(name).bytes.count
        }
        for name in split.weightFiles {
            let file = try SafetensorsFile(path: folder.path("split/\(name)"))
            let size = try file.names.reduce(0) { try $0 + file.tensor($1).bytes.count }
            #expect(size <= 200 || file.names.count == 1)
        }
        let index = try JSONTree(
            path: folder.path("split/model.safetensors.index.json"), maximumDepth: 3)
        #expect(index["metadata"]?["total_size"]?.integer == byteCount)
    }

    @Test func `an unembedding that is adapted leaves the embedding it was tied to`() throws {
        var tiny = TinyCheckpoint()
        tiny.configuration.set("tie_word_embeddings", to: true)
        _ = try checkpoint(tiny, targets: [.query]).write(to: folder.path("tied"))
        let tied = try ModelFiles(path: folder.path("tied"))
        #expect(tied.configuration.tied && !tied.tensorNames.contains("lm_head.weight"))
        let checkpoint = try checkpoint(tiny, targets: [.unembedding])
        _ = try checkpoint.write(to: folder.path("untied"))
        let untied = try ModelFiles(path: folder.path("untied"))
        #expect(!untied.configuration.tied)
        let embedding = try untied.tensor("model.embed_tokens.weight").floats()
        #expect(try embedding == checkpoint.base.tensor("model.embed_tokens.weight").floats())
        #expect(try embedding != untied.tensor("lm_head.weight").floats())
    }

    @Test func `a directory that is there already stays as it is`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("merged"), withIntermediateDirectories: false)
        try folder.write("x", to: "merged/mine")
        let error = #expect(throws: ModelFilesError.self) {
            try checkpoint().write(to: folder.path("merged"))
        }
        #expect(error?.description.contains("it is there already") == true)
        #expect(try folder.names == ["merged"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("merged")) == ["mine"])
    }
}
