import Baking
import Foundation
import Testing

@testable import Backends

/// How requests go out, and out again.
@Suite struct ClientSubmitTests {
    @Test func `requests carry what servers expect`() async throws {
        let harness = try ClientHarness()
        let model = try await harness.model()
        _ = try await model.pass([ClientHarness.datum(3)], isTraining: true).value
        let call = try #require(harness.server.calls(to: "forward_backward").first)
        #expect(
            call.request.url.absoluteString
                == "http://server.test/prefix/api/v1/forward_backward")
        #expect(call.headers["Content-Type"] == "application/x-protobuf")
        #expect(call.headers["User-Agent"] == "oven/\(EngineVersion.current)")
        #expect(call.headers["X-Idempotency-Key"]?.isEmpty == false)
        #expect(call.request.credential?.header == "X-API-Key")
        #expect(call.request.credential?.scheme == "")
        #expect(call.request.credential?.key.withText { $0 } == ClientHarness.key)
        let poll = try #require(harness.server.calls(to: "retrieve_future").last)
        #expect(poll.headers["Accept"] == "application/x-protobuf, application/json")
        #expect(poll.headers["X-Tinker-Request-Type"] == "ForwardBackward")
        #expect(poll.headers["X-Tinker-Request-Iteration"] == "0")
        #expect(model.base == "org/base/v1")
        #expect(model.tokenizer == "org/base")
        // The key is in no field that could be shown.
        #expect(
            harness.server.calls.allSatisfy { call in
                call.headers.fields.allSatisfy { !$0.value.contains(ClientHarness.key) }
            })
    }

    @Test(arguments: [
        ("https://host/prefix/", "https://host/prefix"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
    ])
    func `an address loses its last stroke`(text: String, base: String) throws {
        #expect(
            try TinkerConfiguration(base: text, key: #require(Secret("k"))).base == base)
    }

    @Test(arguments: [
        "", "host", "ftp://host", "https://user@host", "https://host?x=1", "https://",
    ])
    func `what is no address is refused`(text: String) throws {
        let key = try #require(Secret("k"))
        #expect(throws: TinkerError.self) { try TinkerConfiguration(base: text, key: key) }
    }

    static let faults: [(String, ClientServer.Fault)] = [
        ("no connection", .fails(ClientHarness.absent)),
        ("a lost request", .fails(ClientHarness.lost)),
        ("a lost answer", .loses(ClientHarness.lost)),
        ("no answer", .loses(.timedOut(host: "server.test", waitingFor: "the answer"))),
        ("408", .answer(408)), ("409", .answer(409)), ("429", .answer(429)),
        ("500", .answer(500)), ("503", .answer(503, "<html>")),
        ("an empty 400", .answer(400)),
        ("402", .answer(402, #"{"detail":"no credit"}"#)),
        ("a server that says so", .answer(418, headers: ["x-should-retry": "true"])),
    ]

    @Test(arguments: faults.indices)
    func `what may pass is sent again as it was`(index: Int) async throws {
        let (name, fault) = Self.faults[index]
        let harness = try ClientHarness { call in
            call.path == "optim_step" && call.repetition < 3 ? fault : nil
        }
        let model = try await harness.model()
        let metrics = try await model.step(ClientHarness.adam(7)).value
        #expect(metrics == ["grad_norm:mean": 0.5], "\(name)")
        let calls = harness.server.calls(to: "optim_step")
        #expect(calls.count == 4)
        #expect(Set(calls.map(\.request.body)).count == 1)
        #expect(Set(calls.map { $0.headers["X-Idempotency-Key"] }).count == 1)
        #expect(
            harness.server.applied("model0") == [
                ClientServer.Applied(number: 1, kind: "step", mark: 7)
            ])
    }

    @Test(arguments: [400, 401, 403, 404, 422])
    func `what will not pass is sent once`(status: Int) async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step" ? .answer(status, #"{"detail":"no \#(status)"}"#) : nil
        }
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        if status == 401 {
            #expect(error == .unauthorized(variable: "TINKER_API_KEY"))
        } else {
            #expect(
                error
                    == .failed(what: "an optimiser step", why: "HTTP \(status): no \(status)"))
        }
        #expect(harness.server.calls(to: "optim_step").count == 1)
    }

    @Test func `a server that forbids trying again is obeyed`() async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step"
                ? .answer(503, headers: ["x-should-retry": "false"]) : nil
        }
        let model = try await harness.model()
        await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        #expect(harness.server.calls(to: "optim_step").count == 1)
    }

    @Test func `waits double to half a minute, and end after five`() async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step" ? .answer(503) : nil
        }
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let waits = harness.clock.sleeps.map { $0 / .seconds(1) }
        // Times the jitter of 0.75.
        #expect(waits.prefix(6) == [0.75, 1.5, 3, 6, 12, 22.5])
        #expect(waits.reduce(0, +) <= 300)
        #expect(waits.reduce(0, +) > 240)
    }

    @Test func `a server that asks for time gets it`() async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step" && call.repetition == 0
                ? .answer(429, headers: ["Retry-After": "17"]) : nil
        }
        let model = try await harness.model()
        _ = try await model.step(ClientHarness.adam()).value
        #expect(harness.clock.sleeps == [.seconds(17)])
    }

    @Test func `an unpaid account is waited for as long as the server says`() async throws {
        var options = ClientServer.Options()
        options.config = #"{"billing_exception_max_pause_duration_sec":12}"#
        options.fault = { call in
            call.path == "optim_step" ? .answer(402, #"{"detail":"no credit"}"#) : nil
        }
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        #expect(error == .failed(what: "an optimiser step", why: "HTTP 402: no credit"))
        #expect(harness.clock.sleeps == [.seconds(5), .seconds(5), .seconds(5)])
        #expect(harness.notices.reasons.first?.contains("no credit") == true)
    }

    @Test func `a server that repeats the key does not make us show it`() async throws {
        let harness = try ClientHarness { call in
            call.path == "optim_step"
                ? .answer(422, #"{"detail":"bad key \#(ClientHarness.key)\nnext"}"#) : nil
        }
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.step(ClientHarness.adam()).value
        }
        #expect(error.map { "\($0)".contains(ClientHarness.key) } == false)
        #expect(error.map { "\($0)".contains("\n") } == false)
    }

    @Test func `a note about old ways is shown once`() async throws {
        let harness = try ClientHarness { call in
            call.path == "get_server_capabilities"
                ? .answer(
                    200, #"{"supported_models":[]}"#,
                    headers: ["x-deprecation-note": "update by May"]) : nil
        }
        _ = try await harness.client.models()
        _ = try await harness.client.models()
        #expect(harness.notices.texts == ["update by May"])
    }

    // MARK: - Dialects

    @Test(arguments: [400, 415, 422, 500])
    func `a server that refuses protobuf gets JSON`(status: Int) async throws {
        var options = ClientServer.Options()
        options.readsProtobuf = false
        options.fault = { call in
            call.isProtobuf ? .answer(status, "Internal Server Error") : nil
        }
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        for number in 1...3 {
            let result = try await model.pass(
                [ClientHarness.datum(number)], isTraining: number > 1
            ).value
            #expect(result.logprobs[0][0] == ClientServer.logprob(of: number))
        }
        let forward = harness.server.calls(to: "forward")
        let training = harness.server.calls(to: "forward_backward")
        #expect(forward.count == 1)
        #expect(training.count { $0.isProtobuf } == 1)
        #expect(training.count == 3)
        #expect(harness.server.applied("model0").map(\.number) == [1, 2, 3])
        #expect(harness.notices.texts.count { $0.contains("JSON") } == 1)
    }

    @Test func `a server that has something against the request says so`() async throws {
        var options = ClientServer.Options()
        options.readsJSON = false
        options.fault = { call in
            call.isProtobuf ? .answer(422, #"{"detail":"too long"}"#) : nil
        }
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.pass([ClientHarness.datum(1)], isTraining: true).value
        }
        #expect(error == .failed(what: "a training pass", why: "HTTP 422: too long"))
    }

    @Test func `a busy server keeps its dialect`() async throws {
        let harness = try ClientHarness { call in
            call.isProtobuf && call.repetition < 2 ? .answer(503) : nil
        }
        let model = try await harness.model()
        _ = try await model.pass([ClientHarness.datum(1)], isTraining: true).value
        #expect(harness.server.calls(to: "forward_backward").allSatisfy { $0.isProtobuf })
        #expect(harness.notices.texts.allSatisfy { !$0.contains("JSON") })
    }

    @Test func `a server known to speak protobuf may fail for a while`() async throws {
        let harness = try ClientHarness { call in
            call.path == "forward_backward" && call.index == 1 ? .answer(500) : nil
        }
        let model = try await harness.model()
        for number in 1...2 {
            _ = try await model.pass([ClientHarness.datum(number)], isTraining: true).value
        }
        #expect(harness.server.calls(to: "forward_backward").allSatisfy { $0.isProtobuf })
    }

    @Test func `the setting decides`() async throws {
        for wire in [TinkerConfiguration.Wire.json, .proto] {
            let harness = try ClientHarness { $0.wire = wire }
            let model = try await harness.model()
            _ = try await model.pass([ClientHarness.datum(1)], isTraining: true).value
            let calls = harness.server.calls(to: "forward_backward")
            #expect(calls.map(\.isProtobuf) == [wire == .proto])
            let accept = try #require(harness.server.calls(to: "retrieve_future").last)
                .headers["Accept"]
            #expect(accept?.contains("protobuf") == (wire == .proto))
        }
    }
}
