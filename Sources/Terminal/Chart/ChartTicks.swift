internal import Foundation

/// Places on the axes that have a number, no two with the same and no two that touch.
enum ChartTicks {
    /// A tick of the axis of values.
    struct Value: Equatable {
        /// Cell row, from the top of the plot.
        let row: Int
        let text: String
    }

    /// A tick of the axis of steps.
    struct Step: Equatable {
        /// Cell column, from the left of the plot.
        let column: Int
        let text: String
        /// Where the text begins, from the left of the plot; may be before it.
        let start: Int

        /// The cells that the text takes.
        var cells: Range<Int> { start..<start + text.cellCount }
    }

    /// The smallest of 1, 2 and 5 times a power of ten that is not below `least`, which is above 0.
    static func spacing(atLeast least: Double) -> Double {
        guard least.isFinite, least > 0 else { return 1 }
        let power = pow(10, floor(log10(least)))
        // A power of the smallest numbers may be 0; they are their own spacing.
        guard power > 0, power.isFinite else { return least }
        return [1, 2, 5].map { $0 * power }.first { $0 >= least } ?? 10 * power
    }

    /// Ticks of the axis of values in a plot of so many cell rows.
    static func values(_ range: ChartRange, rows: Int, glyphs: ChartGlyphs) -> [Value] {
        let axis = ValueAxis(range: range, rows: rows, glyphs: glyphs)
        return range.isLog ? axis.logarithmic : axis.linear
    }

    /// Ticks of the axis of steps.
    ///
    /// - Parameters:
    ///   - columns: Cells of the plot.
    ///   - left: Cells before the plot into which a text may reach.
    ///   - taken: Cells that are not free.
    static func steps(
        _ window: ChartWindow, columns: Int, left: Int, taken: Range<Int>?, glyphs: ChartGlyphs
    ) -> [Step] {
        var least = max(1, window.width * 5 / Double(max(1, columns)))
        // Each round takes the next of 1, 2, 5; a text is never wider than 20 cells.
        for _ in 0..<12 {
            let spacing = spacing(atLeast: least)
            let ticks = steps(
                window, spacing: spacing, columns: columns, left: left, glyphs: glyphs)
            let isClear = zip(ticks, ticks.dropFirst()).allSatisfy {
                $0.cells.upperBound + 2 <= $1.cells.lowerBound && $0.text != $1.text
            }
            if isClear {
                return ticks.filter { tick in
                    taken.map {
                        tick.cells.upperBound < $0.lowerBound
                            || tick.cells.lowerBound > $0.upperBound
                    } ?? true
                }
            }
            least = spacing * 1.5
        }
        return []
    }

    private static func steps(
        _ window: ChartWindow, spacing: Double, columns: Int, left: Int, glyphs: ChartGlyphs
    ) -> [Step] {
        let first = (window.lower / spacing).rounded(.up)
        let count = Int(min(1000, max(-1, (window.upper / spacing).rounded(.down) - first)))
        guard count >= 0 else { return [] }
        return (0...count).compactMap { number in
            let step = (first + Double(number)) * spacing
            let text = ChartNumber.step(step, spacing: spacing)
            let share = (step - window.lower) / window.width
            let dots = columns * glyphs.dotColumns - 1
            let column = Int((share * Double(dots)).rounded()) / glyphs.dotColumns
            guard (0..<columns).contains(column), text.cellCount <= columns + left else {
                return nil
            }
            return Step(column: column, text: text, start: start(of: text, at: column, columns))
        }
    }

    /// Where a text begins that is centred at a column but does not leave the plot at the right.
    static func start(of text: String, at column: Int, _ columns: Int) -> Int {
        min(column - (text.cellCount - 1) / 2, columns - text.cellCount)
    }
}

/// Finds the ticks of an axis of values.
private struct ValueAxis {
    let range: ChartRange
    let rows: Int
    let glyphs: ChartGlyphs

    var linear: [ChartTicks.Value] { linear(from: range.low, to: range.high) { $0 } }

    /// Decades with 2 and 5 where there is room for them, with 3 where there is less; round numbers
    /// where all that is too few.
    var logarithmic: [ChartTicks.Value] {
        let rowsPerDecade = Double(rows) / (range.high - range.low)
        let isRoomy = rowsPerDecade * log10(2) >= 2
        if !isRoomy {
            let ticks = decades(digits: rowsPerDecade * log10(3) >= 2 ? [1, 3] : [1])
            if ticks.count >= 2 { return ticks }
        }
        let ticks = decades(digits: [1, 2, 5])
        guard ticks.count < 2, range.high - range.low < 2 else { return ticks }
        return linear(from: pow(10, range.low), to: pow(10, range.high)) { log10($0) }
    }

    private func decades(digits: [Int]) -> [ChartTicks.Value] {
        // Every so many decades, where they are dense.
        let least = min(1000, 2 * (range.high - range.low) / Double(rows))
        let stride = max(1, Int(ChartTicks.spacing(atLeast: least)))
        let first = Int(floor(range.low / Double(stride))) * stride
        var ticks: [ChartTicks.Value] = []
        for exponent in Swift.stride(from: first, through: Int(ceil(range.high)), by: stride) {
            for digit in digits {
                let place = Double(exponent) + log10(Double(digit))
                add(ChartNumber.tick(digit, exponent: exponent), at: place, to: &ticks)
            }
        }
        return ticks
    }

    private func linear(
        from low: Double, to high: Double, place: (Double) -> Double
    ) -> [ChartTicks.Value] {
        let ticks = linear(from: low, to: high, rowsBetween: 3, place)
        return ticks.count >= 3 ? ticks : linear(from: low, to: high, rowsBetween: 2, place)
    }

    private func linear(
        from low: Double, to high: Double, rowsBetween: Int, _ place: (Double) -> Double
    ) -> [ChartTicks.Value] {
        let most = Double(max(2, rows / rowsBetween))
        let spacing = ChartTicks.spacing(atLeast: high / most - low / most)
        let first = (low / spacing).rounded(.up)
        let count = (high / spacing).rounded(.down) - first
        guard spacing > 0, count >= 0, count <= 1000 else { return [] }
        var ticks: [ChartTicks.Value] = []
        for number in 0...Int(count) {
            let value = (first + Double(number)) * spacing
            guard value.isFinite else { continue }
            let text = ChartNumber.tick(
                value, spacing: spacing, largest: max(abs(low), abs(high)))
            add(text, at: place(value), to: &ticks)
        }
        return ticks
    }

    /// Adds a tick that is on the plot and neither beside the last nor of the same text.
    private func add(_ text: String, at place: Double, to ticks: inout [ChartTicks.Value]) {
        let share = range.share(position: place)
        guard share >= 0, share <= 1 else { return }
        let dot = ((1 - share) * Double(rows * glyphs.dotRows - 1)).rounded()
        let row = Int(dot) / glyphs.dotRows
        if let last = ticks.last, abs(last.row - row) < 2 || last.text == text { return }
        ticks.append(ChartTicks.Value(row: row, text: text))
    }
}
