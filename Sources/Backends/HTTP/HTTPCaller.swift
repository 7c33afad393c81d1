import Foundation

/// Sends requests until there is an answer or the failure is final.
package struct HTTPCaller: Sendable {
    package var transport: any HTTPTransport
    package var clock: any ServiceClock
    /// Below 1, at least 0.
    package var random: @Sendable () -> Double

    package init(
        transport: any HTTPTransport, clock: any ServiceClock = SystemClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.transport = transport
        self.clock = clock
        self.random = random
    }

    /// The answer, its body whole.
    ///
    /// - Parameters:
    ///   - limit: Most bytes of a body. Of an answer that says no, only the first MiB is kept.
    ///   - onWait: Told before each wait: the failure, how long, how many attempts failed.
    /// - Throws: ``HTTPFailure`` when it is final, or `CancellationError`.
    package func call(
        _ request: HTTPRequest, policy: RetryPolicy, limit: Int = 64 << 20,
        onWait: @Sendable (HTTPFailure, Duration, Int) -> Void = { _, _, _ in }
    ) async throws -> HTTPAnswer {
        try await retried(policy, onWait: onWait) {
            let response = try await transport.send(request)
            guard (200..<300).contains(response.status) else {
                // However long it is, or where it ends: it must not hide the status.
                let answer = try await response.beginning(limit: min(limit, 1 << 20))
                throw HTTPFailure.status(answer)
            }
            return try await response.collected(limit: limit)
        }
    }

    /// Does `attempt` until it returns, its failure is final, or it throws something else than
    /// ``HTTPFailure`` and ``HTTPError``.
    package func retried<Result: Sendable>(
        _ policy: RetryPolicy,
        onWait: @Sendable (HTTPFailure, Duration, Int) -> Void = { _, _, _ in },
        attempt: () async throws -> Result
    ) async throws -> Result {
        let start = clock.now
        var failures = 0
        while true {
            try Task.checkCancellation()
            let failure: HTTPFailure
            do {
                return try await attempt()
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
            onWait(failure, wait, failures)
            try await clock.sleep(for: wait)
        }
    }
}
