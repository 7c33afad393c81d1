import Baking
import Foundation
import ServiceSupport
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct TinkerBackendScoringTests {
    private let place: TinkerPlace

    init() throws { place = try TinkerPlace() }

    private func rows(
        _ backend: TinkerBackend, _ examples: [RenderedExample], topK: Int = 20
    ) async throws -> [[TopKRow]] {
        var found = [[TopKRow]?](repeating: nil, count: examples.count)
        for try await target in backend.targets(for: examples, topK: topK) {
            found[target.index] = target.rows
        }
        return try found.map { try #require($0) }
    }

    @Test func `the teacher's rows are those of the same model here`() async throws {
        let examples = try await place.examples()
        let found = try await rows(try place.backend(), examples.map(\.rendered))
        for (example, rows) in zip(examples, found) {
            #expect(rows.count == example.rows.count)
            for (left, right) in zip(rows, example.rows) {
                #expect(left.ids == right.ids && left.logprobs == right.logprobs)
                // Not measured but what float32 leaves.
                let mass = abs(exp(Double(left.tailLogMass)) - exp(Double(right.tailLogMass)))
                #expect(mass < 2e-6)
            }
        }
    }

    @Test(.timeLimit(.minutes(15)))
    func `requests for scores are many at once, never more than asked for`() async throws {
        let flight = Mutex((now: 0, most: 0))
        let backend = try place.backend(
            .init(
                before: { name in
                    if name == "sample" {
                        flight.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        // None is answered before as many as may are on their way.
                        while flight.withLock({ $0.most }) < 3 { try await Task.sleep(for: .zero) }
                    }
                },
                after: { name in if name == "sample" { flight.withLock { $0.now -= 1 } } }),
            options: TinkerBackendOptions(server: TinkerPlace.server, concurrency: 3))
        let examples = try await place.examples().map(\.rendered)
        _ = try await rows(backend, examples + examples + examples)
        #expect(flight.withLock { $0.most } == 3)
        #expect(flight.withLock { $0.now } == 0)
    }

    /// Changes of an answer after which it says the same.
    enum Dialect: CaseIterable, Sendable {
        case withoutLeadingNone, withPromptToken, withoutLogprobs, all

        func apply(_ sample: TinkerSample) -> TinkerSample {
            var sample = sample
            switch self {
            case .withoutLeadingNone:
                if sample.logprobs.first == .some(nil) {
                    sample.logprobs.removeFirst()
                    sample.topK.removeFirst()
                }
            case .withPromptToken:
                sample.topK = sample.topK.map { row in
                    row.map { $0 + [.init(token: 4000, logprob: -60)] }
                }
            case .withoutLogprobs: sample.logprobs = []
            case .all: break
            }
            return sample
        }
    }

    @Test(arguments: Dialect.allCases)
    func `answers are aligned from their end`(dialect: Dialect) async throws {
        let examples = Array(try await place.examples().prefix(1))
        let backend = try place.backend(.init(sample: dialect.apply))
        let found = try await rows(backend, examples.map(\.rendered))
        #expect(found[0].map(\.ids) == examples[0].rows.map(\.ids))
    }

    /// Changes of an answer after which it is about something else.
    enum Fault: CaseIterable, Sendable {
        case shifted, tooMany, tooFew, hole, unsorted, stranger, twice, notANumber, heavy, empty

        func apply(_ sample: TinkerSample) -> TinkerSample {
            var sample = sample
            let last = sample.topK.count - 1
            func change(_ change: (inout [TinkerSample.Candidate]) -> Void) {
                var row = sample.topK[last] ?? []
                change(&row)
                sample.topK[last] = row
            }
            switch self {
            case .shifted:
                sample.topK.insert(sample.topK[last], at: last)
                sample.topK.removeFirst()
            case .tooMany:
                let missing = 2000 - sample.topK.count
                sample.topK += Array(repeating: sample.topK[last], count: missing)
            case .tooFew: sample.topK = Array(sample.topK.suffix(2))
            case .hole: sample.topK[last] = nil
            case .unsorted: change { $0.swapAt(0, 5) }
            case .stranger: change { $0[3].token = 4096 }
            case .twice: change { $0[3].token = $0[2].token }
            case .notANumber: change { $0[3].logprob = .nan }
            case .heavy: change { row in row.indices.forEach { row[$0].logprob = -0.5 } }
            case .empty: change { $0 = [] }
            }
            return sample
        }
    }

    @Test(arguments: Fault.allCases)
    func `an answer that is not about the response is refused`(fault: Fault) async throws {
        let examples = Array(try await place.examples().prefix(1))
        let backend = try place.backend(.init(sample: fault.apply))
        await #expect {
            _ = try await rows(backend, examples.map(\.rendered))
        } throws: {
            guard case TinkerError.misaligned = $0 else { return false }
            return true
        }
    }

    @Test func `a row with fewer tokens is filled up and trains like it is`() async throws {
        let examples = Array(try await place.examples().prefix(1))
        let backend = try place.backend(
            .init(sample: { sample in
                var sample = sample
                sample.topK = sample.topK.map { $0.map { Array($0.prefix(5)) } }
                return sample
            }))
        let found = try await rows(backend, examples.map(\.rendered))[0]
        #expect(
            found.allSatisfy {
                $0.ids.count == 20 && $0.logprobs[5...].allSatisfy { $0 == -.infinity }
            })
        #expect(found.allSatisfy { $0.tailLogMass > -.infinity || $0.logprobs[0] > -1e-3 })
        let batch = try TinkerTrainerBatch(
            [Baking.TrainingExample(rendered: examples[0].rendered, rows: found)], isSplit: false,
            context: backend.scoring.context)
        #expect(batch.columnCount == 5)
    }

    @Test func `a server without likeliest tokens is refused, or teaches the response's own`()
        async throws
    {
        let examples = Array(try await place.examples().prefix(1))
        let probe = TinkerPlace.probe { $0.hasTopK = .no(reason: "null came") }
        let refusing = try place.backend(probe: probe)
        await #expect {
            _ = try await rows(refusing, examples.map(\.rendered))
        } throws: { "\($0)".contains("null came") }
        await #expect(throws: BackendError.self) {
            try await refusing.requireBakeable(topK: 20, loss: .tail, targets: ["lm_head"])
        }
        let backend = try place.backend(
            probe: probe,
            options: TinkerBackendOptions(
                server: TinkerPlace.server, allowsResponseTokenRows: true))
        let found = try await rows(backend, examples.map(\.rendered))[0]
        #expect(place.notices.warnings.contains { $0.contains("response's own tokens") })
        #expect(found.map(\.ids[0]) == examples[0].rendered.responseTokens)
        for (row, full) in zip(found, examples[0].rows) {
            #expect(row.ids.count == 20 && row.isCell(0) && !row.isCell(1))
            guard let index = full.ids.firstIndex(of: row.ids[0]) else { continue }
            #expect(abs(row.logprobs[0] - full.logprobs[index]) < 1e-5)
        }
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        let example = Baking.TrainingExample(rendered: examples[0].rendered, rows: found)
        let first = try await backend.step([example], learningRate: 3e-3)
        for _ in 0..<5 { _ = try await backend.step([example], learningRate: 3e-3) }
        #expect(
            try await backend.kl(of: [example], adapter: .training(strength: 1)).mean < first.kl)
    }

    @Test func `an example longer than the model reads is refused with the numbers`() async throws {
        let example = RenderedExample(
            teacherContext: Array(repeating: 1, count: 2047), studentContext: [1],
            responseTokens: [1])
        let backend = try place.backend()
        await #expect(
            throws: BackendError.contextTooLong(
                tokens: 2048, limit: 2047, what: "an example with the prompt")
        ) { _ = try await rows(backend, [example]) }
    }
}
