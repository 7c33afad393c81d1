import Testing

@testable import Baking

@Suite struct StatisticsTests {
    /// statsmodels' proportion_confint(…, method="wilson").
    @Test(arguments: [
        (8, 10, 0.490_162_47, 0.943_317_82), (0, 20, 0.0, 0.161_125_16),
        (50, 50, 0.928_651_87, 1.0), (1, 3, 0.061_491_94, 0.792_340_40),
    ]) func `Wilson's interval has the published values`(
        successes: Int, total: Int, low: Double, high: Double
    ) {
        let interval = Statistics.wilson(successes: successes, total: total)
        #expect(abs(interval.low - low) < 1e-6)
        #expect(abs(interval.high - high) < 1e-6)
    }

    @Test func `nothing seen says nothing`() {
        #expect(Statistics.wilson(successes: 0, total: 0) == Interval(low: 0, high: 1))
        #expect(Statistics.share([]).isNaN)
    }

    @Test func `the gap is a ratio of sums and not a mean of ratios`() {
        let queries: [Statistics.QuerySums] = [.init(base: 9, baked: 0), .init(base: 1, baked: 1)]
        #expect(Statistics.gapClosed(queries) == 0.9)
    }

    @Test func `quantiles are interpolated`() {
        #expect(Statistics.quantile(0.25, of: [0, 1, 2, 3, 4]) == 1)
        #expect(Statistics.quantile(0.1, of: [0, 1, 2, 3, 4]) == 0.4)
        #expect(Statistics.quantile(1, of: [0, 5]) == 5)
    }

    /// With two queries of equal weight a resample is one of four, and the mean gap is 0.25, 0.5
    /// (twice) or 0.75; a twentieth of the resamples lies far inside either end.
    @Test func `the bootstrap of two queries spans them`() {
        let queries: [Statistics.QuerySums] = [.init(base: 4, baked: 3), .init(base: 4, baked: 1)]
        let interval = Statistics.gapClosedInterval(queries, seed: 1)
        #expect(interval == Interval(low: 0.25, high: 0.75))
    }

    @Test func `the bootstrap's width is that of the normal approximation`() {
        // 400 queries of base 1 whose baked values have standard deviation 0.1 around 0.1: the mean
        // has a standard error of 0.005, so the 95 % interval is 0.9 ± 0.0098.
        let queries = (0..<400).map { Statistics.QuerySums(base: 1, baked: $0 % 2 == 0 ? 0 : 0.2) }
        let interval = Statistics.gapClosedInterval(queries, seed: 7)
        #expect(abs(interval.low - 0.8902) < 0.0012)
        #expect(abs(interval.high - 0.9098) < 0.0012)
        #expect(interval == Statistics.gapClosedInterval(queries, seed: 7))
        #expect(interval != Statistics.gapClosedInterval(queries, seed: 8))
    }

    @Test func `no divergence to begin with leaves no gap to close`() {
        let interval = Statistics.gapClosedInterval([.init(base: 0, baked: 0)], seed: 0)
        #expect(interval.low.isNaN && interval.high.isNaN)
    }

    /// The reference implementation's first values for seed 1234567.
    @Test func `the generator is the published one`() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test func `an epoch visits every row once and its last batch may be smaller`() {
        let order = BatchOrder(rowCount: 200, batchSize: 16, seed: 0)
        #expect(order.stepsPerEpoch == 13)
        var epochs: [[Int]] = []
        for epoch in 0..<4 {
            let batches = (1...13).map { Array(order.rows(of: epoch * 13 + $0)) }
            #expect(batches.map(\.count) == Array(repeating: 16, count: 12) + [8])
            #expect(batches.flatMap(\.self).sorted() == Array(0..<200))
            #expect(order.epoch(of: epoch * 13 + 13) == epoch + 1)
            epochs.append(batches.flatMap(\.self))
        }
        #expect(Set(epochs).count == 4)
        #expect(BatchOrder(rowCount: 200, batchSize: 16, seed: 1).rows(of: 1) != order.rows(of: 1))
    }
}
