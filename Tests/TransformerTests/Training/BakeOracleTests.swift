import Foundation
import TestSupport
import Testing

@testable import Transformer

/// Facts that hold for any bake, on the golden model.
@Suite struct BakeOracleTests {
    private let golden: BakingGolden
    private let decoder: Decoder

    init() throws {
        golden = try BakingGolden()
        decoder = try golden.model.decoder(precision: .bfloat16)
    }

    private func newAdapter(seed: UInt64 = 1) -> Adapter {
        let adapter = Adapter(golden.configuration, for: golden.model.configuration)
        adapter.initialize(seed: seed)
        adapter.update(pool: decoder.pool)
        return adapter
    }

    @Test func `a new adapter is PEFT's, and the base model to the last bit`() throws {
        let adapter = newAdapter()
        let again = newAdapter()
        #expect(Array(adapter.parameters.numbers) == Array(again.parameters.numbers))
        #expect(Array(adapter.parameters.numbers) != Array(newAdapter(seed: 2).parameters.numbers))
        for entry in adapter.parameters.entries {
            let numbers = adapter.parameters[entry.name]
            if entry.name.hasSuffix("lora_B.weight") {
                #expect(numbers.allSatisfy { $0 == 0 })
            } else {
                let bound = 1 / Float(entry.shape[1]).squareRoot()
                let largest = numbers.map(abs).max() ?? 0
                #expect(largest <= bound && largest > 0.95 * bound)
            }
        }
        let ids = golden.studentIDs[0]
        let base = try decoder.hidden([DecoderInput(ids)])
        let student = try decoder.hidden([DecoderInput(ids)], adapter: AppliedAdapter(adapter))
        #expect(base.numbers == student.numbers)
        let random = try golden.adapter("baking/b-random/lora")
        random.update(pool: decoder.pool)
        let without = try decoder.hidden(
            [DecoderInput(ids)], adapter: AppliedAdapter(random, strength: 0))
        #expect(base.numbers == without.numbers)
        let with = try decoder.hidden([DecoderInput(ids)], adapter: AppliedAdapter(random))
        #expect(base.numbers != with.numbers)
    }

    @Test func `strength scales what an adapter adds`() throws {
        let adapter = try golden.adapter("baking/b-random/lora")
        adapter.update(pool: decoder.pool)
        let twice = adapter.snapshot(pool: decoder.pool)
        for entry in twice.parameters.entries where entry.name.hasSuffix("lora_B.weight") {
            let numbers = twice.parameters[entry.name]
            for index in numbers.indices { numbers[index] *= 2 }
        }
        twice.update(pool: decoder.pool)
        let ids = golden.studentIDs[1]
        let strong = try decoder.hidden(
            [DecoderInput(ids)], adapter: AppliedAdapter(adapter, strength: 2))
        let doubled = try decoder.hidden([DecoderInput(ids)], adapter: AppliedAdapter(twice))
        #expect(largestDifference(strong.numbers, doubled.numbers) < 1e-4)
    }

    @Test func `without a prompt there is nothing to learn`() throws {
        let examples = try golden.responses.indices.map { index in
            let context = Array(golden.studentIDs[index].dropLast(golden.responses[index].count))
            let scored = ScoredResponse(context: context, response: golden.responses[index])
            let states = try decoder.responseStates([scored])[0]
            return TrainingExample(
                context: context, response: golden.responses[index],
                topKRows: decoder.topKRows(states, topK: 20), teacherHidden: states)
        }
        for kind in [LossKind.tail, .full] {
            let trainer = AdapterTrainer(decoder, newAdapter(), loss: kind)
            let losses = try trainer.accumulate(examples, totalWeight: 70)
            #expect(abs(BakingGolden.mean(losses)) < 1e-6)
            #expect(trainer.update(rate: 0) < 1e-5)
        }
    }

    @Test func `one example alone is learnt to the end`() throws {
        let example = try golden.examples(decoder)[0]
        let trainer = AdapterTrainer(decoder, newAdapter(), loss: .full)
        var losses: [Double] = []
        for step in 1...150 {
            losses.append(
                BakingGolden.mean(
                    try trainer.accumulate([example], totalWeight: example.totalWeight)))
            trainer.update(
                rate: LearningRateSchedule(rate: 1e-2, stepCount: 150).rate(atStep: step),
                maximumNorm: 1)
        }
        #expect((losses.last ?? 1) < 0.01 * losses[0])
    }

    @Test func `the order of examples and what stands beside them change nothing`() throws {
        let examples = try golden.examples(decoder)
        let start = try golden.adapter("baking/b-random/lora")
        func gradient(_ examples: [TrainingExample]) throws -> ([Float], Double) {
            let trainer = AdapterTrainer(decoder, start, loss: .tail)
            let losses = try trainer.accumulate(examples, totalWeight: 70)
            return (Array(trainer.gradient.numbers), BakingGolden.mean(losses))
        }
        let forward = try gradient(examples)
        let backward = try gradient(examples.reversed())
        #expect(relativeDistance(forward.0, backward.0) < 1e-5)
        #expect(abs(forward.1 - backward.1) < 1e-12)
        // Threads change nothing at all.
        let alone = AdapterTrainer(
            try golden.model.decoder(precision: .bfloat16, threads: 1), start, loss: .tail)
        _ = try alone.accumulate(examples, totalWeight: 70)
        #expect(Array(alone.gradient.numbers) == forward.0)
    }

    @Test func `a step lowers the loss it was taken for, and clipping only shortens it`() throws {
        let examples = try golden.examples(decoder)
        let trainer = AdapterTrainer(
            decoder, try golden.adapter("baking/b-random/lora"), loss: .tail)
        let before = BakingGolden.mean(try trainer.accumulate(examples, totalWeight: 70))
        let norm = trainer.update(rate: 1e-3, maximumNorm: 0.5)
        let moments = Array(trainer.optimizer.firstMoments.numbers)
        let length = moments.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(norm > 0.5 && abs(length - 0.1 * 0.5) < 1e-5)
        let after = BakingGolden.mean(
            try decoder.losses(examples, .tail, adapter: AppliedAdapter(trainer.adapter)))
        #expect(after < before)
    }

    @Test func `a bake killed and resumed ends with the same bytes`() throws {
        let examples = try golden.examples(decoder)
        let schedule = LearningRateSchedule(rate: 1e-3, stepCount: 6)
        func run(_ trainer: AdapterTrainer, _ steps: ClosedRange<Int>) throws {
            for step in steps {
                _ = try trainer.accumulate(examples, totalWeight: 70)
                trainer.update(rate: schedule.rate(atStep: step), maximumNorm: 1)
            }
        }
        let whole = AdapterTrainer(decoder, newAdapter(), loss: .tail)
        try run(whole, 1...6)
        let first = AdapterTrainer(decoder, newAdapter(), loss: .tail)
        try run(first, 1...2)
        // Cancelled in the middle of the third step.
        struct Stop: Error {}
        var layers = 0
        #expect(throws: Stop.self) {
            try first.accumulate(examples, totalWeight: 70) {
                layers += 1
                if layers == 4 { throw Stop() }
            }
        }
        let adapter = first.adapter.snapshot(pool: decoder.pool)
        let second = AdapterTrainer(
            try golden.model.decoder(precision: .bfloat16, threads: 1), adapter, loss: .tail)
        second.optimizer.firstMoments.copy(from: first.optimizer.firstMoments)
        second.optimizer.secondMoments.copy(from: first.optimizer.secondMoments)
        second.optimizer.resume(stepCount: first.optimizer.stepCount)
        try run(second, 3...6)
        #expect(Array(whole.adapter.parameters.numbers) == Array(adapter.parameters.numbers))
        first.discard()
        try run(first, 3...6)
        #expect(Array(whole.adapter.parameters.numbers) == Array(first.adapter.parameters.numbers))
    }

    @Test func `scores are the same however the prompt was computed`() throws {
        let count = golden.responses[3].count
        let teacher = golden.teacherIDs[3]
        let prompt = try decoder.prefill([Array(teacher[..<20])])[0]
        let live = ScoredResponse(
            context: Array(teacher.dropLast(count)), response: golden.responses[3])
        let cached = ScoredResponse(
            after: prompt, context: Array(teacher[20...].dropLast(count)),
            response: golden.responses[3])
        let states = try decoder.responseStates([live, cached])
        #expect(states[0].numbers == states[1].numbers)
        #expect(prompt.count == 20)
        let rows = decoder.topKRows(states[0], topK: 20)
        #expect(largestDifference(rows.logprobs, golden.topKRows[3].logprobs) < 1e-4)
        #expect(largestDifference(rows.tailLogMasses, golden.topKRows[3].tailLogMasses) < 1e-4)
        let logprobs = try decoder.logprobs(of: golden.responses[3], states[0])
        let all = logSoftmax(
            decoder.logits(states[0]).numbers,
            columnCount: decoder.configuration.vocabularySize)
        for (row, token) in golden.responses[3].enumerated() {
            let expected = all[row * decoder.configuration.vocabularySize + token.index]
            #expect(abs(logprobs[row] - expected) < 1e-5)
        }
    }

    @Test func `divergences agree with the loss over all tokens`() throws {
        let examples = try golden.examples(decoder)
        let adapter = try golden.adapter("baking/b-random/lora")
        adapter.update(pool: decoder.pool)
        let losses = try decoder.losses(examples, .full, adapter: AppliedAdapter(adapter))
        for (example, loss) in zip(examples, losses) {
            let scored = ScoredResponse(context: example.context, response: example.response)
            let teacher = try #require(example.teacherHidden)
            let student = try decoder.responseStates(
                [scored], adapter: AppliedAdapter(adapter))[0]
            let base = try decoder.responseStates([scored])[0]
            let results = decoder.divergences(
                teacher: teacher,
                students: [(student, AppliedAdapter(adapter)), (base, nil), (teacher, nil)])
            for (ours, theirs) in zip(results[0].kls, loss.losses) {
                #expect(abs(ours - theirs) < 1e-6)
            }
            #expect(results[1].kls != results[0].kls)
            #expect(results[2].kls.allSatisfy { $0 == 0 } && results[2].agrees.allSatisfy { $0 })
        }
    }
}
