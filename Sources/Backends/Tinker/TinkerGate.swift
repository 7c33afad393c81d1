/// Lets so many samples through at a time as the server can take.
actor TinkerGate {
    private let clock: any ServiceClock
    private var inside = 0
    private var tooMuchUntil: Duration?
    private var queue: [(id: Int, place: CheckedContinuation<Void, any Error>)] = []
    private var tickets = 0

    /// Submits on their way, per the protocol; and for how long how many after the server had too much.
    private static let usual = 400
    private static let few = 10
    private static let pause: Duration = .seconds(10)

    init(clock: any ServiceClock) { self.clock = clock }

    private var limit: Int {
        guard let tooMuchUntil, clock.now < tooMuchUntil else { return Self.usual }
        return Self.few
    }

    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    func enter() async throws {
        try Task.checkCancellation()
        if queue.isEmpty, inside < limit {
            inside += 1
            return
        }
        tickets += 1
        let id = tickets
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (place: CheckedContinuation<Void, any Error>) in
                // Cancelled before it stood in the queue: the handler has been and gone.
                if Task.isCancelled {
                    place.resume(throwing: CancellationError())
                } else {
                    queue.append((id, place))
                }
            }
        } onCancel: {
            Task { await self.giveUp(id) }
        }
    }

    private func giveUp(_ id: Int) {
        guard let index = queue.firstIndex(where: { $0.id == id }) else { return }
        queue.remove(at: index).place.resume(throwing: CancellationError())
    }

    /// - Parameter isTooMuch: Whether the server said so.
    func leave(isTooMuch: Bool = false) {
        inside -= 1
        if isTooMuch { tooMuchUntil = clock.now + Self.pause }
        while inside < limit, !queue.isEmpty {
            inside += 1
            queue.removeFirst().place.resume()
        }
    }
}
