import Baking

/// Tells a person what the service is waited for, once however many wait for the same.
actor TinkerWaiting {
    private let service: String
    private let clock: any ServiceClock
    private let notify: @Sendable (ServiceNotice) -> Void
    private var waiting: Set<Int> = []
    private var lastReport: (reason: String, at: Duration)?
    private var texts: Set<String> = []
    private var tickets = 0

    /// Between two reports of the same.
    private static let interval: Duration = .seconds(10)
    /// Between reports of different things, when many wait.
    private static let pause: Duration = .seconds(1)

    init(
        service: String, clock: any ServiceClock,
        notify: @escaping @Sendable (ServiceNotice) -> Void
    ) {
        self.service = service
        self.clock = clock
        self.notify = notify
    }

    /// A number for somebody who may come to wait.
    func ticket() -> Int {
        tickets += 1
        return tickets
    }

    func waits(_ ticket: Int, for reason: String, since start: Duration) {
        waiting.insert(ticket)
        let now = clock.now
        if let lastReport {
            let isSame = lastReport.reason == reason
            guard now - lastReport.at >= (isSame ? Self.interval : Self.pause) else { return }
        }
        lastReport = (reason, now)
        notify(.waiting(service: service, reason: reason, seconds: (now - start) / .seconds(1)))
    }

    func goesOn(_ ticket: Int) {
        guard waiting.remove(ticket) != nil, waiting.isEmpty, lastReport != nil else { return }
        lastReport = nil
        notify(.resumed(service: service))
    }

    /// Tells something once.
    func note(_ text: String, isWarning: Bool = false) {
        guard texts.count < 100, texts.insert(text).inserted else { return }
        notify(isWarning ? .warning(service: service, text) : .note(service: service, text))
    }
}
