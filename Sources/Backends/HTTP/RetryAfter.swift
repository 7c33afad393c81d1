package import Foundation

/// How long a server asks to wait.
package enum RetryAfter {
    /// Longest wait that is understood as such: about twelve days.
    private static let longest = 1e6

    /// `retry-after-ms`, else `Retry-After` in seconds, fractional or not, or as an HTTP date in any of
    /// its three forms (RFC 9110, 5.6.7).
    ///
    /// - Returns: nil where there is neither, or nothing that is a time. Never negative: a date that is
    ///   past means at once.
    package static func wait(in answer: HTTPAnswer, now: Date) -> Duration? {
        if let milliseconds = number(answer.headers["retry-after-ms"]) {
            return duration(milliseconds / 1000)
        }
        guard let text = answer.headers["retry-after"] else { return nil }
        if let seconds = number(text) { return duration(seconds) }
        return date(text).map { duration($0.timeIntervalSince(now)) }
    }

    /// Only digits and a point: `Double` also reads "nan", "0x10" and "1e9".
    private static func number(_ text: String?) -> Double? {
        guard let text = text?.trimmingCharacters(in: .whitespaces),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let number = Double(text)
        else { return nil }
        return number
    }

    private static func duration(_ seconds: Double) -> Duration {
        .milliseconds(Int64((min(max(seconds, 0), longest) * 1000).rounded(.up)))
    }

    private static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        let text = text.trimmingCharacters(in: .whitespaces)
        for format in [
            "EEE, dd MMM yyyy HH:mm:ss zzz", "EEEE, dd-MMM-yy HH:mm:ss zzz",
            "EEE MMM d HH:mm:ss yyyy",
        ] {
            formatter.dateFormat = format
            if let date = formatter.date(from: text) { return date }
        }
        return nil
    }
}
