import Foundation
import TestSupport
import Testing
import Transformer

@Suite struct SafetensorsGoldenTests {
    @Test func `every golden file opens and every float in it is finite`() throws {
        let paths = try #require(FileManager.default.enumerator(atPath: Golden.directory.path))
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".safetensors") }
        #expect(!paths.isEmpty)
        for path in paths {
            let file = try SafetensorsFile(path: Golden.url(path).path)
            for name in file.names {
                let tensor = try file.tensor(name)
                #expect(tensor.count == tensor.shape.reduce(1, *))
                switch tensor.dtype {
                case .i32, .i64: #expect(try tensor.integers().count == tensor.count)
                default: #expect(try tensor.floats().allSatisfy(\.isFinite))
                }
            }
        }
    }
}
