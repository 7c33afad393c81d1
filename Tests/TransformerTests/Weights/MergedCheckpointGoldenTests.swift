import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct MergedCheckpointGoldenTests {
    /// The adapters that the reference merged.
    static let merged = AdapterFileGoldenTests.adapters.filter {
        AdapterFileGoldenTests.manifest?["adapters"]?[$0]?["merged_tensors"] != nil
    }

    @Test(arguments: merged)
    func `merged weights are those of the reference`(name: String) throws {
        let folder = try TemporaryFolder()
        let checkpoint = MergedCheckpoint(
            base: try AdapterFileGoldenTests.model(),
            adapter: try AdapterFileGoldenTests.adapter(name))
        let report = try checkpoint.write(to: folder.path("merged"), precision: .fp32)
        #expect(report.updateError == 0)
        let ours = try ModelFiles(path: folder.path("merged"))
        let golden = try ModelFiles(path: Golden.url("peft/merged").path)
        #expect(ours.tensorNames == golden.tensorNames)
        #expect(ours.configuration == golden.configuration)
        for name in golden.tensorNames {
            let tensor = try ours.tensor(name)
            #expect(tensor.dtype == .f32)
            // The tolerance of the reference data; one rounding of values around 1 is 6e-8.
            let pairs = zip(try tensor.floats(), try golden.tensor(name).floats())
            #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-6 })
        }
    }

    @Test(arguments: merged)
    func `rounded once, merged weights are the reference's but for ties`(name: String) throws {
        let folder = try TemporaryFolder()
        let checkpoint = MergedCheckpoint(
            base: try AdapterFileGoldenTests.model(),
            adapter: try AdapterFileGoldenTests.adapter(name))
        let report = try checkpoint.write(to: folder.path("merged"), precision: .bf16)
        #expect(report.updateError > 0 && report.updateError < 0.1)
        let ours = try ModelFiles(path: folder.path("merged"))
        let golden = try SafetensorsFile(
            path: Golden.url("peft/merged-bf16/model.safetensors").path)
        var differing = 0
        var count = 0
        for name in golden.names {
            #expect(try ours.tensor(name).dtype == .bf16)
            for (one, two) in zip(try ours.tensor(name).floats(), try golden.floats(name)) {
                count += 1
                if one != two {
                    differing += 1
                    // Neighbours in BF16: a last bit of single precision beside the middle.
                    #expect(abs(one - two) <= abs(two) * 0x1p-7)
                }
            }
        }
        #expect(differing * 10_000 <= count)
    }
}
