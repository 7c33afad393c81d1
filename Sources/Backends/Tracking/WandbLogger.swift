internal import Baking
import Foundation

/// Sends one run's history to W&B while it grows: one request at a time, in a task of its own, from
/// what is on the disk. Nothing it meets gets into the bake.
actor WandbLogger {
    static let service = "W&B"

    /// Between two looks at the run's record.
    static let interval = Duration.seconds(10)
    /// A run that is silent for longer is taken for crashed.
    static let silence = Duration.seconds(30)
    /// Of one request.
    private static let mostLines = 500
    private static let mostBytes = 1 << 20

    private let settings: WandbSettings
    private let surroundings: Surroundings
    private let client: WandbClient
    private let clock: any ServiceClock
    private let random: @Sendable () -> Double
    private let notify: @Sendable (ServiceNotice) -> Void
    private let onStop: @Sendable () -> Void

    private var directory: URL?
    private var lines: WandbLines?
    /// Read further than `lines` while the network is away, to tell how much there is to send.
    private var counter: WandbLines?
    private var record: WandbRecord?
    private var place: WandbClient.Place?
    /// The number of the first line in the queue is the record's `acknowledged`.
    private var queue: [String] = []
    private var sentSummary: String?
    private var lastRequest = Duration.zero
    private var hasStopped = false
    private var cannotRecord = false
    /// What the run is to be ended with, once it is.
    private var exitCode: Int?
    private var pause: Task<Void, Never>?
    private var current = WandbState.starting

    init(
        _ settings: WandbSettings, surroundings: Surroundings, caller: HTTPCaller,
        notify: @escaping @Sendable (ServiceNotice) -> Void,
        onStop: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.surroundings = surroundings
        client = WandbClient(settings, transport: caller.transport)
        clock = caller.clock
        random = caller.random
        self.notify = notify
        self.onStop = onStop
    }

    /// How it stands.
    var state: WandbState {
        if case .waiting(let what, _) = current { return .waiting(what: what, toSend: toSend()) }
        if case .stopped(let why, _) = current { return .stopped(why: why, kept: toSend()) }
        return current
    }

    /// Ends the run as soon as everything is sent.
    func end(exitCode: Int) {
        self.exitCode = exitCode
        pause?.cancel()
    }

    /// Follows the run in `directory` until it is ended; cancelled it gives up what is left.
    func run(_ directory: URL) async {
        self.directory = directory
        lines = WandbLines(directory: directory)
        counter = WandbLines(directory: directory)
        do {
            try await follow(directory)
        } catch  where error is CancellationError || Task.isCancelled {
            current = .unsent(lines: toSend())
            notify(.warning(service: Self.service, current.words))
        } catch {
            current = .stopped(why: client.words(for: error), kept: toSend())
            notify(.warning(service: Self.service, current.words))
        }
    }

    private func follow(_ directory: URL) async throws {
        try await connect(directory)
        while let place {
            try fillQueue()
            if !queue.isEmpty {
                try await sendLines(to: place)
            } else if let exitCode {
                try await end(place, exitCode: exitCode)
                return
            } else {
                if clock.now - lastRequest >= Self.silence {
                    try await stream(WandbWire.StreamBody(), to: place)
                }
                // The end may have come during the call.
                if exitCode == nil { await sleep(for: Self.interval) }
                try Task.checkCancellation()
            }
        }
    }

    /// Makes the run there or takes it up. Leaves no place when all of it is there.
    private func connect(_ directory: URL) async throws {
        let known = WandbRecord(directory: directory, server: settings.address)
        var record =
            known
            ?? WandbRecord(
                server: settings.address, run: WandbRecord.newIdentifier(),
                entity: settings.entity, project: settings.project)
        try counter?.readAll()
        guard let history = counter?.history, let started = history.started else {
            throw WandbError.noEvents(path: directory.appending(path: "events.jsonl").path)
        }
        if history.isFinished, record.exitCode == 0, record.acknowledged == history.lineCount,
            let entity = record.entity
        {
            self.record = record
            let place = WandbClient.Place(
                entity: entity, project: record.project, run: record.run)
            current = .ended(sent: record.acknowledged, page: client.page(of: place))
            return
        }
        // First of all: a kill during the call must not make a second run.
        keep(record)
        // What a person changed there since is left as it is.
        let isNew = known == nil
        let variables = WandbWire.UpsertBody.Variables(
            name: record.run, project: record.project, entity: record.entity,
            displayName: isNew ? settings.title ?? started.run : nil,
            config: TrackedConfiguration(started.configuration, in: surroundings).wandbJSON,
            tags: isNew && !settings.tags.isEmpty ? settings.tags : nil,
            group: isNew ? settings.group : nil, jobType: isNew ? "bake" : nil)
        // The id is ours, so a conflict is one with our own call before.
        let bucket = try await answer(.wandb(andAlso: [409])) { [client] in
            try await client.upsert(variables)
        }
        record.entity = bucket.place.entity
        record.project = bucket.place.project
        record.acknowledged = bucket.lineCount ?? record.acknowledged
        record.exitCode = nil
        keep(record)
        place = bucket.place
        sending(to: bucket.place)
        notify(.note(service: Self.service, "sending to \(client.page(of: bucket.place))"))
    }

    /// Reads lines the service has not, as many as one request takes.
    private func fillQueue() throws {
        guard let acknowledged = record?.acknowledged else { return }
        while queue.count < Self.mostLines {
            let isBehind = try lines?.read { number, line in
                if number >= acknowledged + queue.count { queue.append(line) }
            }
            if isBehind != true { return }
        }
    }

    private func sendLines(to place: WandbClient.Place) async throws {
        guard var record else { return }
        var count = 0
        var byteCount = 0
        for line in queue.prefix(Self.mostLines) {
            byteCount += line.utf8.count
            if count > 0, byteCount > Self.mostBytes { break }
            count += 1
        }
        let summary = lines?.history.summaryLine
        try await stream(
            WandbWire.StreamBody(
                files: WandbWire.StreamBody.Files(
                    history: WandbWire.StreamBody.Lines(
                        offset: record.acknowledged, content: Array(queue.prefix(count))),
                    summary: summary.map {
                        WandbWire.StreamBody.Lines(offset: 0, content: [$0])
                    })),
            to: place)
        sentSummary = summary
        queue.removeFirst(count)
        record.acknowledged += count
        keep(record)
        sending(to: place)
    }

    private func end(_ place: WandbClient.Place, exitCode: Int) async throws {
        guard var record else { return }
        // The last step may still wait for its evaluation; its figures are in the summary.
        let summary = lines?.history.summaryLine
        let files = summary.flatMap { summary in
            summary == sentSummary
                ? nil
                : WandbWire.StreamBody.Files(
                    summary: WandbWire.StreamBody.Lines(offset: 0, content: [summary]))
        }
        try await stream(
            WandbWire.StreamBody(files: files, complete: true, exitcode: exitCode), to: place)
        record.exitCode = exitCode
        keep(record)
        current = .ended(sent: record.acknowledged, page: client.page(of: place))
        notify(.note(service: Self.service, current.words))
    }

    private func stream(_ body: WandbWire.StreamBody, to place: WandbClient.Place) async throws {
        // Made once: what is sent again is the same to the byte, which is what keeps a line from
        // being there twice.
        let data = try WandbWire.encode(body)
        let stops = try await answer(.wandb()) { [client] in
            try await client.stream(data, to: place)
        }
        if stops, !hasStopped {
            hasStopped = true
            notify(.note(service: Self.service, "Stop was pressed on the run's page"))
            onStop()
        }
    }

    /// Makes a call until it is answered or its failure is final.
    private func answer<Answer: Sendable>(
        _ policy: RetryPolicy, _ call: () async throws -> Answer
    ) async throws -> Answer {
        let start = clock.now
        var failures = 0
        while true {
            try Task.checkCancellation()
            lastRequest = clock.now
            let failure: HTTPFailure
            do {
                let answer = try await call()
                if failures > 0 { notify(.resumed(service: Self.service)) }
                return answer
            } catch let error as HTTPFailure {
                failure = error
            } catch let error as HTTPError {
                failure = .transport(error)
            }
            failures += 1
            guard
                let wait = policy.wait(
                    after: failure, failures: failures, elapsed: clock.now - start,
                    date: clock.date, random: random())
            else { throw failure }
            let what =
                switch failure {
                case .transport: "the network"
                case .status: "the service (\(client.words(for: failure)))"
                }
            let count = toSend()
            current = .waiting(what: what, toSend: count)
            notify(
                .waiting(
                    service: Self.service,
                    reason: "\(what), \(WandbState.lines(count)) to send",
                    seconds: (clock.now - start) / .seconds(1)))
            let wasEnding = exitCode != nil
            await sleep(for: wait)
            // At the end there is not much time: soon, and then at the first intervals again.
            if !wasEnding, exitCode != nil { failures = 0 }
        }
    }

    /// Waits, but not when the run is to be ended meanwhile.
    private func sleep(for duration: Duration) async {
        let pause = Task<Void, Never> { [clock] in
            // Cut short it is over just as well.
            try? await clock.sleep(for: duration)
        }
        self.pause = pause
        await withTaskCancellationHandler {
            await pause.value
        } onCancel: {
            pause.cancel()
        }
        self.pause = nil
    }

    private func sending(to place: WandbClient.Place) {
        current = .sending(sent: record?.acknowledged ?? 0, page: client.page(of: place))
    }

    private func keep(_ record: WandbRecord) {
        self.record = record
        guard let directory else { return }
        do {
            try record.write(to: directory)
        } catch {
            // The service knows how many lines it has; only the run's id would be lost.
            if !cannotRecord {
                notify(.warning(service: Self.service, "\(error)"))
            }
            cannotRecord = true
        }
    }

    /// Complete lines the service has not accepted.
    private func toSend() -> Int {
        // What cannot be read cannot be sent either; the count so far will do.
        try? counter?.readAll()
        return max((counter?.history.lineCount ?? 0) - (record?.acknowledged ?? 0), 0)
    }
}

extension RetryPolicy {
    /// The service's own clients': what may pass is sent again without end, after 2 s, 4 s … at most
    /// 60 s, up to a quarter of it random.
    static func wandb(andAlso statuses: Set<Int> = []) -> RetryPolicy {
        RetryPolicy(
            statuses: Set(500..<600).subtracting([501]).union([408, 429]).union(statuses),
            firstWait: .seconds(2), longestWait: .seconds(48), jitter: 1...1.25)
    }
}
