import Foundation

/// What follows from a failed attempt.
enum ServiceVerdict: Hashable {
    /// It is tried again.
    case again(after: Duration, pace: Pace)
    /// The request fails; others go on.
    case failed(String)
    /// The service's rules are against this very request, now and later.
    case declined(String)
    /// No request can succeed.
    case fatal(String)

    /// What it means for the others.
    enum Pace: Hashable {
        case asBefore
        /// Nothing new begins until the wait is over.
        case pauses
        /// That, and half as many go at once from then on.
        case slowsDown
    }

    /// Statuses that are tried again; 402 only where the answer says that it is about what is in
    /// flight.
    static let policy = RetryPolicy(
        statuses: [
            402, 408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529,
        ],
        firstWait: .seconds(1), longestWait: .seconds(60), jitter: 0...1,
        longestRetryAfter: OpenAIWait.longest, attempts: 6)

    /// What a request has been through.
    struct Past: Hashable, Sendable {
        /// Failed attempts, this one included.
        var failures = 0
        /// Those among them whose answer ended too early or could not be read.
        var incompletes = 0
        /// Whether another request succeeded since this one began.
        var othersSucceed = false
    }

    init(on error: OpenAIError, past: Past, by generator: ServiceGenerator) {
        let reason = generator.client.line(for: error, model: generator.serviceModel)
        switch error {
        case .endless: self = .failed(reason)
        case .incomplete, .malformed:
            self =
                past.incompletes > 1
                ? .failed(reason)
                : Self.again(
                    after: .transport(.cut(host: "", why: "")), past: past, generator: generator,
                    pace: .asBefore) ?? .failed(reason)
        case .transport(let error):
            if case .insecure = error {
                self = .fatal(reason)
                return
            }
            var pace = Pace.asBefore
            if case .cannotConnect = error { pace = .pauses }
            if let again = Self.again(
                after: .transport(error), past: past, generator: generator, pace: pace)
            {
                self = again
            } else if pace == .pauses, !past.othersSucceed {
                self = .fatal(reason)
            } else {
                self = .failed(reason)
            }
        case .refused(let refusal):
            self = Self.verdict(on: refusal, reason: reason, past: past, generator: generator)
        }
    }

    private static func verdict(
        on refusal: OpenAIRefusal, reason: String, past: Past, generator: ServiceGenerator
    ) -> ServiceVerdict {
        let client = generator.client
        let meetsAll =
            switch refusal.status {
            case 401, 404: true
            case 402:
                refusal.wait == nil && refusal.limitSource != "openrouter_in_flight_budget"
            case 429: refusal.words.contains("insufficient_quota")
            default: false
            }
        if meetsAll { return .fatal(reason) }
        if refusal.status == 403, !refusal.reasons.isEmpty {
            return .declined("\(reason) (\(refusal.reasons.joined(separator: ", ")))")
        }
        var headers: HTTPHeaders = [:]
        if let wait = refusal.wait { headers.add("retry-after-ms", "\(wait / .milliseconds(1))") }
        let answer = HTTPAnswer(
            status: refusal.status, headers: headers, url: client.base, body: Data())
        let slowsDown = [402, 429, 503, 529].contains(refusal.status)
        return again(
            after: .status(answer), past: past, generator: generator,
            pace: slowsDown ? .slowsDown : .asBefore) ?? .failed(reason)
    }

    private static func again(
        after failure: HTTPFailure, past: Past, generator: ServiceGenerator, pace: Pace
    ) -> ServiceVerdict? {
        let caller = generator.client.caller
        return policy.wait(
            after: failure, failures: past.failures, elapsed: .zero, date: caller.clock.date,
            random: caller.random()
        ).map { .again(after: $0, pace: pace) }
    }
}
