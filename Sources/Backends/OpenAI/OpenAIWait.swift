import Foundation

/// How long a server of this protocol asks to wait.
enum OpenAIWait {
    /// No wait is longer, whatever a server asks.
    static let longest = Duration.seconds(300)

    /// `Retry-After`, else OpenAI's `x-ratelimit-reset-…`, else OpenRouter's `X-RateLimit-Reset`,
    /// which may also stand in the body.
    static func asked(
        by answer: HTTPAnswer, body: Data, isOpenRouter: Bool, now: Date
    ) -> Duration? {
        if let wait = RetryAfter.wait(in: answer, now: now) { return min(wait, longest) }
        guard answer.status == 429 else { return nil }
        let waits = ["requests", "tokens"].compactMap { kind -> Duration? in
            guard let wait = duration(answer.headers["x-ratelimit-reset-\(kind)"]) else {
                return nil
            }
            // The other kind's time until it is full again is of no interest.
            let remaining = answer.headers["x-ratelimit-remaining-\(kind)"]
            return remaining.flatMap(Double.init).map { $0 > 0 } == true ? .zero : wait
        }
        if let wait = waits.max(), wait > .zero { return min(wait, longest) }
        guard isOpenRouter else { return nil }
        let metadata = (try? JSONDecoder().decode(WireValue.self, from: body))?["error"]?[
            "metadata"]
        let text =
            answer.headers["x-ratelimit-reset"] ?? metadata?["headers"]?["X-RateLimit-Reset"]?.text
        guard let milliseconds = text.flatMap(Double.init), milliseconds.isFinite else {
            return nil
        }
        let seconds = milliseconds / 1000 - now.timeIntervalSince1970
        return .milliseconds(Int64(min(max(seconds, 0), 300) * 1000))
    }

    /// `1s`, `6m0s`, `20ms`, `1h2m3.5s`.
    static func duration(_ text: String?) -> Duration? {
        guard let text, !text.isEmpty, text.utf8.count <= 32 else { return nil }
        var rest = text[...]
        var seconds = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            let units = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400]
            guard let number = Double(digits), let factor = units[String(unit)] else { return nil }
            seconds += number * factor
        }
        return .milliseconds(Int64(min(seconds, 1e6) * 1000))
    }
}
