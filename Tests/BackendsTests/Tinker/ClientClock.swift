import Backends
import Foundation
import Synchronization

/// Time that passes by being slept: who sleeps goes on at once, that much later. Where several sleep at
/// once their times add up.
final class ClientClock: ServiceClock {
    private let state = Mutex<(now: Duration, sleeps: [Duration])>((.zero, []))

    var now: Duration { state.withLock { $0.now } }
    var date: Date { Date(timeIntervalSince1970: 1_000_000_000 + now / .seconds(1)) }

    /// What was slept so far.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLock {
            $0.now += max(duration, .zero)
            $0.sleeps.append(duration)
        }
        await Task.yield()
        try Task.checkCancellation()
    }
}
