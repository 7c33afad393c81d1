import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct ModelFilesGoldenTests {
    @Test(arguments: Golden.cases(in: "models", containing: "config.json"))
    func `a golden checkpoint opens whole`(name: String) throws {
        let files = try ModelFiles(path: Golden.url("models/\(name)").path)
        #expect(files.tensorNames.count == files.configuration.tensorShapes.count)
        #expect(!files.endTokens.isEmpty && files.endTokens == files.endTokens.sorted())
        for name in files.tensorNames {
            #expect(try files.tensor(name).floats().allSatisfy(\.isFinite))
        }
    }
}
