import Baking
import Foundation
import ServiceSupport
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

/// A server on the starter model and clients for it.
final class ServerHarness: Sendable {
    private let clients = Mutex<[TinkerClient]>([])
    let server: TinkerServer
    let engine: TinkerEngine

    init(
        _ options: TinkerServerOptions = TinkerServerOptions(),
        fault: @escaping @Sendable (TinkerServerCall) -> TinkerServerFault? = { _ in nil }
    ) async throws {
        var options = options
        engine = try TinkerEngine(directory: LocalBackendTests.starter, base: options.model)
        options.vocabularySize = await engine.vocabularySize
        server = TinkerServer(engine: LocalTinkerService(engine), options: options, fault: fault)
        try await server.start()
    }

    /// Ends all clients and the server.
    func stop() async {
        for client in clients.withLock(\.self) { await client.finish(.interrupted) }
        await server.stop()
    }

    /// A client whose waits are short.
    ///
    /// - Parameter heartbeats: How often it says that it lives; nil for never, so that only what it
    ///   waits for moves its time.
    func client(
        wire: TinkerConfiguration.Wire = .auto, heartbeats: Duration? = nil,
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) async throws -> TinkerClient {
        var configuration = try TinkerConfiguration(
            base: await server.url.absoluteString,
            key: try #require(Secret(server.options.key)), wire: wire)
        configuration.heartbeatInterval = heartbeats
        let client = TinkerClient(
            configuration: configuration,
            caller: HTTPCaller(transport: HTTPClient(), clock: QuickClock()), notify: notify)
        clients.withLock { $0.append(client) }
        return client
    }

    /// Requests without a client's manners.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: Data? = nil,
        type: String = "application/json", key: String? = "tml-loopback"
    ) async throws -> HTTPAnswer {
        let url = await server.url.appending(path: "api/v1/" + path)
        var headers: HTTPHeaders = [
            "User-Agent": "test", "X-Idempotency-Key": UUID().uuidString, "Content-Type": type,
        ]
        if let key { headers.add("X-API-Key", key) }
        let request = HTTPRequest(method, url, headers: headers, body: body)
        return try await HTTPClient().send(request).collected(limit: 1 << 20)
    }

    func post(_ path: String, _ body: WireJSON) async throws -> (status: Int, body: WireJSON) {
        let answer = try await send(.post, path, try body.data)
        return (answer.status, try JSONDecoder().decode(WireJSON.self, from: answer.body))
    }

    /// The result of an accepted request.
    func result(_ answer: WireJSON) async throws -> WireJSON {
        let id = try #require(answer["request_id"])
        while true {
            let poll = try await post("retrieve_future", ["request_id": id])
            if poll.body["type"]?.string != "try_again" { return poll.body }
        }
    }

    /// A session with a model; their ids.
    func model() async throws -> (session: WireJSON, model: WireJSON) {
        let opened = try await post(
            "create_session", ["tags": [], "user_metadata": [:], "sdk_version": "0.38.0"])
        let session = try #require(opened.body["session_id"])
        let made = try await post(
            "create_model",
            [
                "session_id": session, "model_seq_id": 0,
                "base_model": .string(server.options.model),
                "lora_config": ["rank": 4, "seed": 1],
            ])
        return (session, try #require(try await result(made.body)["model_id"]))
    }
}
