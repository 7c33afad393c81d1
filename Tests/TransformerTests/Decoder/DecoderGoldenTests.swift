import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct DecoderGoldenTests {
    static let models = Golden.cases(in: "models", containing: "manifest.json")

    private struct Sequence {
        let ids: [TokenID]
        let logits: [Float]
        let greedy: [TokenID]
        let top: [Int32]
        let topLogprobs: [Float]
    }

    private func sequences(_ model: String) throws -> [Sequence] {
        let manifest = try GoldenManifest("models/\(model)/manifest.json")
        let expected = try SafetensorsFile.golden("models/\(model)/expected")
        return try manifest["sequences"].elements.map { sequence in
            let name = "seq\(try sequence["index"].integer)"
            return Sequence(
                ids: try expected.tokens(name + ".ids"),
                logits: try expected.floats(name + ".logits"),
                greedy: try expected.tokens(name + ".greedy"),
                top: try expected.integers(name + ".top20_id"),
                topLogprobs: try expected.floats(name + ".top20_logprob"))
        }
    }

    /// The README's limit for logits: qwen2 has larger numbers than the others.
    private func limit(_ golden: GoldenModel) -> Double {
        golden.configuration.family == .qwen2 ? 2e-4 : 1e-4
    }

    @Test(arguments: models)
    func `precise logits are those of the reference`(model: String) throws {
        let golden = try GoldenModel("models/\(model)")
        try checkLogits(golden, model, precision: .stored)
    }

    @Test(arguments: models)
    func `logits of bfloat16 files are those of the reference`(model: String) throws {
        let golden = try GoldenModel("models/\(model)")
        if golden.isStoredAsBFloat16 { try checkLogits(golden, model, precision: .bfloat16) }
    }

    private func checkLogits(
        _ golden: GoldenModel, _ model: String, precision: WeightPrecision
    ) throws {
        let decoder = try golden.decoder(precision: precision)
        let sequences = try sequences(model)
        let hidden = try decoder.hidden(
            sequences.map { DecoderInput($0.ids, wanted: 0..<$0.ids.count) })
        var row = 0
        for sequence in sequences {
            let logits = decoder.logits(hidden, rows: row..<row + sequence.ids.count)
            row += sequence.ids.count
            #expect(largestDifference(logits.numbers, sequence.logits) < limit(golden))
            let rows = TopKRows(of: logits, topK: 20, pool: decoder.pool)
            #expect(largestDifference(rows.logprobs, sequence.topLogprobs) < limit(golden))
            for (index, id) in sequence.top.enumerated() where rows.ids[index].rawValue != id {
                // Neighbours that are closer than the noise may change places.
                let gaps = [index - 1, index + 1].filter { $0 >= 0 && $0 < sequence.top.count }
                    .map { abs(sequence.topLogprobs[index] - sequence.topLogprobs[$0]) }
                #expect((gaps.min() ?? 1) < 1e-3)
            }
        }
    }

    @Test(arguments: models)
    func `greedy continuations are those of the reference`(model: String) throws {
        let golden = try GoldenModel("models/\(model)")
        let decoder = try golden.decoder(precision: .stored)
        for sequence in try sequences(model) {
            let cache = decoder.makeCache()
            var next = sequence.ids
            var tokens: [TokenID] = []
            for _ in sequence.greedy {
                let hidden = try decoder.hidden([DecoderInput(next, cache: cache)])
                next = [TopKRows(of: decoder.logits(hidden), topK: 1, pool: decoder.pool).ids[0]]
                tokens += next
            }
            #expect(tokens == sequence.greedy)
        }
    }

    @Test(arguments: models, KernelTier.kinds)
    func `rounding to bfloat16 stays near the reference`(model: String, tier: KernelTier) throws {
        let golden = try GoldenModel("models/\(model)")
        let decoder = try golden.decoder(precision: .bfloat16, tier: tier)
        var divergences: [Double] = []
        var agreeing = 0
        for sequence in try sequences(model) {
            let hidden = try decoder.hidden([
                DecoderInput(sequence.ids, wanted: 0..<sequence.ids.count)
            ])
            let size = golden.configuration.vocabularySize
            let ours = logSoftmax(decoder.logits(hidden).numbers, columnCount: size)
            let theirs = logSoftmax(sequence.logits, columnCount: size)
            for start in stride(from: 0, to: ours.count, by: size) {
                let range = start..<start + size
                divergences.append(
                    range.reduce(0) { $0 + exp(theirs[$1]) * (theirs[$1] - ours[$1]) })
                let best = { (row: [Double]) in range.max { row[$0] < row[$1] } }
                agreeing += best(ours) == best(theirs) ? 1 : 0
            }
        }
        #expect(divergences.reduce(0, +) / Double(divergences.count) <= 5e-3)
        #expect(Double(agreeing) / Double(divergences.count) >= 0.9)
    }

    @Test(arguments: models)
    func `the first layer computes what the reference does`(model: String) throws {
        let golden = try GoldenModel("models/\(model)")
        let manifest = try GoldenManifest("models/\(model)/manifest.json")
        let trace = try SafetensorsFile.golden("models/\(model)/activations")
        let name = "seq\(try manifest["trace_sequence"].integer)"
        let ids = try SafetensorsFile.golden("models/\(model)/expected").tokens(name + ".ids")
        let decoder = try golden.decoder(precision: .stored)
        let activations = decoder.makeActivations()
        let final = try decoder.forward(
            [DecoderInput(ids, wanted: 0..<ids.count)], adapter: nil, saving: activations,
            check: {})
        let first = activations.layer(0)
        let second = activations.layer(1)
        func expect(_ name: String, _ numbers: [Float]) throws {
            guard trace.names.contains(name) else { return }
            let difference = largestDifference(numbers, try trace.floats(name))
            #expect(difference < 1e-4, "\(name)")
        }
        try expect("embed", first.input.numbers)
        try expect("l0.input_norm", first.normed.numbers)
        try expect("l0.after_attn", first.middle.numbers)
        try expect("l0.post_attn_norm", first.middleNormed.numbers)
        try expect("l0.out", second.input.numbers)
        try expect("final_norm", final.numbers)
    }
}
