import Baking
import Foundation
import Testing
import Transformer

@testable import Backends

/// Sampling and scoring.
@Suite struct ClientSampleTests {
    private let request = TinkerSampleRequest(
        tokens: [1, 2], maximumTokenCount: 1, temperature: 1, scoresTokens: true, topK: 2)

    @Test func `a sample comes with its scores`() async throws {
        let harness = try ClientHarness()
        let sampler = try await harness.client.makeSampler(.base("org/base"))
        let sample = try await sampler.sample(request)
        #expect(sample.tokens == [5])
        #expect(sample.logprobs == [nil, -1])
        #expect(sample.topK[1]?.map(\.token) == [5, 6])
        _ = try await sampler.sample(request)
        let calls = harness.server.calls(to: "asample")
        #expect(calls.map { $0.json["seq_id"] as? Int } == [0, 1])
        #expect(calls.allSatisfy { $0.headers["X-Tinker-Sampling-Backpressure"] == "1" })
    }

    @Test func `a server that has too much is left alone for a while`() async throws {
        let harness = try ClientHarness { call in
            call.path == "asample" && call.repetition < 3 ? .answer(429) : nil
        }
        let sampler = try await harness.client.makeSampler(.base("org/base"))
        _ = try await sampler.sample(request)
        #expect(harness.clock.sleeps == [.seconds(1), .seconds(1), .seconds(1)])
        let calls = harness.server.calls(to: "asample")
        #expect(calls.count == 4)
        #expect(Set(calls.map(\.request.body)).count == 1)
        #expect(harness.notices.all.last == .resumed(service: "tinker"))
    }

    @Test func `only a few go on when the server has too much`() async throws {
        let clock = VirtualClock(isManual: true)
        let gate = TinkerGate(clock: clock)
        for _ in 0..<11 { try await gate.enter() }
        await gate.leave(isTooMuch: true)
        let next = Task { try await gate.enter() }
        let cancelled = Task { try await gate.enter() }
        for _ in 0..<100 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await gate.leave()
        try await next.value
        clock.advance(by: .seconds(11))
        for _ in 0..<100 { try await gate.enter() }
    }

    @Test func `a sample that is lost is asked for again`() async throws {
        let harness = try ClientHarness { call in
            call.headers["X-Tinker-Request-Type"] == "Sample" && call.index < 2
                ? .answer(410) : nil
        }
        let sampler = try await harness.client.makeSampler(.base("org/base"))
        _ = try await sampler.sample(request)
        #expect(
            harness.server.calls(to: "asample").map { $0.json["seq_id"] as? Int } == [0, 1, 2])
    }

    @Test func `a server that scores all or nothing is asked for all`() async throws {
        let harness = try ClientHarness { call in
            call.path == "asample" && call.json["prompt_logprobs_last_n"] != nil
                ? .answer(422, #"{"detail":"extra field"}"#) : nil
        }
        let sampler = try await harness.client.makeSampler(.base("org/base"))
        var request = request
        request.lastScored = 1
        for _ in 0..<2 { _ = try await sampler.sample(request) }
        let wishes = harness.server.calls(to: "asample").map {
            $0.json["prompt_logprobs_last_n"] as? Int
        }
        #expect(wishes == [1, nil, nil])
    }

    @Test func `an answer for another text is not taken`() async throws {
        let harness = try ClientHarness()
        let sampler = try await harness.client.makeSampler(.base("org/base"))
        var request = request
        request.tokens = [1]
        let error = await #expect(throws: TinkerError.self) {
            try await sampler.sample(request)
        }
        guard case .misaligned = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a model in training can be sampled from`() async throws {
        let harness = try ClientHarness()
        let model = try await harness.model()
        let sampler = try await model.sampler().value
        #expect(sampler.id == "ephemeral")
        let save = try #require(harness.server.calls(to: "save_weights_for_sampler").first)
        #expect(save.json["path"] == nil)
        #expect(save.json["sampling_session_seq_id"] as? Int == 0)
        #expect(save.json["seq_id"] as? Int == 1)
    }

    @Test func `a server that only saves under names is sampled from by name`() async throws {
        let harness = try ClientHarness { call in
            call.headers["X-Tinker-Request-Type"] == "SaveWeightsForSampler"
                ? .answer(200, #"{"path":"tinker://model0/x"}"#) : nil
        }
        let model = try await harness.model()
        #expect(try await model.sampler().value.id == "sampler1")
        #expect(
            harness.server.calls(to: "create_sampling_session").first?.json["model_path"] as? String
                == "tinker://model0/x")
    }
}
