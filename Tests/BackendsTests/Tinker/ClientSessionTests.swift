import Baking
import Foundation
import Testing
import Transformer

@testable import Backends

/// Sessions, keys and tokens.
@Suite struct ClientSessionTests {
    @Test func `many that begin at once share one session`() async throws {
        let harness = try ClientHarness()
        let client = harness.client
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = try await client.makeSampler(.base("org/base")) }
            }
            try await group.waitForAll()
        }
        #expect(harness.server.calls(to: "create_session").count == 1)
        #expect(harness.server.calls(to: "client/config").count == 1)
        let numbers = harness.server.calls(to: "create_sampling_session").compactMap {
            $0.json["sampling_session_seq_id"] as? Int
        }
        #expect(numbers.sorted() == Array(0..<8))
        #expect(harness.notices.texts == ["welcome"])
    }

    @Test func `nothing is opened before it is needed`() async throws {
        let harness = try ClientHarness()
        #expect(
            try await harness.client.models() == [TinkerModel(name: "base", isTrainable: true)])
        #expect(harness.server.calls(to: "create_session").isEmpty)
        await harness.client.finish(.success)
        #expect(harness.server.calls.allSatisfy { !$0.path.hasPrefix("sessions/") })
    }

    @Test(arguments: [404, 405, 422])
    func `a server without settings has the usual ones`(status: Int) async throws {
        let harness = try ClientHarness { call in
            call.path == "client/config" ? .answer(status) : nil
        }
        let model = try await harness.model()
        _ = try await model.step(ClientHarness.adam()).value
        #expect(harness.server.calls(to: "client/config").count == 1)
    }

    @Test func `a server without a list of models has none`() async throws {
        let harness = try ClientHarness { call in
            call.path == "get_server_capabilities" ? .answer(404) : nil
        }
        #expect(try await harness.client.models().isEmpty)
    }

    @Test func `a failed beginning can be begun again`() async throws {
        let harness = try ClientHarness { call in
            call.path == "create_session" && call.index == 0 ? .answer(403) : nil
        }
        await #expect(throws: TinkerError.self) { try await harness.model() }
        _ = try await harness.model()
        #expect(harness.server.calls(to: "create_session").count == 2)
    }

    @Test func `a heart beats every ten seconds until the end`() async throws {
        let clock = VirtualClock(isManual: true)
        let harness = try ClientHarness(clock: clock) { $0.heartbeatInterval = .seconds(10) }
        _ = try await harness.client.makeSampler(.base("org/base"))
        for beat in 1...3 {
            await clock.sleepers(1)
            #expect(harness.server.calls(to: "session_heartbeat").count == beat - 1)
            clock.advance(by: .seconds(10))
        }
        await clock.sleepers(1)
        let beats = harness.server.calls(to: "session_heartbeat")
        #expect(beats.count == 3)
        #expect(beats.allSatisfy { $0.json["session_id"] as? String == "session1" })
        #expect(clock.sleeps == [.seconds(10), .seconds(10), .seconds(10), .seconds(10)])

        await harness.client.finish(.interrupted)
        let finish = try #require(harness.server.calls(to: "sessions/session1/finish").first)
        #expect((finish.json["reason"] as? [String: Any])?["type"] as? String == "interrupted")
        clock.advance(by: .seconds(100))
        #expect(harness.server.calls(to: "session_heartbeat").count == 3)
        await #expect(throws: TinkerError.self) {
            try await harness.client.makeSampler(.base("org/base"))
        }
    }

    @Test func `a client that is dropped beats no more`() async throws {
        let clock = VirtualClock(isManual: true)
        var harness: ClientHarness? = try ClientHarness(clock: clock) {
            $0.heartbeatInterval = .seconds(10)
        }
        let server = try #require(harness?.server)
        _ = try await harness?.client.makeSampler(.base("org/base"))
        await clock.sleepers(1)
        harness = nil
        clock.advance(by: .seconds(100))
        #expect(server.calls(to: "session_heartbeat").isEmpty)
    }

    @Test func `a heart that is not heard is told after two minutes, once`() async throws {
        let clock = VirtualClock(isManual: true)
        var options = ClientServer.Options()
        options.fault = { call in
            call.path == "session_heartbeat" && call.index < 20
                ? .fails(ClientHarness.absent) : nil
        }
        let harness = try ClientHarness(options, clock: clock) {
            $0.heartbeatInterval = .seconds(10)
        }
        _ = try await harness.client.makeSampler(.base("org/base"))
        var told: Int?
        for beat in 1...21 {
            await clock.sleepers(1)
            clock.advance(by: .seconds(10))
            await clock.sleepers(1)
            if told == nil, harness.notices.texts.contains(where: { $0.contains("heartbeat") }) {
                told = beat
            }
        }
        #expect(told == 13)
        #expect(harness.notices.texts.count { $0.contains("no heartbeat") } == 1)
        #expect(harness.notices.texts.count { $0.contains("again") } == 1)
    }

    @Test func `a session that the server ended gets no more beats`() async throws {
        let clock = VirtualClock(isManual: true)
        var options = ClientServer.Options()
        options.fault = { $0.path == "session_heartbeat" ? .answer(410) : nil }
        let harness = try ClientHarness(options, clock: clock) {
            $0.heartbeatInterval = .seconds(10)
        }
        _ = try await harness.client.makeSampler(.base("org/base"))
        await clock.sleepers(1)
        clock.advance(by: .seconds(10))
        while harness.notices.texts.count < 2 { await Task.yield() }
        clock.advance(by: .seconds(100))
        #expect(harness.server.calls(to: "session_heartbeat").count == 1)
        #expect(harness.notices.texts.last?.contains("ended the session") == true)
    }

    @Test func `a server that cannot finish does not hold us`() async throws {
        let harness = try ClientHarness { call in
            call.path.hasPrefix("sessions/") ? .answer(404) : nil
        }
        _ = try await harness.client.makeSampler(.base("org/base"))
        await harness.client.finish(.success)
        await harness.client.finish(.success)
        #expect(harness.server.calls(to: "sessions/session1/finish").count == 1)
    }

    // MARK: - Tokens

    private static let exchanging: ClientServer.Options = {
        var options = ClientServer.Options()
        options.config = #"{"pjwt_auth_enabled":true}"#
        return options
    }()

    private func key(_ call: ClientServer.Call) -> String {
        call.request.credential?.key.withText { $0 } ?? ""
    }

    @Test func `a key is exchanged once where the server wants that`() async throws {
        let harness = try ClientHarness(Self.exchanging)
        _ = try await harness.client.makeSampler(.base("org/base"))
        #expect(harness.server.calls(to: "auth/token").map(key) == [ClientHarness.key])
        #expect(harness.server.calls(to: "client/config").map(key) == [ClientHarness.key])
        for path in ["create_session", "create_sampling_session"] {
            #expect(harness.server.calls(to: path).map(key).allSatisfy { $0.hasSuffix("number1") })
        }
    }

    @Test func `a token is renewed at half its life`() async throws {
        let clock = VirtualClock(isManual: true)
        let harness = try ClientHarness(Self.exchanging, clock: clock)
        _ = try await harness.client.models()
        clock.advance(by: .seconds(299))
        _ = try await harness.client.models()
        #expect(harness.server.calls(to: "auth/token").count == 1)
        clock.advance(by: .seconds(2))
        _ = try await harness.client.models()
        #expect(harness.server.calls(to: "auth/token").count == 2)
        #expect(
            harness.server.calls(to: "get_server_capabilities").last.map(key)?
                .hasSuffix("number2") == true)
    }

    @Test func `a token that the server refuses is renewed and the call repeated`() async throws {
        var options = Self.exchanging
        options.fault = { call in
            call.path == "optim_step" && call.repetition == 0
                ? .answer(401, headers: ["WWW-Authenticate": #"Bearer error="invalid_token""#])
                : nil
        }
        let harness = try ClientHarness(options)
        let model = try await harness.model()
        _ = try await model.step(ClientHarness.adam()).value
        let calls = harness.server.calls(to: "optim_step")
        #expect(calls.map { key($0).suffix(7) } == ["number1", "number2"])
        #expect(calls[0].headers["X-Idempotency-Key"] == calls[1].headers["X-Idempotency-Key"])
        #expect(calls[0].request.body == calls[1].request.body)
    }

    @Test func `a key that is no good is said to be`() async throws {
        let harness = try ClientHarness { _ in .answer(401, #"{"detail":"no"}"#) }
        await #expect(throws: TinkerError.unauthorized(variable: "TINKER_API_KEY")) {
            try await harness.client.models()
        }
        #expect(harness.server.calls.count == 1)
    }

    @Test(arguments: [
        ("a.b.c", 600.0), ("no token", 600.0), (".eyJpYXQiOjEsImV4cCI6MX0.", 600.0),
        (".eyJpYXQiOjEwMCwiZXhwIjo0MDB9.", 300.0),
        (".eyJpYXQiOjAsImV4cCI6MWUzMDB9.", 2_592_000.0),
    ])
    func `a token's life is read from it`(text: String, seconds: Double) throws {
        let secret = try #require(Secret(text.replacing(" ", with: "-")))
        #expect(TinkerCredential.lifetime(of: secret) == .seconds(seconds))
    }
}
