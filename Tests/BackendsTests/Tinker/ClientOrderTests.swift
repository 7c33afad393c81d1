import Baking
import Foundation
import Testing
import Transformer

@testable import Backends

/// A model's requests arrive in the order of the calls, each once.
@Suite struct ClientOrderTests {
    @Test func `a step is sent before the pass before it has its result`() async throws {
        var options = ClientServer.Options()
        options.unreadyCount = 3
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        let pass = await model.pass([ClientHarness.datum(1)], isTraining: true)
        let step = await model.step(ClientHarness.adam(1))
        _ = try await step.value
        _ = try await pass.value
        let paths = harness.server.calls.map(\.path)
        let submitted = try #require(paths.firstIndex(of: "optim_step"))
        let polls = harness.server.calls[..<submitted].count {
            $0.headers["X-Tinker-Request-Type"] == "ForwardBackward"
        }
        // The fourth would have had the result.
        #expect(polls < 4)
        #expect(harness.server.applied("model0").map(\.kind) == ["pass", "step"])
    }

    @Test func `calls of many tasks take numbers without a gap`() async throws {
        let harness = try ClientHarness { call in
            // Some are slow to arrive.
            ["optim_step", "forward_backward"].contains(call.path) && call.repetition == 0
                && call.index % 3 == 1 ? .answer(503) : nil
        }
        let model = try await harness.model()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    if index.isMultiple(of: 2) {
                        _ = try await model.pass([ClientHarness.datum(index)], isTraining: true)
                            .value
                    } else {
                        _ = try await model.step(ClientHarness.adam(index)).value
                    }
                }
            }
            try await group.waitForAll()
        }
        let applied = harness.server.applied("model0")
        #expect(applied.map(\.number) == Array(1...40))
        #expect(Set(applied.map(\.mark)).count == 40)
        // They went out in that order too: the server never had to wait for a number.
        let sent = harness.server.calls.filter {
            ["optim_step", "forward_backward"].contains($0.path)
        }
        let numbers = sent.map { call in
            call.isProtobuf
                ? (try? TinkerProtoForwardBackwardRequest(wire: call.request.body ?? Data()))
                    .map { Int($0.seqID) } ?? 0
                : call.json["seq_id"] as? Int ?? 0
        }
        #expect(numbers == numbers.sorted())
    }

    @Test func `an answer that is lost does not make a step twice`() async throws {
        let harness = try ClientHarness { call in
            ["optim_step", "forward_backward"].contains(call.path) && call.repetition < 2
                ? .loses(ClientHarness.lost) : nil
        }
        let model = try await harness.model()
        for number in 1...3 {
            let pass = await model.pass([ClientHarness.datum(number)], isTraining: true)
            let step = await model.step(ClientHarness.adam(number))
            _ = try await pass.value
            _ = try await step.value
        }
        #expect(
            harness.server.applied("model0").map(\.mark) == [1, 1, 2, 2, 3, 3])
        #expect(harness.server.calls(to: "optim_step").count == 9)
    }

    @Test func `a number that cannot be sent breaks the model`() async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step" ? .answer(422, #"{"detail":"no"}"#) : nil
        }
        let model = try await harness.model()
        let step = await model.step(ClientHarness.adam())
        let pass = await model.pass([ClientHarness.datum(1)], isTraining: true)
        let first = await #expect(throws: TinkerError.self) { try await step.value }
        #expect(first == .failed(what: "an optimiser step", why: "HTTP 422: no"))
        let why = "an optimiser step failed: HTTP 422: no"
        await #expect(throws: TinkerError.streamBroken(why: why)) { try await pass.value }
        await #expect(throws: TinkerError.streamBroken(why: why)) {
            try await model.saveState("a", lifetime: nil).value
        }
        // Nothing was sent after it.
        #expect(harness.server.calls(to: "forward_backward").isEmpty)
        #expect(harness.server.calls(to: "save_weights").isEmpty)
    }

    @Test func `a result that the server lost breaks the model`() async throws {
        let harness = try ClientHarness { call in
            call.headers["X-Tinker-Request-Type"] == "OptimStep" ? .answer(410) : nil
        }
        let model = try await harness.model()
        await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        await #expect(throws: TinkerError.self) {
            try await model.pass([ClientHarness.datum(1)], isTraining: true).value
        }
        #expect(harness.server.calls(to: "forward_backward").isEmpty)
    }

    @Test func `a forward pass that fails breaks nothing`() async throws {
        let harness = try ClientHarness { call in
            call.headers["X-Tinker-Request-Type"] == "Forward" ? .answer(410) : nil
        }
        let model = try await harness.model()
        await #expect(throws: TinkerError.self) {
            try await model.pass([ClientHarness.datum(1)], isTraining: false).value
        }
        _ = try await model.step(ClientHarness.adam(2)).value
        #expect(harness.server.applied("model0").map(\.kind) == ["forward", "step"])
    }

    @Test func `what cannot be sent takes no number`() async throws {
        let harness = try ClientHarness()
        let model = try await harness.model()
        var datum = ClientHarness.datum(1)
        datum.weights[0] = .nan
        await #expect(throws: TinkerError.self) {
            try await model.pass([datum], isTraining: true).value
        }
        var adam = ClientHarness.adam()
        adam.learningRate = .infinity
        await #expect(throws: TinkerError.self) { try await model.step(adam).value }
        for name in ["", "a/b", "ä", String(repeating: "a", count: 256)] {
            await #expect(throws: TinkerError.self) {
                try await model.saveState(name, lifetime: nil).value
            }
        }
        #expect(try await model.pass([], isTraining: true).value.logprobs.isEmpty)
        _ = try await model.step(ClientHarness.adam(4)).value
        #expect(harness.server.applied("model0").map(\.number) == [1])
    }

    @Test func `who is cancelled leaves the order whole`() async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step" && call.repetition < 3 ? .answer(503) : nil
        }
        let model = try await harness.model()
        let step = await model.step(ClientHarness.adam(1))
        let waiting = Task { try await step.value }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        _ = try await model.pass([ClientHarness.datum(9)], isTraining: true).value
        #expect(harness.server.applied("model0").map(\.kind) == ["step", "pass"])
    }

    // MARK: - Chunks

    @Test func `a pass that is too large goes in pieces and comes back as one`() async throws {
        var options = ClientServer.Options()
        options.config = #"{"fwdbwd_max_chunk_len":3}"#
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        let data = (0..<8).map { ClientHarness.datum($0 * 10) }
        let pass = await model.pass(data, isTraining: true)
        let step = await model.step(ClientHarness.adam(1))
        let result = try await pass.value
        _ = try await step.value
        let expected: [[Float]] = data.map { datum in
            datum.targets.map { token in ClientServer.logprob(of: token.index) }
        }
        #expect(result.logprobs == expected)
        #expect(result.metrics["loss:sum"] == 8)
        // 0, 30 and 60, of three, three and two data.
        let mean: Double = (30 * 3 + 60 * 2) / 8
        #expect(result.metrics["mass:mean"] == mean)
        #expect(harness.server.applied("model0").map(\.kind) == ["pass", "pass", "pass", "step"])
    }

    @Test func `pieces have the size that the server wants`() {
        var flags = TinkerFlags()
        flags.chunkByteCount = 100
        // 32 bytes each; the large one goes alone.
        let data = [2, 2, 2, 2, 40, 2].map { ClientHarness.datum(0, count: $0) }
        let chunks = TinkerTrainingClient.chunks(of: data, flags)
        #expect(chunks.map(\.count) == [3, 1, 1, 1])
        #expect(Array(chunks.joined()) == data)
        #expect(TinkerTrainingClient.chunks(of: [], flags).isEmpty)
    }

    @Test func `metrics of pieces are joined as their names say`() {
        let first = TinkerPassResult(
            logprobs: [[-1]],
            metrics: ["a:sum": 1, "a:mean": 1, "a:min": 1, "a:max": 1, "a:hash2": 1, "same": 3])
        let second = TinkerPassResult(
            logprobs: [[-2], [-3], [-4]],
            metrics: ["a:sum": 2, "a:mean": 5, "a:min": 2, "a:max": 2, "a:hash2": 2, "same": 3])
        let merged = TinkerPassResult.merging([first, second])
        #expect(merged.logprobs == [[-1], [-2], [-3], [-4]])
        #expect(
            merged.metrics == ["a:sum": 3, "a:mean": 4, "a:min": 1, "a:max": 2, "same": 3])
    }
}
