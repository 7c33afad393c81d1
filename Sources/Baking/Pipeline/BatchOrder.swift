/// Which rows a step trains on.
struct BatchOrder: Hashable, Sendable {
    let rowCount: Int
    let batchSize: Int
    let seed: UInt64

    var stepsPerEpoch: Int { (rowCount + batchSize - 1) / batchSize }

    /// The epoch of `step`; both from 1.
    func epoch(of step: Int) -> Int { (step - 1) / stepsPerEpoch + 1 }

    /// The rows of `step`, from 1. Every epoch visits every row once, in an order that depends on
    /// the seed and the epoch alone; its last batch may be smaller.
    func rows(of step: Int) -> ArraySlice<Int> {
        var order = Array(0..<rowCount)
        var random = SplitMix64(seed: derivedSeed("epoch", "\(seed)", "\(epoch(of: step))"))
        for last in stride(from: rowCount - 1, to: 0, by: -1) {
            order.swapAt(last, random.next(below: last + 1))
        }
        let start = (step - 1) % stepsPerEpoch * batchSize
        return order[start..<min(start + batchSize, rowCount)]
    }
}
