import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct AdapterGoldenTests {
    static let adapters = Golden.cases(in: "peft", containing: "adapter_config.json")

    @Test(arguments: adapters, [false, true])
    func `logits with a PEFT adapter are those of PEFT`(name: String, isPrecise: Bool) throws {
        let manifest = try GoldenManifest("peft/manifest.json")
        let model = try GoldenModel("models/\(try manifest["base"].string)")
        let decoder = try model.decoder(precision: isPrecise ? .stored : .bfloat16)
        let file = try AdapterFile(
            directory: Golden.url("peft/\(name)").path, model: model.configuration)
        let adapter = Adapter(file, for: model.configuration, pool: decoder.pool)
        #expect(adapter.file().matrices == file.matrices)
        let expected = try SafetensorsFile.golden("peft/\(name).logits")
        let batch = try SafetensorsFile.golden("baking/batch")
        for tensor in expected.names {
            let ids = try batch.tokens(
                tensor.replacing(".logits", with: ".student_ids"))
            let applied = AppliedAdapter(adapter)
            let hidden = try decoder.hidden(
                [DecoderInput(ids, wanted: 0..<ids.count)], adapter: applied)
            let logits = decoder.logits(hidden, adapter: applied)
            #expect(largestDifference(logits.numbers, try expected.floats(tensor)) < 1e-4)
        }
    }
}
