internal import Foundation

/// How far a piece of work is, as one line of text.
package struct ProgressBar: Hashable, Sendable {
    package var label: String
    package var completed: Int
    package var total: Int
    /// What else there is to say: "kl 0.084".
    package var note: String
    /// "412 tok/s"; empty when unknown.
    package var rate: String
    /// nil when unknown.
    package var secondsLeft: Double?

    package init(
        label: String, completed: Int, total: Int, note: String = "", rate: String = "",
        secondsLeft: Double? = nil
    ) {
        self.label = label
        self.completed = completed
        self.total = total
        self.note = note
        self.rate = rate
        self.secondsLeft = secondsLeft
    }

    /// The line in at most `width` cells: label, bar, count, then note, rate and time left as far
    /// as there is room. What is done and what is not are apart, so that they can be coloured.
    package func line(width: Int, isASCII: Bool = false) -> [(text: String, role: Role)] {
        let count = "\(completed)/\(total)"
        let details = [note, rate, secondsLeft.map { "\(Self.duration($0)) left" } ?? ""]
            .filter { !$0.isEmpty }
        var tail = " " + count
        let label = label.padded(to: 9) + " "
        // At least ten cells of bar are worth more than a detail.
        for detail in details
        where label.cellCount + 10 + tail.cellCount + 2 + detail.cellCount <= width {
            tail += "  " + detail
        }
        let room = min(40, width - label.cellCount - tail.cellCount)
        guard room >= 3 else {
            return [
                ("\(self.label) \(count)".truncated(to: max(width, 0), isASCII: isASCII), .text)
            ]
        }
        let filled = Int(Double(room) * share)
        return [
            (label, .text),
            (String(repeating: isASCII ? "#" : "━", count: filled), .progress),
            (String(repeating: isASCII ? "." : "─", count: room - filled), .progressRest),
            (tail, .muted),
        ]
    }

    /// From 0 to 1.
    private var share: Double {
        guard total > 0 else { return 0 }
        return min(1, max(0, Double(completed) / Double(total)))
    }

    /// "3 s", "2:05 min", "1:02 h".
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        func pair(_ large: Int, _ small: Int) -> String {
            "\(large):\(small < 10 ? "0" : "")\(small)"
        }
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(pair(whole / 60, whole % 60)) min" }
        return "\(pair(whole / 3600, whole % 3600 / 60)) h"
    }
}
