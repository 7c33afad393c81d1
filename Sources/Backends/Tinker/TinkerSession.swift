import Baking
import Foundation

/// The session that everything of one client belongs to. It lives as long as its heart beats.
actor TinkerSession {
    private let connection: TinkerConnection
    private let notify: @Sendable (ServiceNotice) -> Void
    private let once = TinkerOnce<String>()
    private var heartbeat: Task<Void, Never>?
    private var modelCount = 0
    private var samplerCount = 0
    private var isFinished = false

    init(
        connection: TinkerConnection, notify: @escaping @Sendable (ServiceNotice) -> Void
    ) {
        self.connection = connection
        self.notify = notify
    }

    deinit { heartbeat?.cancel() }

    /// The session's id; made when it is first needed.
    func id() async throws -> String {
        guard !isFinished else {
            throw TinkerError.failed(what: "a request", why: "the session is finished")
        }
        let id = try await once.value { [connection, notify] in
            try await Self.create(connection, notify)
        }
        if heartbeat == nil, !isFinished, let interval = connection.configuration.heartbeatInterval
        {
            heartbeat = Task { [connection, notify] in
                await Self.beat(id, every: interval, connection, notify)
            }
        }
        return id
    }

    /// Models are counted from 0.
    func nextModelNumber() -> Int {
        defer { modelCount += 1 }
        return modelCount
    }

    /// So are things to sample from.
    func nextSamplerNumber() -> Int {
        defer { samplerCount += 1 }
        return samplerCount
    }

    private static func create(
        _ connection: TinkerConnection, _ notify: @Sendable (ServiceNotice) -> Void
    ) async throws -> String {
        let call = TinkerCall(
            "create_session",
            body: try connection.body(
                TinkerWire.CreateSession(
                    tags: connection.configuration.tags,
                    projectId: connection.configuration.project)))
        let answer = try await connection.call(
            TinkerWire.SessionAnswer.self, call, what: "opening a session")
        let service = connection.configuration.service
        if let text = answer.infoMessage?.value {
            notify(.note(service: service, await connection.shown(text)))
        }
        for text in [answer.warningMessage?.value, answer.errorMessage?.value].compactMap({ $0 }) {
            notify(.warning(service: service, await connection.shown(text)))
        }
        return answer.sessionId
    }

    private static func beat(
        _ id: String, every interval: Duration, _ connection: TinkerConnection,
        _ notify: @Sendable (ServiceNotice) -> Void
    ) async {
        let clock = connection.clock
        let service = connection.configuration.service
        var failingSince: Duration?
        var isTold = false
        while true {
            // Only cancellation ends the sleep early.
            do { try await clock.sleep(for: interval) } catch {
                return
            }
            let failure: HTTPFailure?
            do {
                var call = TinkerCall(
                    "session_heartbeat",
                    body: try connection.body(TinkerWire.Heartbeat(sessionId: id)))
                call.timeouts = HTTPTimeouts(
                    connect: .seconds(5), firstByte: .seconds(10), idle: .seconds(10),
                    total: .seconds(10))
                let answer = try await connection.once(call)
                failure = answer.isSuccess ? nil : .status(answer)
            } catch let error as HTTPError {
                failure = .transport(error)
            } catch {
                if Task.isCancelled { return }
                failure = nil
            }
            guard let failure else {
                if isTold {
                    notify(.note(service: service, "the session's heartbeats arrive again"))
                }
                failingSince = nil
                isTold = false
                continue
            }
            if case .status(let answer) = failure, answer.status == 410 {
                notify(
                    .warning(
                        service: service,
                        "the server has ended the session; the same command begins a new one"))
                return
            }
            let since = failingSince ?? clock.now
            failingSince = since
            if clock.now - since >= .seconds(120), !isTold {
                isTold = true
                let why = await connection.describe(failure)
                notify(
                    .warning(
                        service: service,
                        "no heartbeat has arrived for 120 s (\(why)); the server may drop the session"
                    ))
            }
        }
    }

    /// Ends the session; whoever calls may be cancelled already.
    func finish(_ outcome: TinkerOutcome) async {
        guard !isFinished else { return }
        isFinished = true
        heartbeat?.cancel()
        heartbeat = nil
        guard let id = await once.value else { return }
        // Not part of a task that is cancelled; servers that do not know the call lose nothing.
        await Task { [connection] in
            guard let part = try? TinkerCall.escaped(id),
                let body = try? connection.body(
                    TinkerWire.Finish(reason: TinkerWire.Finish.Reason(type: outcome.rawValue)))
            else { return }
            var call = TinkerCall("sessions/\(part)/finish", body: body)
            call.timeouts = HTTPTimeouts(
                connect: .seconds(5), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(5))
            _ = try? await connection.once(call)
        }.value
    }
}
