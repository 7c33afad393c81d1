import Foundation

@testable import Terminal

/// Charts that tests draw.
enum ChartSamples {
    /// A divergence that falls from 3.9 to about 0.03 with noise, over steps 1 to `count`.
    static func bake(count: Int = 64, name: String = "kl", role: Role = .chartStudent)
        -> ChartSeries
    {
        var numbers = SeededNumbers(state: 11)
        var series = ChartSeries(name: name, unit: "nats", role: role)
        for step in 1...count {
            let course = 0.028 + 3.9 * exp(-Double(step - 1) / (Double(count) / 8.5))
            let noise = exp(Double.random(in: -0.22...0.22, using: &numbers))
            series.append(step: step, value: step == 1 ? 3.9 : course * noise)
        }
        return series
    }

    static func series(_ values: [Double], name: String = "kl") -> ChartSeries {
        var series = ChartSeries(name: name, role: .chartStudent)
        for (step, value) in values.enumerated() { series.append(step: step, value: value) }
        return series
    }

    /// The text of a chart of so many columns and rows.
    static func text(
        _ chart: Chart, _ view: ChartView, _ columns: Int, _ rows: Int, _ glyphs: ChartGlyphs
    ) -> String {
        var surface = Surface(Size(columns: columns, rows: rows))
        chart.draw(into: &surface, rect: surface.bounds, view: view, glyphs: glyphs)
        return surface.lines.joined(separator: "\n")
    }
}
