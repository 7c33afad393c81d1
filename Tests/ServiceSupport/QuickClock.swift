import Backends
package import Foundation
import Synchronization

/// Time that passes by being slept alone, with a moment of real time for each sleep: for clients of real
/// sockets, which no virtual time can see. However slow the machine is, nobody's patience ends by it.
package final class QuickClock: ServiceClock {
    private let time = Mutex(Duration.zero)

    package init() {}

    package var now: Duration { time.withLock(\.self) }
    package var date: Date { Date() }

    package func sleep(for duration: Duration) async throws {
        let end = now + max(duration, .zero)
        // Others get on meanwhile; what they sleep at the same time does not add up.
        try await Task.sleep(for: min(duration / 1000, .milliseconds(20)))
        time.withLock { $0 = max($0, end) }
    }
}
