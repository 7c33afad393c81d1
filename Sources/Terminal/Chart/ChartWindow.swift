/// The steps that are seen, from one edge of the plot to the other; edges may lie between steps.
package struct ChartWindow: Hashable, Sendable {
    /// The fewest steps that are ever seen.
    package static let smallestWidth = 5.0

    package let lower: Double
    /// Above ``lower``.
    package let upper: Double

    /// A window too narrow is widened to the right.
    package init(lower: Double, upper: Double) {
        // On a grid, so that sums do not lose a sample at the edge to rounding.
        func snapped(_ place: Double) -> Double {
            abs(place) < 0x1p31 ? (place * 0x1p20).rounded() * 0x1p-20 : place
        }
        let lower = snapped(lower)
        let upper = snapped(upper)
        self.lower = lower
        // Steps so large that a double cannot tell them apart need a wider window.
        self.upper = max(upper, lower + max(Self.smallestWidth, abs(lower) * 1e-12))
    }

    /// In steps.
    package var width: Double { upper - lower }

    package func contains(_ step: Int) -> Bool {
        Double(step) >= lower && Double(step) <= upper
    }

    /// Where a step lies: 0 at the left edge, 1 at the right.
    package func share(_ step: Int) -> Double { (Double(step) - lower) / width }

    /// The place at a share of the width.
    package func place(_ share: Double) -> Double { lower + share * width }

    /// The dot column of a step in the window, `0..<count`; some column outside for another step.
    func column(_ step: Int, count: Int) -> Int {
        let column = (share(step) * Double(count - 1)).rounded()
        return Int(min(Double(ChartCanvas.farthest), max(-Double(ChartCanvas.farthest), column)))
    }

    /// The samples in the window.
    func indices(of series: ChartSeries) -> Range<Int> {
        let start = series.steps.firstIndex(notBelow: lower)
        return start..<max(start, series.steps.firstIndex(above: upper))
    }

    /// The samples in the window and one at either side, to which lines lead out of it.
    func indicesWithNeighbours(of series: ChartSeries) -> Range<Int> {
        let inside = indices(of: series)
        return max(0, inside.lowerBound - 1)..<min(series.steps.count, inside.upperBound + 1)
    }
}
