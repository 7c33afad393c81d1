package import Foundation

/// Time as services see it; tests have their own.
package protocol ServiceClock: Sendable {
    /// Since some beginning; never goes back.
    var now: Duration { get }
    /// By the calendar.
    var date: Date { get }
    /// Returns after `duration`, or throws `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's.
package struct SystemClock: ServiceClock {
    private let start = ContinuousClock.now

    package init() {}

    package var now: Duration { ContinuousClock.now - start }
    package var date: Date { Date() }

    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}
