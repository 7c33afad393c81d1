import Foundation
import TestSupport
import Testing
import Transformer

@Suite struct ModelConfigurationGoldenTests {
    @Test(arguments: Golden.cases(in: "models", containing: "config.json"))
    func `a golden configuration names every tensor of its checkpoint`(name: String) throws {
        let folder = Golden.url("models/\(name)")
        let model = try ModelConfiguration(path: folder.appending(path: "config.json").path)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
            .map { try SafetensorsFile(path: folder.appending(path: $0).path) }
        let names = files.flatMap(\.names)
        #expect(Set(names) == Set(model.tensorShapes.map(\.name)))
        for (name, shape) in model.tensorShapes {
            let file = try #require(files.first { $0.names.contains(name) })
            #expect(try file.tensor(name).shape == shape)
        }
    }
}
