/// Numbers over steps, which only grow at the end, with what a chart wants to know of all of them.
///
/// A value that is not finite is a gap. It never gets into a bound or an average.
package struct ChartSeries: Sendable {
    /// How much of the past the shown averages keep; the first is the raw curve.
    package static let weights = [0, 0.6, 0.9, 0.99]

    /// One value and where it stands.
    package struct Sample: Hashable, Sendable {
        package var step: Int
        package var value: Double
    }

    /// Safe text of one line.
    package let name: String
    /// "nats"; empty for a number without.
    package let unit: String
    package let role: Role
    package let isHigherBetter: Bool

    /// In order; several samples may share a step.
    package private(set) var steps: [Int] = []
    /// As many as ``steps``.
    package private(set) var values: [Double] = []
    /// Of the finite values, as are the next two; nil when there is none.
    package private(set) var minimum: Double?
    package private(set) var maximum: Double?
    package private(set) var smallestPositive: Double?
    /// The best value so far, where it first appeared.
    package private(set) var best: Sample?
    /// Where the values stopped being finite; nil while the last one is.
    package private(set) var divergedStep: Int?

    private var averages = ChartSeries.weights.dropFirst().map(ChartAverage.init)

    package init(name: String, unit: String = "", role: Role, isHigherBetter: Bool = false) {
        self.name = name
        self.unit = unit
        self.role = role
        self.isHigherBetter = isHigherBetter
    }

    package var isEmpty: Bool { steps.isEmpty }

    /// Adds a sample at the end. A step before the last one replaces everything from it on, as a
    /// resumed run does.
    package mutating func append(step: Int, value: Double) {
        if let last = steps.last, step < last { keep(steps.firstIndex(notBelow: step)) }
        steps.append(step)
        values.append(value)
        for index in averages.indices { averages[index].append(value) }
        guard value.isFinite else {
            divergedStep = divergedStep ?? step
            return
        }
        divergedStep = nil
        minimum = min(minimum ?? value, value)
        maximum = max(maximum ?? value, value)
        if value > 0 { smallestPositive = min(smallestPositive ?? value, value) }
        let isBest = best.map { isHigherBetter ? value > $0.value : value < $0.value } ?? true
        if isBest { best = Sample(step: step, value: value) }
    }

    /// Removes the samples above a step.
    package mutating func truncate(after step: Int) { keep(steps.firstIndex(above: step)) }

    /// The curve for one of the ``weights``: the raw values for the first, else their debiased
    /// average; not finite at gaps. Always of the whole series, so that it does not depend on what
    /// part is looked at.
    package func curve(_ weight: Int) -> [Double] {
        averages.indices.contains(weight - 1) ? averages[weight - 1].shown : values
    }

    /// The last sample at a step or before it.
    package func index(at step: Int) -> Int? {
        let end = steps.firstIndex(above: step)
        return end > 0 ? end - 1 : nil
    }

    /// The value of a ``curve(_:)`` at a step or last before it; nil before the first.
    package func value(at step: Int, weight: Int = 0) -> Double? {
        index(at: step).map { curve(weight)[$0] }
    }

    /// The sample nearest to a place between steps, the last one where several share a step.
    package func nearestIndex(to place: Double) -> Int? {
        let next = steps.firstIndex(notBelow: place)
        guard let last = steps.indices.last else { return nil }
        let step: Int
        if next > last {
            step = steps[last]
        } else if next == 0 {
            step = steps[0]
        } else {
            let isPreviousNearer = place - Double(steps[next - 1]) < Double(steps[next]) - place
            step = steps[isPreviousNearer ? next - 1 : next]
        }
        return index(at: step)
    }

    /// Removes all but the first `count` samples and counts anew: rare, so nothing is kept for it.
    private mutating func keep(_ count: Int) {
        guard count < steps.count else { return }
        let kept = zip(steps.prefix(count), values.prefix(count))
        self = ChartSeries(name: name, unit: unit, role: role, isHigherBetter: isHigherBetter)
        for (step, value) in kept { append(step: step, value: value) }
    }
}

extension [Int] {
    /// In ordered steps, how many come before `place`.
    func firstIndex(notBelow place: Double) -> Int { partition { Double($0) < place } }

    /// In ordered steps, how many come before `step`.
    func firstIndex(notBelow step: Int) -> Int { partition { $0 < step } }

    /// In ordered steps, how many are at `place` or before it.
    func firstIndex(above place: Double) -> Int { partition { Double($0) <= place } }

    /// In ordered steps, how many are at `step` or before it.
    func firstIndex(above step: Int) -> Int { partition { $0 <= step } }

    /// How many of the first elements fulfil what no later one does.
    private func partition(_ isBefore: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
