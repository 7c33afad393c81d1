package import Backends
internal import FlyingFox
internal import FlyingSocks
package import Foundation

/// A server that speaks Tinker's protocol on the loopback interface, with an engine that works behind it.
///
/// It takes nothing on trust: it reads requests with its own code, refuses what a strict server refuses,
/// runs the requests of a model in the order of their numbers and counts what it did, so that a test can
/// say whether anything was done twice. What is allowed but wrong in a client is noted in ``complaints``.
package actor TinkerServer {
    package nonisolated let options: TinkerServerOptions
    /// Where the server is: what goes into `TINKER_BASE_URL`, with a prefix as the service has one.
    package private(set) var url = URL(filePath: "/")

    let engine: any TinkerService
    private let fault: @Sendable (TinkerServerCall) -> TinkerServerFault?
    private var listeners: [HTTPServer] = []
    private var tasks: [Task<Void, any Error>] = []
    private var port: UInt16 = 0

    // MARK: What happened

    /// Things that a client should not do although the server answered.
    package internal(set) var complaints: [String] = []
    /// All requests in order, with their faults.
    package private(set) var calls: [TinkerServerCall] = []
    package internal(set) var heartbeatCount = 0
    /// How sessions ended, as their clients said.
    package internal(set) var endings: [String] = []
    /// What each model did, in order: "3 optim_step".
    package internal(set) var histories: [String: [String]] = [:]
    private var numbers: [String: Int] = [:]
    /// Of each request that can be told from others: its number and how often it came.
    private var seen: [String: (number: Int, attempts: Int)] = [:]

    // MARK: State

    var sessions: [String: Session] = [:]
    var slots: [String: Slot] = [:]
    var samplers: [String: SamplerSlot] = [:]
    var futures: [String: Future] = [:]
    var checkpoints: [String: Saved] = [:]
    /// Of accepted requests by what makes them the same: their body and what was answered.
    var accepted: [String: (body: Data, answer: WireJSON)] = [:]
    var archives: [String: Data] = [:]
    var tokens: Set<String> = []
    var archivePort: UInt16 = 0

    struct Session {
        var isFinished = false
    }

    /// - Parameter fault: What goes wrong with a request, if anything; asked once for each.
    package init(
        engine: any TinkerService, options: TinkerServerOptions = TinkerServerOptions(),
        fault: @escaping @Sendable (TinkerServerCall) -> TinkerServerFault? = { _ in nil }
    ) {
        self.engine = engine
        self.options = options
        self.fault = fault
    }

    // MARK: Listening

    /// Listens on a free port, or on the same as before.
    package func start() async throws {
        port = try await listen(on: port) { [weak self] in await self?.answer($0) ?? .gone }
        archivePort = try await listen(on: archivePort) { [weak self] in
            await self?.answerArchive($0) ?? .gone
        }
        guard let url = URL(string: "http://127.0.0.1:\(port)/services/tinker") else {
            throw TinkerServerRefusal.failed("no address")
        }
        self.url = url
    }

    /// Nothing listens any more; what is stored stays.
    package func stop() async {
        for listener in listeners { await listener.stop() }
        for task in tasks { task.cancel() }
        listeners = []
        tasks = []
    }

    private func listen(
        on port: UInt16, answer: @escaping @Sendable (FlyingFox.HTTPRequest) async -> Reply
    ) async throws -> UInt16 {
        let listener = HTTPServer(
            address: try .inet(ip4: "127.0.0.1", port: port), timeout: 600, logger: .disabled,
            handler: ClosureHTTPHandler { request in await answer(request).response })
        tasks.append(Task { try await listener.run() })
        try await listener.waitUntilListening()
        listeners.append(listener)
        guard case .ip4(_, let port) = await listener.listeningAddress else {
            throw TinkerServerRefusal.failed("no address to listen on")
        }
        return port
    }

    // MARK: Answering

    private func answer(_ request: FlyingFox.HTTPRequest) async -> Reply {
        let prefix = "/services/tinker/api/v1/"
        guard request.path.hasPrefix(prefix) else {
            complain("a request to \(request.path)")
            return Reply(TinkerServerRefusal.missing(request.path))
        }
        let path = String(request.path.dropFirst(prefix.count))
        let body = (try? await request.bodyData) ?? Data()
        let call = note(request, path: path, body: body)
        let fault = fault(call)
        switch fault {
        case .refused: return .closed
        case .status(let status, let after):
            var reply = Reply(status: status, json: ["detail": "a fault of the test"])
            if let after { reply.headers["Retry-After"] = after }
            return reply
        case .empty(let status): return Reply(status: status, body: Data())
        case nil, .lostAnswer, .cutAnswer, .garbage: break
        }
        let reply: Reply
        do throws(TinkerServerRefusal) {
            try checkKey(request, path: path)
            reply = try await answer(request, path: path, body: body)
        } catch {
            reply = Reply(error)
        }
        switch fault {
        case .lostAnswer: return .closed
        case .cutAnswer: return Reply(status: 200, body: nil, ending: .cut)
        case .garbage:
            var garbage = reply
            garbage.body = Data([0x7B, 0xFF, 0x00, 0x08, 0x96])
            return garbage
        default: return reply
        }
    }

    /// Counts a request and looks at its manners.
    private func note(
        _ request: FlyingFox.HTTPRequest, path: String, body: Data
    ) -> TinkerServerCall {
        let parts = path.split(separator: "/", maxSplits: 1)
        let endpoint = (parts.first.map(String.init) ?? "") + (parts.count > 1 ? "/…" : "")
        if (request.headers[HTTPHeader("User-Agent")] ?? "").isEmpty {
            complain("\(path) without a User-Agent")
        }
        if request.headers[.authorization] != nil { complain("\(path) with Authorization") }
        var key = "\(request.method.rawValue) \(path) \(UUID().uuidString)"
        if request.method != .GET {
            if let idempotency = request.headers[HTTPHeader("X-Idempotency-Key")] {
                key = "\(path) \(idempotency)"
            } else {
                complain("\(path) without an X-Idempotency-Key")
            }
        }
        let next = (numbers[endpoint] ?? 0) + 1
        var known = seen[key] ?? (next, 0)
        if known.attempts == 0 { numbers[endpoint] = next }
        known.attempts += 1
        seen[key] = known
        let call = TinkerServerCall(
            endpoint: endpoint, number: known.number, attempt: known.attempts)
        calls.append(call)
        return call
    }

    private func checkKey(
        _ request: FlyingFox.HTTPRequest, path: String
    ) throws(TinkerServerRefusal) {
        guard path != "healthz" else { return }
        let key = request.headers[HTTPHeader("X-API-Key")]
        let isKnown =
            options.exchangesKey && path != "auth/token" && path != "client/config"
            ? tokens.contains(key ?? "") : key == options.key
        guard isKnown else {
            throw TinkerServerRefusal(
                status: 401, detail: key == nil ? "Missing API key" : "Invalid API key")
        }
    }

    /// Tokens that were given for the key are no longer good.
    package func revokeTokens() { tokens = [] }

    func complain(_ text: String) { complaints.append(text) }
}
