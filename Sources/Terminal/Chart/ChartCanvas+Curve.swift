extension ChartCanvas {
    /// Draws a curve of a series as if every sample were drawn and joined to the next.
    ///
    /// Of the samples in a dot column only the first, last, smallest and largest matter (the idea of
    /// M4, Jugel et al. 2014): a run from the smallest to the largest, and a line from the last to
    /// the first of the next column. Nothing is averaged, so a spike of one step is seen.
    ///
    /// - Parameter values: As many as the series has steps; a gap ends a line.
    mutating func draw(
        _ series: ChartSeries, values: [Double], window: ChartWindow, range: ChartRange
    ) {
        var open: ChartColumn?
        var isAlone = true
        for index in window.indicesWithNeighbours(of: series) {
            let value = values[index]
            guard value.isFinite, !range.isLog || value > 0 else {
                if let column = open { finish(column, isAlone: isAlone, range) }
                open = nil
                isAlone = true
                continue
            }
            let x = window.column(series.steps[index], count: dotColumns)
            if open?.x == x {
                open?.add(value)
                isAlone = false
                continue
            }
            if let column = open {
                finish(column, isAlone: false, range)
                isAlone = false
                if let y = range.row(column.last, count: dotRows),
                    let next = range.row(value, count: dotRows)
                {
                    line(from: Point(x: column.x, y: y), to: Point(x: x, y: next))
                }
            }
            open = ChartColumn(x: x, value)
        }
        if let column = open { finish(column, isAlone: isAlone, range) }
    }

    private mutating func finish(_ column: ChartColumn, isAlone: Bool, _ range: ChartRange) {
        guard let top = range.row(column.largest, count: dotRows),
            let bottom = range.row(column.smallest, count: dotRows)
        else { return }
        if isAlone { spot(x: column.x, y: top) } else { run(x: column.x, top, bottom) }
    }
}

/// What matters of the samples in one dot column.
private struct ChartColumn {
    let x: Int
    var smallest: Double
    var largest: Double
    var last: Double

    init(x: Int, _ value: Double) {
        self.x = x
        (smallest, largest, last) = (value, value, value)
    }

    mutating func add(_ value: Double) {
        smallest = min(smallest, value)
        largest = max(largest, value)
        last = value
    }
}
