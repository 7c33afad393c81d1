/// Where the parts of a chart are in its rectangle. What there is no room for is empty.
struct ChartLayout {
    /// The smallest plot; with less room there are words instead.
    static let smallestPlot = Size(columns: 10, rows: 3)

    let title: Rect
    let plot: Rect
    /// Texts of the axis of values, with the axis in the last column.
    let valueAxis: Rect
    /// The axis of steps with its texts below.
    let stepAxis: Rect
    /// Right of the plot, for the names of the curves that end there.
    let names: Rect
    let valueTicks: [ChartTicks.Value]

    /// - Parameter nameCells: The longest name that stands at a line's end; 0 for none.
    /// - Returns: nil where there is no room for a plot.
    init?(
        _ rect: Rect, range: ChartRange?, nameCells: Int, showsTitle: Bool, glyphs: ChartGlyphs
    ) {
        guard rect.width >= Self.smallestPlot.columns, rect.height >= Self.smallestPlot.rows
        else { return nil }
        let titleRows = showsTitle && rect.height > Self.smallestPlot.rows ? 1 : 0
        let (title, body) = rect.split(top: titleRows)
        self.title = title
        let stepRows = body.height >= 6 && rect.width >= 20 ? 2 : 0
        let (upper, lower) = body.split(bottom: stepRows)

        let ticks = range.map { ChartTicks.values($0, rows: upper.height, glyphs: glyphs) } ?? []
        // At least five, so that the plot seldom moves when the numbers change.
        let widest = ticks.map(\.text.cellCount).max() ?? 0
        let axisColumns = max(5, widest) + 1
        let hasAxis = !ticks.isEmpty && rect.width >= axisColumns + 2 * Self.smallestPlot.columns
        valueTicks = hasAxis ? ticks : []
        let left = hasAxis ? axisColumns : 0
        let wanted = nameCells == 0 ? 0 : min(nameCells, 16, rect.width / 5) + 1
        let right = rect.width - left - wanted >= 3 * Self.smallestPlot.columns ? wanted : 0

        let (axis, rest) = upper.split(left: left)
        valueAxis = axis
        plot = rest.inset(right: right)
        names = Rect(x: plot.maxX, y: plot.y, width: right, height: plot.height)
        stepAxis = lower
    }
}
