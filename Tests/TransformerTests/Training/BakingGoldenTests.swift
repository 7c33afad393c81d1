import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct BakingGoldenTests {
    /// Every initial adapter with every loss of the manifest.
    static let cases: [(start: String, kind: LossKind)] = starts.flatMap { start in
        keys("inits", start, "losses").compactMap { name in
            LossKind(rawValue: name).map { (start, $0) }
        }
    }
    static let starts = keys("inits")

    /// What the manifest has at a path; nothing when it cannot be read, which a test notices.
    private static func keys(_ path: String...) -> [String] {
        let manifest = try? GoldenManifest("baking/manifest.json")
        return path.reduce(manifest) { try? $0?[$1] }?.keys ?? []
    }

    private let golden: BakingGolden
    private let decoder: Decoder

    init() throws {
        golden = try BakingGolden()
        decoder = try golden.model.decoder(precision: .stored)
    }

    private func entry(_ start: String, _ kind: LossKind) throws -> GoldenManifest {
        try golden.manifest["inits"][start]["losses"][kind.rawValue]
    }

    private func settings() throws -> AdamW.Settings {
        let optimizer = try golden.manifest["optimiser"]
        let betas = try optimizer["betas"].numbers
        return AdamW.Settings(
            beta1: betas[0], beta2: betas[1], epsilon: try optimizer["eps"].number,
            decay: try optimizer["weight_decay"].number)
    }

    @Test func `every loss of the manifest is known`() throws {
        #expect(!Self.cases.isEmpty)
        for start in try golden.manifest["inits"].keys {
            for name in try golden.manifest["inits"][start]["losses"].keys {
                #expect(LossKind(rawValue: name) != nil)
            }
        }
    }

    @Test(arguments: starts)
    func `student logits are those of the reference`(start: String) throws {
        let adapter = try golden.adapter("baking/\(start)/lora")
        adapter.update(pool: decoder.pool)
        let expected = try SafetensorsFile.golden("baking/\(start)/student")
        for (index, example) in try golden.examples(decoder).enumerated() {
            let hidden = try decoder.hidden([example.input], adapter: AppliedAdapter(adapter))
            let logits = decoder.logits(hidden, adapter: AppliedAdapter(adapter))
            #expect(
                largestDifference(
                    logits.numbers, try expected.floats("ex\(index).student_logits")) < 1e-4)
        }
    }

    @Test(arguments: cases)
    func `losses and gradients are those of the reference`(
        start: String, kind: LossKind
    ) throws {
        let entry = try entry(start, kind)
        let path = "baking/\(start)/\(kind.rawValue)"
        let trainer = AdapterTrainer(
            decoder, try golden.adapter("baking/\(start)/lora"), loss: kind)
        let examples = try golden.examples(decoder)
        let total = examples.reduce(0) { $0 + $1.totalWeight }
        let losses = try trainer.accumulate(examples, totalWeight: total)
        #expect(abs(BakingGolden.mean(losses) - (try entry["value"].number)) < 2e-5)
        let tokens = try SafetensorsFile.golden(path + ".tokens")
        for (index, loss) in losses.enumerated() {
            let expected = try tokens.floats("ex\(index).loss")
            #expect(largestDifference(loss.losses.map { Float($0) }, expected) < 5e-5)
        }
        let gradient = Array(trainer.gradient.numbers)
        let expected = try BakingGolden.numbers(path + ".grad", like: trainer.gradient)
        #expect(relativeDistance(gradient, expected) < 1e-4)
        #expect(largestDifference(gradient, expected) < 1e-5)
        let norm = trainer.update(rate: 0)
        #expect(abs(norm / (try entry["grad_norm"].number) - 1) < 1e-4)
    }

    @Test(arguments: cases)
    func `ten steps lead where the reference goes`(start: String, kind: LossKind) throws {
        let entry = try entry(start, kind)
        guard entry.has("trajectory") else { return }
        let optimizer = try golden.manifest["optimiser"]
        let schedule = LearningRateSchedule(
            rate: try optimizer["lr"].number, stepCount: try optimizer["steps"].integer)
        let trainer = AdapterTrainer(
            decoder, try golden.adapter("baking/\(start)/lora"), loss: kind,
            settings: try settings())
        let examples = try golden.examples(decoder)
        let total = examples.reduce(0) { $0 + $1.totalWeight }
        var trajectory: [Double] = []
        for step in 1...schedule.stepCount {
            let losses = try trainer.accumulate(examples, totalWeight: total)
            trajectory.append(BakingGolden.mean(losses))
            trainer.update(rate: schedule.rate(atStep: step))
        }
        let last = try decoder.losses(examples, kind, adapter: AppliedAdapter(trainer.adapter))
        trajectory.append(BakingGolden.mean(last))
        for (ours, theirs) in zip(trajectory, try entry["trajectory"].numbers) {
            #expect(abs(ours - theirs) < 1e-4)
        }
        let expected = try BakingGolden.numbers(
            "baking/\(start)/\(kind.rawValue).after", like: trainer.adapter.parameters)
        #expect(relativeDistance(Array(trainer.adapter.parameters.numbers), expected) < 1e-3)
    }

    @Test(arguments: keys("accumulation", "losses"))
    func `a batch in pieces is the batch, bit for bit`(name: String) throws {
        let manifest = try golden.manifest["accumulation"]
        let kind = try #require(LossKind(rawValue: name))
        let entry = try manifest["losses"][name]
        let file = try SafetensorsFile.golden("baking/accumulation/weights")
        let weights = try golden.responses.indices.map { try file.floats("ex\($0).weight") }
        let examples = try golden.examples(decoder, weights: weights)
        let total = examples.reduce(0) { $0 + $1.totalWeight }
        let start = "baking/\(try manifest["init"].string)/lora"
        let whole = AdapterTrainer(decoder, try golden.adapter(start), loss: kind)
        let pieces = AdapterTrainer(
            decoder, try golden.adapter(start), loss: kind, settings: try settings())
        let parts = try manifest["micro_batches"].elements.map {
            try $0.numbers.map { examples[Int($0)] }
        }
        func accumulate() throws -> Double {
            BakingGolden.mean(
                try parts.flatMap { try pieces.accumulate($0, totalWeight: total) },
                weights: weights)
        }

        _ = try whole.accumulate(examples, totalWeight: total)
        #expect(abs(try accumulate() - (try entry["value"].number)) < 2e-5)
        let gradient = Array(pieces.gradient.numbers)
        #expect(gradient == Array(whole.gradient.numbers))
        let path = "baking/accumulation/\(name)"
        #expect(
            relativeDistance(
                gradient, try BakingGolden.numbers(path + ".grad", like: pieces.gradient)) < 1e-4)
        pieces.discard()
        let optimizer = try golden.manifest["optimiser"]
        let schedule = LearningRateSchedule(
            rate: try optimizer["lr"].number, stepCount: try optimizer["steps"].integer)
        for (step, expected) in zip(1...schedule.stepCount, try entry["trajectory"].numbers) {
            #expect(abs(try accumulate() - expected) < 1e-4)
            pieces.update(rate: schedule.rate(atStep: step))
        }
        let after = try BakingGolden.numbers(path + ".after", like: pieces.adapter.parameters)
        #expect(relativeDistance(Array(pieces.adapter.parameters.numbers), after) < 1e-3)
    }

    @Test(arguments: keys("full_weight", "runs"))
    func `all weights train as the reference's do`(run: String) throws {
        let manifest = try golden.manifest["full_weight"]
        let optimizer = try manifest["optimiser"]
        let betas = try optimizer["betas"].numbers
        let weights = try BaseWeights(
            golden.model.configuration, pool: decoder.pool, weight: golden.model.weight)
        let trainer = try BaseTrainer(
            try golden.model.decoder(precision: .stored), weights,
            settings: AdamW.Settings(
                beta1: betas[0], beta2: betas[1], epsilon: try optimizer["eps"].number,
                decay: try optimizer["weight_decay"].number, decaysVectors: run == "all"))
        let examples = golden.teacherIDs.map {
            TrainingExample(context: Array($0[..<1]), response: Array($0[1...]))
        }
        let total = try manifest["positions"].number
        let expected = try manifest["runs"][run]["trajectory"].numbers
        for step in 0..<(try optimizer["steps"].integer) {
            // Cut differently each time.
            var losses: [ExampleLoss] = []
            for part in [examples[..<step], examples[step...]] where !part.isEmpty {
                losses += try trainer.accumulate(Array(part), totalWeight: total)
            }
            #expect(abs(BakingGolden.mean(losses) - expected[step]) < 1e-4)
            if step == 0 {
                trainer.gradient.combine()
                let gradient = try BakingGolden.numbers(
                    "baking/full-weight/grad", like: trainer.gradient.parameters, prefix: "")
                let ours = Array(trainer.gradient.parameters.numbers)
                #expect(relativeDistance(ours, gradient) < 1e-4)
                #expect(largestDifference(ours, gradient) < 1e-5)
            }
            try trainer.update(rate: try optimizer["lr"].number)
        }
        let after = try BakingGolden.numbers(
            "baking/full-weight/after-decay-\(run)", like: weights.parameters, prefix: "")
        #expect(relativeDistance(Array(weights.parameters.numbers), after) < 1e-3)
    }
}
