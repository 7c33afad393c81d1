import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct TinkerBackendTrainingTests {
    private let place: TinkerPlace

    init() throws { place = try TinkerPlace() }

    @Test(arguments: [Baking.LossKind.tail, .truncated])
    func `a bake through a server is the bake on this machine`(loss: Baking.LossKind) async throws {
        let examples = try await place.examples()
        let configuration = TinkerPlace.configuration(loss)
        let here = try await place.bake(place.local, examples, configuration, to: "here")
        let there = try await place.bake(try place.backend(), examples, configuration, to: "there")
        for (left, right) in zip(there.results, here.results) {
            // Log-probabilities are sent as float32.
            #expect(abs(left.kl - right.kl) < 1e-5)
            #expect(abs(left.loss - right.loss) < 1e-5)
            #expect(left.tokenCount == right.tokenCount)
            let norms = (try #require(left.gradientNorm), try #require(right.gradientNorm))
            #expect(abs(norms.0 - norms.1) < 1e-3 * norms.1)
            // Clipped, so that clipping is compared too.
            #expect(norms.1 > 0.2)
        }
        // Adam divides by the gradient's size, which makes rounding count where that is small.
        #expect(there.adapter.distance(to: here.adapter) < 1e-2)
        #expect(there.adapter.configuration == here.adapter.configuration)
    }

    @Test(arguments: [Baking.LossKind.tail, .truncated])
    func `one target per position gives the same bake, and its cost is told`(
        loss: Baking.LossKind
    ) async throws {
        let examples = try await place.examples().map { example in
            var example = example
            example.rows = example.rows.map { $0.first(4) }
            return example
        }
        let configuration = TinkerPlace.configuration(loss)
        let matrix = try await place.bake(
            try place.backend(), examples, configuration, steps: 2, to: "matrix")
        let probe = TinkerPlace.probe { $0.hasMatrixTargets = .no(reason: "shape [4]") }
        let refusing = try place.backend(probe: probe)
        try await refusing.beginTraining(configuration, from: nil)
        await #expect {
            _ = try await refusing.step(examples, learningRate: 1e-3)
        } throws: {
            guard case BackendError.refused(let what, .some) = $0 else { return false }
            return what.contains("shape [4]")
        }
        #expect(place.notices.warnings.allSatisfy { !$0.contains("4 times") })
        let options = TinkerBackendOptions(server: TinkerPlace.server, allowsSplitTargets: true)
        let split = try await place.bake(
            try place.backend(probe: probe, options: options), examples, configuration, steps: 2,
            to: "split")
        #expect(place.notices.warnings.filter { $0.contains("4 times") }.count == 1)
        for (left, right) in zip(split.results, matrix.results) {
            #expect(abs(left.kl - right.kl) < 1e-6 && abs(left.loss - right.loss) < 1e-6)
        }
        // The gradient is a sum over other data.
        #expect(split.adapter.distance(to: matrix.adapter) < 1e-2)
    }

    @Test func `rows that are shorter than others have cells of no weight`() async throws {
        let backend = try place.backend()
        let example = try #require(try await place.examples().first)
        var short = example
        short.rows[1] = short.rows[1].first(3).filled(to: 20)
        let batch = try TinkerTrainerBatch(
            [short], isSplit: false, context: backend.scoring.context)
        let weights = [
            short.rows.map { TinkerTrainerLoss($0, $0.logprobs.map(Double.init)).tailWeights }
        ]
        let datum = batch.data(weights: weights)[0]
        let start = (short.rendered.studentContext.count - 1) * 20
        #expect(datum.targets[..<start].allSatisfy { $0 == 0 })
        #expect(datum.weights[..<start].allSatisfy { $0 == 0 })
        #expect(datum.targets[start + 20..<start + 23].elementsEqual(short.rows[1].ids[..<3]))
        #expect(datum.weights[start + 23..<start + 40].allSatisfy { $0 == 0 })
        #expect(datum.targets[start + 23..<start + 40].allSatisfy { $0 == 0 })
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        let result = try await backend.step([short], learningRate: 1e-3)
        #expect(result.kl.isFinite && result.tokenCount == short.rows.count)
    }

    @Test func `targets stand where the student predicts each response token`() async throws {
        let backend = try place.backend()
        let rendered = RenderedExample(
            teacherContext: [1, 2, 3, 4, 5], studentContext: [7, 8], responseTokens: [20, 21, 22])
        let rows = rendered.responseTokens.map {
            TopKRow(ids: [$0, 9], logprobs: [-0.5, -2], tailLogMass: -3)
        }
        let batch = try TinkerTrainerBatch(
            [Baking.TrainingExample(rendered: rendered, rows: rows)], isSplit: false,
            context: backend.scoring.context)
        let data = batch.data(weights: [rows.map { _ in [1, 2] }])
        #expect(
            data == [
                TinkerDatum(
                    tokens: [7, 8, 20, 21], targets: [0, 0, 20, 9, 21, 9, 22, 9],
                    weights: [0, 0, 1, 2, 1, 2, 1, 2], columnCount: 2)
            ])
        // However long the prompt is, the student's side stays.
        let single = Baking.TrainingExample(
            rendered: rendered,
            rows: rendered.responseTokens.map {
                TopKRow(ids: [$0], logprobs: [-0.5], tailLogMass: -1)
            })
        let vector = try TinkerTrainerBatch(
            [single], isSplit: true, context: backend.scoring.context)
        #expect(vector.data()[0].columnCount == nil)
        #expect(vector.data()[0].targets == [0, 20, 21, 22])
    }

    /// Ways in which an answer is not that of the data.
    enum Misalignment: CaseIterable, Sendable {
        case oneShort, oneLong, vector, notANumber, above, fewer, more

        func apply(_ result: TinkerPassResult) -> TinkerPassResult {
            var result = result
            switch self {
            case .oneShort: result.logprobs[0].removeLast()
            case .oneLong: result.logprobs[0].append(-1)
            case .vector:
                result.logprobs[0] = Array(result.logprobs[0].prefix(result.logprobs[0].count / 20))
            case .notANumber: result.logprobs[1][result.logprobs[1].count - 1] = .nan
            case .above: result.logprobs[1][result.logprobs[1].count - 1] = 0.5
            case .fewer: result.logprobs.removeLast()
            case .more: result.logprobs.append(result.logprobs[0])
            }
            return result
        }
    }

    @Test(arguments: Misalignment.allCases, [false, true])
    func `an answer of another shape is refused`(
        misalignment: Misalignment, isTraining: Bool
    ) async throws {
        let examples = try await place.examples()
        let backend = try place.backend(
            .init(pass: { $1 == isTraining ? misalignment.apply($0) : $0 }))
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        await #expect {
            _ = try await backend.step(examples, learningRate: 1e-3)
        } throws: {
            guard case TinkerError.misaligned = $0 else { return false }
            return true
        }
        let steps = try await place.engine.stepCount(
            of: try #require(await place.engine.loaded.first))
        if isTraining {
            // A step was taken that nobody wanted; nothing goes on from it.
            #expect(steps == 1)
            await #expect {
                try await backend.saveCheckpoint(to: try place.folder("no"), base: "")
            } throws: {
                guard case TinkerError.streamBroken = $0 else { return false }
                return true
            }
        } else {
            #expect(steps == 0)
            await #expect(throws: TinkerError.self) {
                _ = try await backend.kl(of: examples, adapter: .training(strength: 1))
            }
        }
    }

    @Test func `a new model is the base model, and a comparison makes no other`() async throws {
        let examples = try await place.examples()
        let backend = try place.backend()
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        let base = try await backend.kl(of: examples, adapter: .none)
        #expect(await place.engine.loaded.count == 1)
        let here = try await place.local.kl(of: examples, adapter: .none)
        #expect(abs(base.mean - here.mean) < 1e-5 && base.tokenCount == here.tokenCount)
        _ = try await backend.step(examples, learningRate: 1e-3)
        let again = try await backend.kl(of: examples, adapter: .none)
        #expect(again == base)
        // It was made and unloaded.
        #expect(await place.engine.loaded.count == 1)
        let student = try await backend.kl(of: examples, adapter: .training(strength: 1))
        #expect(student.mean < base.mean)
        await backend.close(.finished)
        #expect(await place.engine.loaded.isEmpty)
    }

    @Test func `divergences are those of the likeliest tokens and the rest`() async throws {
        let examples = try await place.examples()
        let backend = try place.backend()
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        for _ in 0..<6 { _ = try await backend.step(examples, learningRate: 3e-3) }
        let saved = try place.folder("saved")
        try await backend.saveCheckpoint(to: saved, base: "")
        try await backend.fetchAdapter(for: saved)
        await backend.endTraining()
        // A model that was saved stays: there are servers that forget its checkpoints with it.
        let kept = await place.engine.loaded
        #expect(kept.count == 1)
        let choice = AdapterChoice.checkpoint(saved, strength: 1)
        let rendered = examples.map(\.rendered)
        var there: [Int: Divergence] = [:]
        for try await found in backend.divergences(of: rendered, adapter: choice) {
            there[found.index] = found
        }
        var here: [Int: Divergence] = [:]
        for try await found in place.local.divergences(of: rendered, adapter: choice) {
            here[found.index] = found
        }
        #expect(there.count == examples.count)
        for index in examples.indices {
            let left = try #require(there[index])
            let right = try #require(here[index])
            // Merging outcomes never raises a divergence.
            for (rest, full) in zip(left.base + left.baked, right.base + right.baked) {
                #expect(rest <= full + 1e-4)
            }
            // A lower bound as well.
            for (rest, full) in zip(
                left.baseAgrees + left.bakedAgrees, right.baseAgrees + right.bakedAgrees)
            {
                #expect(!rest || full)
            }
        }
        func sum(_ all: [Int: Divergence], _ values: (Divergence) -> [Double]) -> Double {
            all.values.reduce(0) { $0 + values($1).reduce(0, +) }
        }
        #expect(sum(there, \.baked) < sum(there, \.base) / 2)
        #expect(sum(there, \.base) > 0.8 * sum(here, \.base))
        // The base model and the loaded one stay for the next comparison.
        #expect(await place.engine.loaded.count == kept.count + 2)
        await backend.close(.finished)
        #expect(await place.engine.loaded == kept)
    }

    @Test func `a norm that is not told is not needed, one that is told is the bake's`()
        async throws
    {
        let examples = try await place.examples()
        let silent = try place.backend(.init(metrics: { _ in [:] }))
        try await silent.beginTraining(TinkerPlace.configuration(), from: nil)
        #expect(try await silent.step(examples, learningRate: 1e-3).gradientNorm == nil)
        #expect(TinkerTrainer.gradientNorm(in: ["loss:sum": 1]) == nil)
        for name in ["grad_norm", "grad_norm:mean", "skyrl.ai/grad_norm", "gradient_norm"] {
            #expect(TinkerTrainer.gradientNorm(in: [name: 3, "a": 1]) == 3)
        }
    }

    @Test func `what a server cannot be told is refused with the reason`() async throws {
        let backend = try place.backend()
        var configuration = TinkerPlace.configuration()
        configuration.targets = ["q_proj", "v_proj"]
        await #expect {
            try await backend.beginTraining(configuration, from: nil)
        } throws: { "\($0)".contains("add k_proj, o_proj to targets") }
        await #expect(throws: BackendError.self) {
            try await backend.requireBakeable(topK: 20, loss: .full, targets: ["lm_head"])
        }
        try await backend.requireBakeable(topK: 20, loss: .tail, targets: ["lm_head"])
        let adapter = try TinkerAdapter(
            targets: ["gate_proj", "up_proj", "down_proj", "lm_head"], rank: 8, seed: 1)
        #expect(
            adapter
                == TinkerAdapter(
                    rank: 8, seed: 1, trainsUnembedding: true, trainsFeedForward: true,
                    trainsAttention: false))
        configuration = TinkerPlace.configuration()
        try await backend.beginTraining(configuration, from: nil)
        #expect(place.notices.warnings.contains { $0.contains("alpha 4 is not sent") })
        let long = Baking.TrainingExample(
            rendered: RenderedExample(
                teacherContext: [1], studentContext: Array(repeating: 1, count: 2047),
                responseTokens: [1]),
            rows: [TopKRow(ids: [1], logprobs: [-1], tailLogMass: -1)])
        await #expect(
            throws: BackendError.contextTooLong(
                tokens: 2048, limit: 2047, what: "an example without the prompt")
        ) { _ = try await backend.step([long], learningRate: 1) }
    }
}

extension TopKRow {
    /// The likeliest `count`, with the others' mass in the rest.
    func first(_ count: Int) -> TopKRow {
        let outside = logprobs[count...].reduce(exp(Double(tailLogMass))) { $0 + exp(Double($1)) }
        return TopKRow(
            ids: Array(ids[..<count]), logprobs: Array(logprobs[..<count]),
            tailLogMass: Float(log(outside)))
    }

    /// With cells that are none behind.
    func filled(to count: Int) -> TopKRow {
        TopKRow(
            ids: ids + Array(repeating: 0, count: count - ids.count),
            logprobs: logprobs + Array(repeating: -.infinity, count: count - ids.count),
            tailLogMass: tailLogMass)
    }
}
