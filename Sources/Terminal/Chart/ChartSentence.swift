/// A chart in words: "kl 0.084 nats at step 420, down 12 % in 50 steps, best 0.079 at 405, 91 % of
/// the gap closed".
package enum ChartSentence {
    /// Steps over which a change is told.
    package static let lookBack = 50

    /// - Parameters:
    ///   - gapClosed: 1 is all; nil when unknown.
    ///   - width: Cells; parts that do not fit are left out from the right, maybe all.
    package static func text(
        _ series: ChartSeries, gapClosed: Double? = nil, width: Int = .max
    ) -> String {
        lines(series, gapClosed: gapClosed, width: width, rows: 1).first ?? ""
    }

    /// The same in several lines, with as many of its parts as there is room for; no word is cut.
    static func lines(
        _ series: ChartSeries, gapClosed: Double?, width: Int, rows: Int
    ) -> [String] {
        guard width > 0, rows > 0 else { return [] }
        var parts = parts(series, gapClosed: gapClosed)
        while !parts.isEmpty {
            let text = parts.joined(separator: ", ")
            let lines = text.wrapped(to: width)
            if lines.count <= rows && lines.joined(separator: " ") == text { return lines }
            parts.removeLast()
        }
        return []
    }

    private static func parts(_ series: ChartSeries, gapClosed: Double?) -> [String] {
        guard let step = series.steps.last, let value = series.values.last else { return [] }
        var parts: [String] = []
        if let diverged = series.divergedStep {
            parts.append("\(series.name) not finite at step \(diverged)")
        } else {
            let unit = series.unit.isEmpty ? "" : " \(series.unit)"
            parts.append(
                "\(series.name) \(ChartNumber.text(value, digits: 2))\(unit) at step \(step)")
            if let change = change(of: series) { parts.append(change) }
        }
        if let best = series.best {
            parts.append("best \(ChartNumber.text(best.value, digits: 2)) at \(best.step)")
        }
        if let text = gapClosed.flatMap(ChartNumber.percent) {
            parts.append("\(text) of the gap closed")
        }
        return parts
    }

    /// "down 12 % in 50 steps", of the smoothed curve, since one noisy value says nothing.
    private static func change(of series: ChartSeries) -> String? {
        let curve = series.curve(1)
        guard let last = series.steps.last, let now = curve.last, let first = series.steps.first
        else { return nil }
        let (start, isEarly) = last.subtractingReportingOverflow(lookBack)
        guard let index = series.index(at: isEarly ? first : max(first, start)) else { return nil }
        let (steps, isFar) = last.subtractingReportingOverflow(series.steps[index])
        let before = curve[index]
        let share = now / before - 1
        guard !isFar, steps > 0, before > 0, let text = ChartNumber.percent(abs(share))
        else { return nil }
        let span = "in \(steps) \(steps == 1 ? "step" : "steps")"
        if text == "0 %" { return "level \(span)" }
        return "\(share < 0 ? "down" : "up") \(text) \(span)"
    }
}
