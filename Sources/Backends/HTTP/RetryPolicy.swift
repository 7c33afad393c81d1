package import Foundation

/// Which failures are tried again, and when.
package struct RetryPolicy: Hashable, Sendable {
    /// Statuses that are tried again.
    package var statuses: Set<Int>
    /// Whether failures without an answer are tried again.
    package var retriesConnections: Bool
    /// Before the second attempt.
    package var firstWait: Duration
    /// The wait doubles up to this.
    package var longestWait: Duration
    /// A wait is multiplied by a random number of this range.
    package var jitter: ClosedRange<Double>
    /// Longest `Retry-After` that is honoured as it is.
    package var longestRetryAfter: Duration
    /// Attempts altogether; nil for any number.
    package var attempts: Int?
    /// From the first attempt until the last may begin; nil without end.
    package var total: Duration?

    package init(
        statuses: Set<Int>, retriesConnections: Bool = true, firstWait: Duration = .seconds(1),
        longestWait: Duration = .seconds(30), jitter: ClosedRange<Double> = 0.5...1,
        longestRetryAfter: Duration = .seconds(300), attempts: Int? = nil, total: Duration? = nil
    ) {
        self.statuses = statuses
        self.retriesConnections = retriesConnections
        self.firstWait = firstWait
        self.longestWait = longestWait
        self.jitter = jitter
        self.longestRetryAfter = longestRetryAfter
        self.attempts = attempts
        self.total = total
    }

    /// Never again.
    package static let never = RetryPolicy(statuses: [], retriesConnections: false, attempts: 1)

    /// How long to wait before the next attempt.
    ///
    /// - Parameters:
    ///   - failures: Attempts so far, at least 1.
    ///   - elapsed: Since the first attempt began.
    ///   - date: Now, for a `Retry-After` that names a date.
    ///   - random: Below 1, at least 0.
    /// - Returns: nil when the failure is final.
    package func wait(
        after failure: HTTPFailure, failures: Int, elapsed: Duration, date: Date, random: Double
    ) -> Duration? {
        if let attempts, failures >= attempts { return nil }
        let isRetried =
            switch failure {
            case .status(let answer): statuses.contains(answer.status)
            case .transport(let error):
                switch error {
                case .cannotConnect, .timedOut, .cut: retriesConnections
                case .insecure, .tooLarge, .redirect, .invalidRequest: false
                }
            }
        guard isRetried else { return nil }
        let random = random.isFinite ? min(max(random, 0), 1) : 1
        let factor = jitter.lowerBound + random * (jitter.upperBound - jitter.lowerBound)
        var wait = backoff(failures: failures) * factor
        if case .status(let answer) = failure, let asked = RetryAfter.wait(in: answer, now: date) {
            // "At once" holds once: a server that says so for ever would be asked without a pause.
            let least = failures > 1 ? min(wait, firstWait * factor) : .zero
            wait = max(min(asked, longestRetryAfter), least)
        }
        if let total, elapsed + wait > total { return nil }
        return wait
    }

    /// The first wait, doubled with every further failure, up to the longest.
    private func backoff(failures: Int) -> Duration {
        var wait = max(firstWait, .zero)
        for _ in 1..<max(min(failures, 64), 1) {
            // Doubling what is less than half of the longest never overflows.
            guard wait < longestWait / 2 else { return longestWait }
            wait = wait * 2
        }
        return min(wait, longestWait)
    }
}

/// Why a call failed: no answer, or one that says no.
package enum HTTPFailure: Error, Sendable {
    case transport(HTTPError)
    case status(HTTPAnswer)
}
