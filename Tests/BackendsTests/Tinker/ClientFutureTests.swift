import Baking
import Foundation
import Testing

@testable import Backends

/// How results are waited for.
@Suite struct ClientFutureTests {
    /// A step whose result is asked for with these faults, and then comes.
    private func step(
        _ faults: [ClientServer.Fault], configure: (inout TinkerConfiguration) -> Void = { _ in }
    ) async throws -> (ClientHarness, Result<[String: Double], any Error>) {
        let harness = try ClientHarness(
            fault: { call in
                guard call.path == "retrieve_future",
                    call.headers["X-Tinker-Request-Type"] == "OptimStep",
                    let iteration = call.headers["X-Tinker-Request-Iteration"].flatMap({ Int($0) }),
                    iteration < faults.count
                else { return nil }
                return faults[iteration]
            }, configure: configure)
        let model = try await harness.model()
        let pending = await model.step(ClientHarness.adam(5))
        do {
            return (harness, .success(try await pending.value))
        } catch {
            return (harness, .failure(error))
        }
    }

    static let passing: [(String, [ClientServer.Fault])] = [
        ("try again", [.answer(200, #"{"type":"try_again","queue_state":"active"}"#)]),
        ("408", [.answer(408, #"{"type":"try_again"}"#), .answer(408, #"{"detail":"x"}"#)]),
        ("408 with nothing", [.answer(408)]),
        (
            "a size", [.answer(200, #"{"status":"complete_metadata","response_payload_size":9}"#)]
        ),
        ("400 three times", [.answer(400), .answer(400, "x"), .answer(400)]),
        ("429", [.answer(429)]),
        ("5xx", [.answer(500), .answer(502), .answer(503)]),
        ("no connection", [.fails(ClientHarness.absent), .fails(ClientHarness.lost)]),
        ("a long poll", [.fails(.timedOut(host: "server.test", waitingFor: "the answer"))]),
        ("402", [.answer(402)]),
        ("no JSON", [.answer(200, "<html>"), .answer(200, ""), .answer(200, "[1")]),
    ]

    @Test(arguments: passing.indices)
    func `what is not final is asked for again`(index: Int) async throws {
        let (name, faults) = Self.passing[index]
        let (harness, result) = try await step(faults)
        #expect(try result.get() == ["grad_norm:mean": 0.5], "\(name)")
        #expect(harness.server.calls(to: "optim_step").count == 1)
    }

    @Test func `a failure is final, and says whose`() async throws {
        let (_, result) = try await step([
            .answer(200, #"{"error":"learning_rate must be non-negative","category":"user"}"#)
        ])
        #expect(throws: TinkerError.self) { try result.get() }
        guard case .failure(let error as TinkerError) = result else { return }
        #expect(
            error
                == .failed(
                    what: "an optimiser step",
                    why: "learning_rate must be non-negative (user error)"))
    }

    @Test(arguments: [
        ([ClientServer.Fault](repeating: .answer(400, #"{"detail":"bad"}"#), count: 4), "bad"),
        ([.answer(404, #"{"detail":"gone"}"#)], "gone"),
        ([.answer(403)], "HTTP 403"),
        ([.answer(410)], "no longer has"),
        ([ClientServer.Fault](repeating: .answer(200, "{"), count: 4), "cannot be read"),
        ([.bytes(Data([1, 2]), type: "application/x-protobuf")], "protobuf"),
        (
            [.answer(200, #"{"status":"complete_metadata","response_payload_size":99999999999}"#)],
            "bytes"
        ),
    ])
    func `what is final fails at once`(
        faults: [ClientServer.Fault], part: String
    ) async throws {
        let (_, result) = try await step(faults)
        let error = #expect(throws: TinkerError.self) { try result.get() }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test func `the state of the queue is shown, and its end`() async throws {
        let paused =
            #"{"type":"try_again","queue_state":"paused_capacity","queue_state_reason":"full"}"#
        let (harness, result) = try await step(
            [ClientServer.Fault](repeating: .answer(200, paused), count: 60))
        #expect(throws: Never.self) { try result.get() }
        let reasons = harness.notices.reasons
        #expect(reasons.first == "an optimiser step, queue: paused_capacity (full)")
        // About a minute passes, and every ten seconds it is said again.
        #expect((4...8).contains(reasons.count))
        #expect(harness.notices.all.last == .resumed(service: "tinker"))
        let seconds = harness.notices.all.compactMap {
            if case .waiting(_, _, let seconds) = $0 { seconds } else { nil }
        }
        #expect(seconds == seconds.sorted())
    }

    @Test func `a server that answers in a rush is not asked in a rush`() async throws {
        let (harness, _) = try await step(
            [ClientServer.Fault](repeating: .answer(200, #"{"type":"try_again"}"#), count: 40))
        #expect(harness.clock.now > .seconds(20))
    }

    @Test func `waiting ends when the person wants`() async throws {
        let paused = #"{"type":"try_again","queue_state":"paused_capacity"}"#
        let (harness, result) = try await step(
            [ClientServer.Fault](repeating: .answer(200, paused), count: 100_000)
        ) { $0.resultDeadline = .seconds(90) }
        #expect(throws: TinkerError.self) { try result.get() }
        #expect(harness.clock.now > .seconds(89))
        #expect(harness.clock.now < .seconds(95))
    }

    @Test func `a server that is gone is given up`() async throws {
        let (harness, result) = try await step(
            [ClientServer.Fault](repeating: .fails(ClientHarness.absent), count: 100_000))
        let error = #expect(throws: TinkerError.self) { try result.get() }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(harness.clock.now >= .seconds(900))
        #expect(harness.clock.now < .seconds(960))
    }

    @Test func `large results are fetched after their size`() async throws {
        var options = ClientServer.Options()
        options.announcesSize = true
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        _ = try await model.pass([ClientHarness.datum(2)], isTraining: true).value
        let asks = harness.server.calls(to: "retrieve_future").suffix(2).map {
            $0.json["allow_metadata_only"] as? Bool
        }
        #expect(asks == [true, false])
    }

    @Test func `who is cancelled waits no longer`() async throws {
        let clock = VirtualClock(isManual: true)
        var options = ClientServer.Options()
        options.fault = { call in
            call.headers["X-Tinker-Request-Type"] == "OptimStep"
                ? .answer(200, #"{"type":"try_again"}"#) : nil
        }
        let harness = try ClientHarness(options, clock: clock)
        let model = try await harness.model()
        let waiting = Task { try await model.step(ClientHarness.adam()).value }
        await clock.sleepers(1)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test(arguments: [
        #"{"loss_fn_outputs":[]}"#,
        #"{"loss_fn_outputs":[{"logprobs":{"data":[-1],"shape":[1]}}]}"#,
        #"{"loss_fn_outputs":[{"logprobs":{"data":[-1,-1,-1],"shape":[3]}}]}"#,
        #"{"loss_fn_outputs":[{}]}"#, #"{"loss_fn_outputs":"x"}"#, "{}",
    ])
    func `a result of another shape is not taken`(text: String) async throws {
        let harness = try ClientHarness { call in
            call.headers["X-Tinker-Request-Type"] == "ForwardBackward"
                ? .answer(200, text, headers: ["Content-Type": "application/json"]) : nil
        }
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.pass([ClientHarness.datum(1)], isTraining: true).value
        }
        guard case .misaligned = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // A step on a gradient that nobody knows must not follow.
        let next = await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        guard case .streamBroken = next else {
            Issue.record("\(String(describing: next))")
            return
        }
    }

    @Test func `bytes that are no message are not taken`() async throws {
        let harness = try ClientHarness { call in
            call.headers["X-Tinker-Request-Type"] == "ForwardBackward"
                ? .bytes(Data([0xFF, 0xFF, 1]), type: "application/x-protobuf") : nil
        }
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.pass([ClientHarness.datum(1)], isTraining: true).value
        }
        #expect(error == .misaligned(what: "a training pass", why: "it is not protobuf"))
    }
}
