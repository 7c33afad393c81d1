import Baking
import Foundation

/// What is being waited for, as servers call it.
enum TinkerKind: String {
    case createModel = "CreateModel"
    case forward = "Forward"
    case forwardBackward = "ForwardBackward"
    case optimStep = "OptimStep"
    case saveWeights = "SaveWeights"
    case saveWeightsForSampler = "SaveWeightsForSampler"
    case saveWeightsExternal = "SaveWeightsExternal"
    case loadWeights = "LoadWeights"
    case sample = "Sample"
    case unloadModel = "UnloadModel"

    /// Whether the result may come as protobuf.
    var hasProtobuf: Bool {
        switch self {
        case .forward, .forwardBackward, .sample: true
        default: false
        }
    }
}

/// A result as it came.
struct TinkerRawResult: Sendable {
    var body: Data
    var isProtobuf: Bool
}

/// The server no longer has the result.
struct TinkerResultLost: Error {}

extension TinkerConnection {
    /// Submits a call.
    ///
    /// - Returns: What its result is asked for by.
    /// - Throws: ``TinkerRefusal``, ``TinkerError`` or `CancellationError`.
    func submit(
        _ call: TinkerCall, what: String, policy: RetryPolicy? = nil, isObedient: Bool = true
    ) async throws -> String {
        let answer = try await attempt(call, what: what, policy: policy, isObedient: isObedient)
        do {
            return try TinkerWire.answer(TinkerWire.SubmitAnswer.self, from: answer.body).requestId
        } catch {
            throw TinkerError.misaligned(what: what, why: error.why)
        }
    }

    /// Waits for a result.
    ///
    /// - Throws: ``TinkerResultLost``, ``TinkerError`` or `CancellationError`.
    func result(of request: String, _ kind: TinkerKind, what: String) async throws
        -> TinkerRawResult
    {
        var poll = TinkerPoll(
            connection: self, request: request, kind: kind, what: what,
            ticket: await waiting.ticket())
        do {
            let result = try await poll.run()
            await waiting.goesOn(poll.ticket)
            return result
        } catch {
            await waiting.goesOn(poll.ticket)
            throw error
        }
    }

    /// Submits something that is no part of a model's stream and waits for its result.
    func submitted<Answer: Decodable>(
        _ type: Answer.Type, _ call: TinkerCall, _ kind: TinkerKind, what: String
    ) async throws -> Answer {
        do {
            let request = try await submit(call, what: what)
            return try TinkerWire.answer(
                type, from: try await result(of: request, kind, what: what).body)
        } catch {
            throw await told(error, what: what)
        }
    }

    /// Any failure of ours as one that a person can read; cancellation stays what it is.
    func told(_ error: any Error, what: String) async -> any Error {
        switch error {
        case let refusal as TinkerRefusal: return await self.error(refusal, what: what)
        case let error as TinkerWireError:
            return TinkerError.misaligned(what: what, why: error.why)
        case let failure as HTTPFailure: return await self.error(failure, what: what)
        case let error as HTTPError: return await self.error(.transport(error), what: what)
        case is TinkerResultLost:
            return TinkerError.failed(what: what, why: "the server no longer has its result")
        default: return error
        }
    }
}

/// Polls for one result.
private struct TinkerPoll {
    let connection: TinkerConnection
    let request: String
    let kind: TinkerKind
    let what: String
    let ticket: Int

    private var iteration = 0
    private var asksForSize = true
    private var oddAnswers = 0
    private var failures = 0
    private var quickAnswers = 0
    private var pause = TinkerBillingPause()

    init(
        connection: TinkerConnection, request: String, kind: TinkerKind, what: String, ticket: Int
    ) {
        self.connection = connection
        self.request = request
        self.kind = kind
        self.what = what
        self.ticket = ticket
    }

    private var clock: any ServiceClock { connection.clock }
    private var configuration: TinkerConfiguration { connection.configuration }

    private func call() throws(TinkerError) -> TinkerCall {
        var call = TinkerCall(
            "retrieve_future",
            body: try connection.body(
                TinkerWire.RetrieveFuture(requestId: request, allowMetadataOnly: asksForSize)))
        if kind.hasProtobuf, configuration.wire != .json {
            call.accept = "\(TinkerWire.protobuf), \(TinkerWire.json)"
        }
        call.headers["X-Tinker-Request-Iteration"] = String(iteration)
        call.headers["X-Tinker-Request-Type"] = kind.rawValue
        call.timeouts = HTTPTimeouts(
            connect: .seconds(5), firstByte: .seconds(45), idle: .seconds(60))
        return call
    }

    mutating func run() async throws -> TinkerRawResult {
        let start = clock.now
        var lastAnswer = start
        while true {
            try Task.checkCancellation()
            let now = clock.now
            if let deadline = configuration.resultDeadline, now - start > deadline {
                throw TinkerError.unreachable(
                    "\(what): no result after \(Int(deadline / .seconds(1))) s")
            }
            guard now - lastAnswer <= configuration.longestOutage else {
                let outage = Int(configuration.longestOutage / .seconds(1))
                throw TinkerError.unreachable(
                    "\(what): \(configuration.host) has not answered for \(outage) s")
            }
            let answer: HTTPAnswer
            do {
                answer = try await connection.once(
                    try call(), limit: configuration.resultByteLimit)
                iteration += 1
            } catch let error as HTTPError {
                iteration += 1
                switch error {
                case .timedOut(_, waitingFor: "the answer"):
                    // Servers hold a call as long as they like.
                    lastAnswer = clock.now
                    await tellsOfWork(since: start)
                case .cannotConnect, .cut, .timedOut:
                    try await backOff(after: .transport(error), first: .seconds(1), since: start)
                case .insecure, .tooLarge, .redirect, .invalidRequest:
                    throw await connection.error(.transport(error), what: what)
                }
                continue
            }
            if answer.status < 500, answer.status != 429 { failures = 0 }
            if answer.status < 500 { lastAnswer = clock.now }
            switch answer.status {
            case 200..<300:
                if let result = try await read(answer, asked: now, since: start) { return result }
            case 408: try await pending(head(of: answer), asked: now, since: start)
            case 400: try await odd(.status(answer))
            case 402:
                guard try await pause.waits(after: answer, on: connection, ticket: ticket) else {
                    throw await connection.error(.status(answer), what: what)
                }
            case 410: throw TinkerResultLost()
            case 429:
                try await backOff(after: .status(answer), first: .seconds(1), since: start)
            case 500..<600:
                try await backOff(
                    after: .status(answer), first: .milliseconds(500), since: start)
            default: throw await connection.error(.status(answer), what: what)
            }
        }
    }

    /// nil when it is not the result.
    private mutating func read(
        _ answer: HTTPAnswer, asked: Duration, since start: Duration
    ) async throws -> TinkerRawResult? {
        let type = answer.headers["content-type"]?.lowercased() ?? ""
        if type.contains("protobuf") {
            guard kind.hasProtobuf else {
                throw TinkerError.misaligned(what: what, why: "it is protobuf")
            }
            return TinkerRawResult(body: answer.body, isProtobuf: true)
        }
        guard let head = head(of: answer) else {
            try await odd(nil)
            return nil
        }
        if let error = head.error?.value {
            let category = head.category?.value ?? "unknown"
            let why = await connection.shown(error)
            throw TinkerError.failed(
                what: what, why: category == "unknown" ? why : "\(why) (\(category) error)")
        }
        if head.type?.value == "try_again" {
            try await pending(head, asked: asked, since: start)
            return nil
        }
        if head.status?.value == "complete_metadata" {
            let size = head.responsePayloadSize?.value ?? 0
            guard size <= configuration.resultByteLimit else {
                throw TinkerError.misaligned(what: what, why: "it has \(size) bytes")
            }
            guard asksForSize else {
                try await odd(nil)
                return nil
            }
            asksForSize = false
            return nil
        }
        return TinkerRawResult(body: answer.body, isProtobuf: false)
    }

    /// nil when the body is no JSON object.
    private func head(of answer: HTTPAnswer) -> TinkerWire.FutureHead? {
        try? TinkerWire.answer(TinkerWire.FutureHead.self, from: answer.body)
    }

    /// Not ready. The server holds the call while it works; one that does not is not asked in a rush.
    private mutating func pending(
        _ head: TinkerWire.FutureHead?, asked: Duration, since start: Duration
    ) async throws {
        let state = head?.queueState?.value ?? "active"
        if state == "active" {
            await tellsOfWork(since: start)
        } else {
            let reason = head?.queueStateReason?.value.map { " (\($0))" } ?? ""
            await connection.waiting.waits(
                ticket, for: await connection.shown("\(what), queue: \(state)\(reason)"),
                since: start)
        }
        guard clock.now - asked < .milliseconds(500) else {
            quickAnswers = 0
            return
        }
        quickAnswers += 1
        try await clock.sleep(for: .milliseconds(min(50 << min(quickAnswers, 8), 1000)))
    }

    private func tellsOfWork(since start: Duration) async {
        guard clock.now - start >= .seconds(30) else { return }
        await connection.waiting.waits(ticket, for: "\(what): the server works on it", since: start)
    }

    /// A refusal or an answer that cannot be read: something in between, or final when it stays.
    private mutating func odd(_ failure: HTTPFailure?) async throws {
        oddAnswers += 1
        guard oddAnswers <= 3 else {
            guard let failure else {
                throw TinkerError.misaligned(what: what, why: "it cannot be read")
            }
            throw await connection.error(failure, what: what)
        }
        try await clock.sleep(for: .seconds(1 << (oddAnswers - 1)))
    }

    private mutating func backOff(
        after failure: HTTPFailure, first: Duration, since start: Duration
    ) async throws {
        failures += 1
        let policy = RetryPolicy(
            statuses: Set([429] + Array(500..<600)), firstWait: first,
            longestRetryAfter: .seconds(60))
        let wait = policy.wait(
            after: failure, failures: failures, elapsed: .zero, date: clock.date,
            random: connection.caller.random())
        await connection.waiting.waits(
            ticket, for: "\(what): \(await connection.describe(failure))", since: start)
        try await clock.sleep(for: wait ?? first)
    }
}
