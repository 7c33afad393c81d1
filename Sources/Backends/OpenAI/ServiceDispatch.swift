import Baking
import Foundation
import Transformer

/// Takes the requests of one call to their ends, some at once.
///
/// Its state belongs to one task; attempts and waits are children of it, so that ending that task
/// ends every transfer.
struct ServiceDispatch {
    private typealias Group = ThrowingTaskGroup<Happening, any Error>

    /// A request on its way.
    private struct Ask: Sendable {
        var request: Baking.GenerationRequest
        var past = ServiceVerdict.Past()
        var isStreamed = true
        /// The last success of the call when it was first tried.
        var successesBefore: Int?
    }

    private struct Ending: Sendable {
        var ask: Ask
        var attempt: ServiceAttempt
        var reserved: Double
        var slowdowns: Int
    }

    private enum Happening: Sendable {
        case ended(Ending)
        /// It is as late as this.
        case woke(Duration)
    }

    private let generator: ServiceGenerator
    private let emit: @Sendable (Baking.GenerationEvent) -> Void
    /// Somebody waits: everything goes at once, whatever else is in flight.
    private let isConversational: Bool
    private var ready: [Ask] = []
    private var delayed: [(ask: Ask, until: Duration)] = []
    private var running = 0
    /// US dollars held back, one amount for each that runs.
    private var held: [Double] = []
    private var pausedUntil = Duration.zero
    /// The earliest moment a child waits for.
    private var alarm: Duration?
    private var successes = 0
    private var troubleSince: Duration?
    private var end: String?
    private var prices: OpenAIPrices?
    private var firstConcurrency = 1

    init(
        _ generator: ServiceGenerator, _ requests: [Baking.GenerationRequest],
        emit: @escaping @Sendable (Baking.GenerationEvent) -> Void
    ) {
        self.generator = generator
        self.emit = emit
        isConversational = requests.allSatisfy(\.isConversational)
        for request in requests {
            if request.adapter == .none {
                ready.append(Ask(request: request))
            } else {
                emit(
                    .failed(
                        id: request.id,
                        reason: "\(generator.client.name) answers with its own model: it knows "
                            + "nothing of an adapter"))
            }
        }
    }

    private var clock: any ServiceClock { generator.client.caller.clock }
    private var name: String { generator.client.name }

    mutating func run() async throws {
        guard !ready.isEmpty else { return }
        firstConcurrency = await generator.client.flavour().firstConcurrency
        prices = try await generator.pricesForLimit()
        do {
            try await runAll()
        } catch {
            // What was in flight may have been charged; nobody listens any more to be told.
            for amount in held { await generator.allowance.settle(amount, spent: amount) }
            throw error
        }
    }

    private mutating func runAll() async throws {
        try await withThrowingTaskGroup(of: Happening.self) { group in
            while true {
                try Task.checkCancellation()
                await begin(in: &group)
                if let end { fail(end) }
                if running == 0, ready.isEmpty, delayed.isEmpty { break }
                switch try await group.next() {
                case .ended(let ending): await finish(ending)
                case .woke(let moment): if moment == alarm { alarm = nil }
                case nil: return
                }
            }
            // Nothing is left but alarms.
            group.cancelAll()
        }
    }

    // MARK: Beginning

    private mutating func begin(in group: inout Group) async {
        while end == nil {
            let now = clock.now
            let due = delayed.filter { $0.until <= now }.map(\.ask)
            delayed.removeAll { $0.until <= now }
            ready.insert(contentsOf: due, at: 0)
            guard !ready.isEmpty, pausedUntil <= now else { break }
            if !isConversational {
                let allowed = await generator.allowance.concurrency(
                    startingWith: firstConcurrency)
                guard running < allowed else { break }
            }
            let request = ready[0].request
            switch await generator.allowance.reserve(prices?.most(for: request)) {
            case .granted(let reserved):
                await start(ready.removeFirst(), reserved: reserved, in: &group)
            case .later where running > 0: return setAlarm(in: &group)
            case .later, .reached: end = limitReason(generator.allowance.limit)
            }
        }
        setAlarm(in: &group)
    }

    private mutating func start(_ ask: Ask, reserved: Double, in group: inout Group) async {
        running += 1
        held.append(reserved)
        var ask = ask
        ask.successesBefore = ask.successesBefore ?? successes
        let slowdowns = await generator.allowance.slowdowns
        group.addTask { [generator, emit, ask] in
            let attempt = try await ServiceAttempt(
                at: ask.request, by: generator, isStreamed: ask.isStreamed,
                isLive: ask.request.isConversational, emit: emit)
            return .ended(
                Ending(ask: ask, attempt: attempt, reserved: reserved, slowdowns: slowdowns))
        }
    }

    /// Wakes the task when the next request is due.
    private mutating func setAlarm(in group: inout Group) {
        guard end == nil else { return }
        let now = clock.now
        var moments = delayed.map(\.until)
        if !ready.isEmpty, pausedUntil > now { moments.append(pausedUntil) }
        guard let earliest = moments.min(), alarm.map({ earliest < $0 }) ?? true else { return }
        alarm = earliest
        group.addTask { [clock] in
            try await clock.sleep(for: max(earliest - now, .zero))
            return .woke(earliest)
        }
    }

    private func limitReason(_ limit: Double?) -> String {
        "the spend limit of $\(String(format: "%g", limit ?? 0)) is reached; raise "
            + "services.\(name).spend-limit and run again"
    }

    // MARK: Ending

    private mutating func finish(_ ending: Ending) async {
        running -= 1
        if let index = held.firstIndex(of: ending.reserved) { held.remove(at: index) }
        let request = ending.ask.request
        let attempt = ending.attempt
        let spending = attempt.spending(
            on: request, prices: prices, tokenizer: generator.tokenizer)
        await generator.allowance.settle(ending.reserved, spent: spending?.dollars)
        if let spending { emit(.spent(id: request.id, spending)) }
        if let error = attempt.error {
            await failed(ending, error)
        } else {
            await succeeded(request, attempt)
        }
    }

    private mutating func succeeded(_ request: Baking.GenerationRequest, _ attempt: ServiceAttempt)
        async
    {
        successes += 1
        if !isConversational { await generator.allowance.succeeded() }
        if troubleSince != nil { generator.notify(.resumed(service: name)) }
        troubleSince = nil
        do {
            let response = try attempt.response(to: request, by: generator)
            if !attempt.hasSpoken {
                emit(.began(id: request.id, step: nil))
                if !attempt.text.isEmpty { emit(.text(id: request.id, attempt.text)) }
            }
            emit(.finished(response))
        } catch {
            let reason = "\(name): \(error)"
            emit(
                error.isDecline
                    ? .declined(id: request.id, reason: reason)
                    : .failed(id: request.id, reason: reason))
        }
        if let model = attempt.model, model != generator.serviceModel {
            await tell("\(generator.serviceModel) is answered by \(model)")
        }
        if let provider = attempt.provider { await tell("answers come from \(provider)") }
    }

    private mutating func failed(_ ending: Ending, _ error: OpenAIError) async {
        var ask = ending.ask
        ask.past.failures += 1
        ask.past.othersSucceed = successes > ask.successesBefore ?? 0
        switch error {
        case .incomplete, .malformed: ask.past.incompletes += 1
        default: break
        }
        // A server may show in a whole answer what it kept silent about in a stream.
        if case .incomplete = error, ending.attempt.text.isEmpty { ask.isStreamed = false }
        switch ServiceVerdict(on: error, past: ask.past, by: generator) {
        case .failed(let reason): emit(.failed(id: ask.request.id, reason: end ?? reason))
        case .declined(let reason): emit(.declined(id: ask.request.id, reason: reason))
        case .fatal(let reason):
            end = end ?? reason
            emit(.failed(id: ask.request.id, reason: end ?? reason))
        case .again(let wait, let pace):
            if ending.attempt.hasSpoken || end != nil {
                // What was shown cannot be taken back.
                emit(.failed(id: ask.request.id, reason: end ?? generator.client.line(for: error)))
                return
            }
            let now = clock.now
            delayed.append((ask, now + wait))
            if pace == .slowsDown, !isConversational {
                await generator.allowance.slowDown(since: ending.slowdowns)
            }
            if pace != .asBefore { pausedUntil = max(pausedUntil, now + wait) }
            let since = troubleSince ?? now
            troubleSince = since
            if pace != .asBefore || running == 0 {
                generator.notify(
                    .waiting(
                        service: name, reason: "\(error)", seconds: (now - since) / .seconds(1)))
            }
        }
    }

    /// Everything that is not in flight fails.
    private mutating func fail(_ reason: String) {
        for ask in ready + delayed.map(\.ask) {
            emit(.failed(id: ask.request.id, reason: reason))
        }
        ready = []
        delayed = []
    }

    private func tell(_ fact: String) async {
        guard await generator.allowance.isNews(fact) else { return }
        generator.notify(.note(service: name, fact))
    }
}
