/// An exponential average that grows with its series: s ← w·s + (1−w)·y from s = 0, shown as
/// s / (1 − wⁿ), which takes away the pull to zero at the start.
struct ChartAverage: Sendable {
    private let weight: Double
    private var sum = 0.0
    /// wⁿ.
    private var power = 1.0
    /// One per value; not finite at gaps, which change nothing.
    private(set) var shown: [Double] = []

    /// - Parameter weight: What is kept of the past at each value, from 0 to less than 1.
    init(weight: Double) { self.weight = weight }

    mutating func append(_ value: Double) {
        guard value.isFinite else { return shown.append(.nan) }
        sum = weight * sum + (1 - weight) * value
        power *= weight
        let largest = Double.greatestFiniteMagnitude
        shown.append(min(largest, max(-largest, sum / (1 - power))))
    }
}
