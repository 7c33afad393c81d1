internal import Foundation

/// The values that are seen, from the bottom of the plot to its top.
package struct ChartRange: Hashable, Sendable {
    package let isLog: Bool
    /// In units of the axis: the value, or its decimal logarithm.
    package let low: Double
    /// Above ``low``.
    package let high: Double

    /// Bounds in units of the axis; they must be finite.
    init(isLog: Bool, low: Double, high: Double) {
        self.isLog = isLog
        self.low = low
        self.high = high
    }

    /// A range in which values from `smallest` to `largest` are seen with some room around them.
    ///
    /// - Parameters:
    ///   - smallest: Finite; above 0 on a logarithmic axis.
    ///   - largest: Not below `smallest`.
    init(isLog: Bool, fitting smallest: Double, _ largest: Double) {
        if isLog {
            let low = log10(smallest)
            let high = log10(largest)
            let room = max(0.05 * (high - low), 0.02)
            self.init(isLog: true, low: low - room, high: high + room)
            return
        }
        // A span of less than a millionth of the values is drawn flat: ticks could not name it.
        let scale = max(abs(smallest), abs(largest))
        let half = max(largest / 2 - smallest / 2, scale * 1e-6)
        // Of equal values the line is in the middle, at 0 at the bottom.
        let room = smallest == largest ? (scale > 1e-300 ? scale * 0.1 : 1) : half * 0.2
        let bound = Double.greatestFiniteMagnitude
        let low = smallest >= 0 ? max(0, smallest - room) : max(-bound, smallest - room)
        self.init(isLog: false, low: low, high: min(bound, max(largest + room, low + 1e-300)))
    }

    /// A value in units of the axis; nil for a gap.
    func position(_ value: Double) -> Double? {
        guard value.isFinite, !isLog || value > 0 else { return nil }
        return isLog ? log10(value) : value
    }

    /// Where a place of the axis lies: 0 at the bottom, 1 at the top; far outside it is bounded.
    func share(position: Double) -> Double {
        // Halves, so that the largest numbers of both signs have a difference.
        let share = (position / 2 - low / 2) / (high / 2 - low / 2)
        return min(1e6, max(-1e6, share))
    }

    /// Where a value lies: 0 at the bottom, 1 at the top; nil for a gap.
    func share(_ value: Double) -> Double? { position(value).map(share(position:)) }

    /// The dot row of a value in the range, `0..<count` from the top; some row outside for another
    /// value, nil for a gap.
    func row(_ value: Double, count: Int) -> Int? {
        share(value).map { Int(((1 - $0) * Double(count - 1)).rounded()) }
    }

    func contains(_ value: Double) -> Bool {
        position(value).map { $0 >= low && $0 <= high } ?? false
    }
}
