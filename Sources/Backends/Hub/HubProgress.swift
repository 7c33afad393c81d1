/// Adds up what many downloads have done, and tells it ten times a second.
actor HubProgress {
    private let total: Int
    private let clock: any ServiceClock
    private let emit: @Sendable (HubEvent) -> Void
    /// Bytes of each content, by its sum.
    private var counts: [String: Int] = [:]
    private var completed = 0
    private var received = 0
    private var last: Duration?

    init(total: Int, clock: any ServiceClock, emit: @escaping @Sendable (HubEvent) -> Void) {
        self.total = total
        self.clock = clock
        self.emit = emit
    }

    /// So many bytes of a content are here.
    ///
    /// - Parameter received: How many of them have just come.
    func set(_ file: HubFile, to count: Int, received: Int = 0) {
        completed += count - (counts.updateValue(count, forKey: file.sum.text) ?? 0)
        self.received += received
        let now = clock.now
        if let last, now - last < .milliseconds(100), completed < total { return }
        last = now
        emit(.progress(completed: completed, total: total, received: self.received))
    }
}
