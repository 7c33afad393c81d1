/// A curve in one row of eight levels.
package enum Sparkline {
    /// Draws `values` into `width` cells from the smallest to the largest; a cell shows the mean of
    /// its values, numbers that are not finite are left out.
    package static func text(_ values: [Double], width: Int, isASCII: Bool = false) -> String {
        let values = values.filter(\.isFinite)
        guard let low = values.min(), let high = values.max(), width > 0 else { return "" }
        let levels = Array(isASCII ? "_.-=+*#@" : "▁▂▃▄▅▆▇█")
        let cells = min(width, values.count)
        return String(
            (0..<cells).map { cell in
                let part = values[cell * values.count / cells..<(cell + 1) * values.count / cells]
                let mean = part.reduce(0) { $0 + $1 / Double(part.count) }
                guard high > low else { return levels[0] }
                let share = (mean - low) / (high - low)
                return levels[min(7, max(0, Int(share * 8)))]
            })
    }
}
