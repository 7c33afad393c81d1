import Baking
import Foundation

/// One request to a server.
struct TinkerCall: Sendable {
    var method: HTTPRequest.Method = .post
    /// Below `/api/v1/`; escaped.
    var path: String
    var query = ""
    var body: Data?
    var contentType = TinkerWire.json
    var accept = TinkerWire.json
    var headers = HTTPHeaders()
    var timeouts = HTTPTimeouts(
        connect: .seconds(5), firstByte: .seconds(60), idle: .seconds(60), total: nil)
    /// Whether the call itself finds out how to call.
    var isHandshake = false
    /// The same on every attempt.
    let idempotencyKey = UUID().uuidString.lowercased()

    init(_ path: String, body: Data? = nil) {
        self.path = path
        self.body = body
    }

    init(_ method: HTTPRequest.Method, _ path: String, query: String = "") {
        self.method = method
        self.path = path
        self.query = query
    }

    /// `text`, from a server or a file, as one part of a path, or with `/` as several.
    ///
    /// - Throws: ``TinkerError`` for what would lead elsewhere.
    static func escaped(_ text: String) throws(TinkerError) -> String {
        let allowed = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~:")
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let escaped = parts.compactMap { part in
            part.isEmpty || part == "." || part == ".."
                ? nil : part.addingPercentEncoding(withAllowedCharacters: allowed)
        }
        guard escaped.count == parts.count, text.utf8.count <= 1024 else {
            throw .failed(what: "a request", why: "\(text.prefix(80)) cannot be part of an address")
        }
        return escaped.joined(separator: "/")
    }
}

/// A call that came to nothing, before it is told to a person.
struct TinkerRefusal: Error {
    var failure: HTTPFailure
    /// Whether an earlier attempt may have reached the server.
    var isUncertain: Bool

    var status: Int? {
        if case .status(let answer) = failure { answer.status } else { nil }
    }
}

/// A server as one client sees it: its address, what it wants to be sent, and what its failures mean.
struct TinkerConnection: Sendable {
    let configuration: TinkerConfiguration
    let caller: HTTPCaller
    let waiting: TinkerWaiting
    let gate: TinkerGate
    private let credential: TinkerCredential
    private let flagsOnce = TinkerOnce<TinkerFlags>()

    init(
        configuration: TinkerConfiguration, caller: HTTPCaller,
        notify: @escaping @Sendable (ServiceNotice) -> Void
    ) {
        self.configuration = configuration
        self.caller = caller
        waiting = TinkerWaiting(
            service: configuration.service, clock: caller.clock, notify: notify)
        gate = TinkerGate(clock: caller.clock)
        credential = TinkerCredential(key: configuration.key, clock: caller.clock)
    }

    var clock: any ServiceClock { caller.clock }

    // MARK: - Once

    /// What the server wants; asked for once.
    func flags() async throws -> TinkerFlags {
        try await flagsOnce.value {
            var call = TinkerCall("client/config", body: try body(TinkerWire.ClientConfig()))
            call.isHandshake = true
            do {
                let answer = try await attempt(call, what: "asking for the server's settings")
                return TinkerFlags(
                    try TinkerWire.answer(TinkerWire.ClientConfigAnswer.self, from: answer.body))
            } catch let refusal as TinkerRefusal {
                // Old servers have no settings.
                guard let status = refusal.status, [400, 404, 405, 422, 501].contains(status)
                else { throw await error(refusal, what: "asking for the server's settings") }
                return TinkerFlags()
            } catch let error as TinkerWireError {
                throw TinkerError.misaligned(what: "client/config", why: error.why)
            }
        }
    }

    /// The answer to a call that is sent once, whatever it is.
    func once(
        _ call: TinkerCall, limit: Int = 16 << 20
    ) async throws -> HTTPAnswer {
        guard !call.isHandshake, try await flags().exchangesKey else {
            return try await send(call, configuration.key, limit: limit)
        }
        let (token, number) = try await credential.token(with: exchanged)
        let answer = try await send(call, token, limit: limit)
        guard answer.status == 401,
            answer.headers["www-authenticate"]?.contains("invalid_token") == true
        else { return answer }
        let (newer, _) = try await credential.renew(after: number, with: exchanged)
        return try await send(call, newer, limit: limit)
    }

    private func exchanged() async throws -> Secret {
        let what = "exchanging the key"
        var call = TinkerCall("auth/token", body: try body(TinkerWire.Empty()))
        call.isHandshake = true
        do {
            let answer = try await attempt(call, what: what)
            let token = try TinkerWire.answer(TinkerWire.TokenAnswer.self, from: answer.body)
            guard let secret = Secret(token.jwt) else { throw TinkerWireError("it is empty") }
            return secret
        } catch let refusal as TinkerRefusal {
            throw await error(refusal, what: what)
        } catch let error as TinkerWireError {
            throw TinkerError.misaligned(what: what, why: error.why)
        }
    }

    private func send(_ call: TinkerCall, _ key: Secret, limit: Int) async throws -> HTTPAnswer {
        let query = call.query.isEmpty ? "" : "?\(call.query)"
        guard let url = URL(string: "\(configuration.base)/api/v1/\(call.path)\(query)") else {
            throw HTTPError.invalidRequest("\(call.path) cannot be part of an address")
        }
        var headers = call.headers
        headers["User-Agent"] = "\(configuration.product)/\(EngineVersion.current)"
        headers["Accept"] = call.accept
        if call.body != nil { headers["Content-Type"] = call.contentType }
        if call.method != .get { headers["X-Idempotency-Key"] = call.idempotencyKey }
        var request = HTTPRequest(
            call.method, url, headers: headers, body: call.body,
            credential: HTTPRequest.Credential(header: "X-API-Key", key: key),
            timeouts: call.timeouts)
        // Time for the body to go out: 50 kB a second at least.
        request.timeouts.firstByte += .seconds((call.body?.count ?? 0) / 50_000)
        let answer = try await caller.transport.send(request).collected(limit: limit)
        if let note = answer.headers["x-deprecation-note"] {
            await waiting.note(await shown(note))
        }
        return answer
    }

    // MARK: - Until it is final

    /// Submits, and what else may be sent again as it is.
    var policy: RetryPolicy {
        RetryPolicy(
            statuses: Set([408, 409, 429] + Array(500..<600)), longestRetryAfter: .seconds(60),
            total: configuration.longestRetry)
    }

    /// Sends a call until it succeeds or the failure is final.
    ///
    /// - Throws: ``TinkerRefusal``, ``TinkerError`` or `CancellationError`.
    func attempt(
        _ call: TinkerCall, what: String, policy: RetryPolicy? = nil,
        isObedient: Bool = true, limit: Int = 16 << 20
    ) async throws -> HTTPAnswer {
        let policy = policy ?? self.policy
        let start = clock.now
        let ticket = await waiting.ticket()
        var pause = TinkerBillingPause()
        var failures = 0
        var emptyRefusals = 0
        var isUncertain = false
        while true {
            try Task.checkCancellation()
            let failure: HTTPFailure
            do {
                let answer = try await once(call, limit: limit)
                if answer.isSuccess {
                    await waiting.goesOn(ticket)
                    return answer
                }
                failure = .status(answer)
            } catch let error as HTTPError {
                failure = .transport(error)
            }
            if case .status(let answer) = failure {
                if answer.status == 402, !call.isHandshake,
                    try await pause.waits(after: answer, on: self, ticket: ticket)
                {
                    continue
                }
                // An empty refusal comes from something in between.
                if answer.status == 400, answer.body.isEmpty, emptyRefusals < 3 {
                    emptyRefusals += 1
                    try await clock.sleep(for: policy.firstWait)
                    continue
                }
            }
            failures += 1
            let wait = policy.obeying(failure, isObedient: isObedient).wait(
                after: failure, failures: failures, elapsed: clock.now - start,
                date: clock.date, random: caller.random())
            guard let wait else {
                await waiting.goesOn(ticket)
                throw TinkerRefusal(failure: failure, isUncertain: isUncertain)
            }
            switch failure {
            case .transport(.cannotConnect): break
            case .transport: isUncertain = true
            case .status(let answer): isUncertain = isUncertain || answer.status >= 500
            }
            await waiting.waits(
                ticket, for: "\(what): \(await describe(failure))", since: start)
            try await clock.sleep(for: wait)
        }
    }

    /// A call whose failures are told to a person, and its answer.
    func call<Answer: Decodable>(
        _ type: Answer.Type, _ call: TinkerCall, what: String
    ) async throws -> Answer {
        do {
            let answer = try await attempt(call, what: what)
            return try TinkerWire.answer(type, from: answer.body)
        } catch let refusal as TinkerRefusal {
            throw await error(refusal, what: what)
        } catch let error as TinkerWireError {
            throw TinkerError.misaligned(what: what, why: error.why)
        }
    }

    // MARK: - Words

    func body(_ request: some Encodable) throws(TinkerError) -> Data {
        do {
            return try TinkerWire.body(request)
        } catch {
            throw .failed(what: "writing a request", why: error.why)
        }
    }

    /// The failure as a person should read it.
    func error(_ refusal: TinkerRefusal, what: String) async -> TinkerError {
        await error(refusal.failure, what: what)
    }

    func error(_ failure: HTTPFailure, what: String) async -> TinkerError {
        let why = await describe(failure)
        switch failure {
        case .transport(.tooLarge), .transport(.invalidRequest):
            return .failed(what: what, why: why)
        case .transport: return .unreachable("\(what): \(why)")
        case .status(let answer):
            switch answer.status {
            case 401: return .unauthorized(variable: configuration.keyVariable)
            // Some servers have one status for a wrong key and for what a key may not do.
            case 403 where why.lowercased().contains("api key"):
                return .unauthorized(variable: configuration.keyVariable)
            case 408, 429, 500..<600:
                return .unreachable("\(what): \(configuration.host) says \(why)")
            default: return .failed(what: what, why: why)
            }
        }
    }

    /// "HTTP 422: what the server says", or what the transfer met.
    func describe(_ failure: HTTPFailure) async -> String {
        switch failure {
        case .transport(let error): return await shown(error.description)
        case .status(let answer):
            guard let detail = await detail(of: answer) else { return "HTTP \(answer.status)" }
            return "HTTP \(answer.status): \(detail)"
        }
    }

    /// What the server says about a failure, if anything.
    func detail(of answer: HTTPAnswer) async -> String? {
        // Anything may stand in the body of a failure.
        let detail = try? TinkerWire.answer(TinkerWire.Detail.self, from: answer.body)
        guard let text = detail?.text else { return nil }
        return await shown(text)
    }

    /// A server's words on one line, cut, and without the key.
    func shown(_ text: String) async -> String {
        let line = await credential.hiding(text).unicodeScalars.prefix(1000)
            .map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
            .split(separator: " ").joined(separator: " ")
        return line.count > 300 ? line.prefix(300) + "…" : line
    }
}

/// A service that is not paid waits for the person, not for us.
struct TinkerBillingPause {
    private var start: Duration?

    /// Waits once, unless it has been too long.
    mutating func waits(
        after answer: HTTPAnswer, on connection: TinkerConnection, ticket: Int
    ) async throws -> Bool {
        let now = connection.clock.now
        let start = start ?? now
        self.start = start
        guard now - start < (try await connection.flags()).longestBillingPause else { return false }
        let why = await connection.describe(.status(answer))
        await connection.waiting.waits(
            ticket, for: "the account has no credit (\(why)); pay and it goes on", since: start)
        try await connection.clock.sleep(for: .seconds(5))
        return true
    }
}

extension RetryPolicy {
    /// What a server says about trying again overrides the rule.
    func obeying(_ failure: HTTPFailure, isObedient: Bool) -> RetryPolicy {
        guard isObedient, case .status(let answer) = failure else { return self }
        var policy = self
        switch answer.headers["x-should-retry"]?.lowercased() {
        case "true": policy.statuses.insert(answer.status)
        case "false": policy.statuses.remove(answer.status)
        default: break
        }
        return policy
    }
}
