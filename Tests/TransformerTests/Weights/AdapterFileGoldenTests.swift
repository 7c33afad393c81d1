import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct AdapterFileGoldenTests {
    static let adapters = Golden.cases(in: "peft", containing: "adapter_config.json")
    static let manifest = try? JSONTree(
        path: Golden.url("peft/manifest.json").path, maximumDepth: 16)

    static func model() throws -> ModelFiles {
        let base = try #require(manifest?["base"]?.string)
        return try ModelFiles(path: Golden.url("models/\(base)").path)
    }

    static func adapter(_ name: String) throws -> AdapterFile {
        try AdapterFile(
            directory: Golden.url("peft/\(name)").path, model: model().configuration)
    }

    @Test(arguments: adapters)
    func `a golden adapter has the settings of its manifest`(name: String) throws {
        let facts = try #require(Self.manifest?["adapters"]?[name])
        let adapter = try Self.adapter(name)
        #expect(adapter.configuration.rank == facts["rank"]?.integer)
        #expect(adapter.configuration.scaling == facts["scaling"]?.double)
        let targets = facts["targets"]?.elements?.compactMap(\.string)
        #expect(adapter.configuration.targets.map(\.rawValue) == targets)
        let layerCount = try Self.model().configuration.layerCount
        #expect(adapter.matrices.count == layerCount * adapter.configuration.targets.count)
    }

    @Test(arguments: adapters)
    func `a golden adapter is written as PEFT wrote it`(name: String) throws {
        let folder = try TemporaryFolder()
        let adapter = try Self.adapter(name)
        try adapter.write(into: folder.url.path)
        let golden = Golden.url("peft/\(name)")
        let fields = try JSONTree(
            path: golden.appending(path: "adapter_config.json").path, maximumDepth: 16)
        let written = try JSONTree(path: folder.path("adapter_config.json"), maximumDepth: 16)
        let isStabilized = fields["use_rslora"] == true
        for member in written.members ?? [] {
            if isStabilized && ["use_rslora", "lora_alpha"].contains(member.name) { continue }
            #expect(member.value == fields[member.name], "\(member.name)")
        }
        #expect(written["use_rslora"] == false)

        let weights = "adapter_model.safetensors"
        let original = try SafetensorsFile(path: golden.appending(path: weights).path)
        let copy = try SafetensorsFile(path: folder.path(weights))
        #expect(copy.names == original.names && copy.metadata == original.metadata)
        for name in original.names {
            #expect(try copy.tensor(name).shape == original.tensor(name).shape)
            #expect(try copy.floats(name) == original.floats(name))
        }
        let isSingle = try original.names.allSatisfy { try original.tensor($0).dtype == .f32 }
        if isSingle {
            #expect(
                try Data(contentsOf: golden.appending(path: weights))
                    == Data(contentsOf: folder.url.appending(path: weights)))
        }
    }
}
