/// The statistics of a verification.
enum Statistics {
    /// Two-sided 95 % of the normal distribution.
    private static let z = 1.959_963_984_540_054

    /// Wilson's 95 % interval of a share (Wilson 1927); 0…1 when nothing was seen.
    static func wilson(successes: Int, total: Int) -> Interval {
        precondition(successes >= 0 && successes <= total)
        guard total > 0 else { return Interval(low: 0, high: 1) }
        let n = Double(total)
        let share = Double(successes) / n
        let centre = share + z * z / (2 * n)
        let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        return Interval(
            low: successes == 0 ? 0 : (centre - half) / scale,
            high: successes == total ? 1 : (centre + half) / scale)
    }

    /// How many of `values` hold; not a number when there are none.
    static func share(_ values: [Bool]) -> Double {
        Double(values.filter { $0 }.count) / Double(values.count)
    }

    /// The sums over one query's response tokens.
    struct QuerySums: Hashable, Sendable {
        var base: Double
        var baked: Double
    }

    /// 1 − baked / base over all queries: a ratio of token-weighted means, both over the same
    /// tokens.
    static func gapClosed(_ queries: some Sequence<QuerySums>) -> Double {
        var base = 0.0
        var baked = 0.0
        for query in queries {
            base += query.base
            baked += query.baked
        }
        return 1 - baked / base
    }

    /// The 95 % percentile interval of ``gapClosed(_:)`` over resampled queries.
    static func gapClosedInterval(
        _ queries: [QuerySums], seed: UInt64, resampleCount: Int = 2000
    ) -> Interval {
        guard !queries.isEmpty else { return Interval(low: .nan, high: .nan) }
        var random = SplitMix64(seed: seed)
        let gaps = (0..<resampleCount).map { _ in
            gapClosed(queries.indices.map { _ in queries[random.next(below: queries.count)] })
        }
        guard gaps.allSatisfy(\.isFinite) else { return Interval(low: .nan, high: .nan) }
        let sorted = gaps.sorted()
        return Interval(low: quantile(0.025, of: sorted), high: quantile(0.975, of: sorted))
    }

    /// With linear interpolation between neighbours (Hyndman and Fan's type 7).
    static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        precondition(!sorted.isEmpty)
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
}
