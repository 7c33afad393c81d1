/// Curves over steps with what belongs to them; what of it is seen is a ``ChartView``'s matter.
package struct Chart: Sendable {
    /// The roles of other runs, in order; more than these begin again.
    package static let overlayRoles: [Role] = [
        .chartRun1, .chartRun2, .chartRun3, .chartRun4, .chartRun5, .chartRun6,
    ]

    /// The curve that has the cursor: raw, and smoothed before it.
    package var series: ChartSeries
    /// Curves that are always drawn with it, unsmoothed: what is measured now and then.
    package var companions: [ChartSeries]
    /// The same of other runs, which a view may hide: smoothed only.
    package var overlays: [ChartSeries]
    package var marks: [ChartMark]
    package var guides: [ChartGuide]
    /// What has been reached of what could be: 1 is all; nil when unknown.
    package var gapClosed: Double?
    /// Safe text that is shown while there are no samples.
    package var placeholder: String
    /// The last step that will come, where it is known: a view of everything then has room for an
    /// eighth, a quarter, half or all of it, so that the picture moves only when that is full.
    package var lastExpectedStep: Int?

    package init(
        series: ChartSeries, companions: [ChartSeries] = [], overlays: [ChartSeries] = [],
        marks: [ChartMark] = [], guides: [ChartGuide] = [], gapClosed: Double? = nil,
        placeholder: String = "no steps yet"
    ) {
        self.series = series
        self.companions = companions
        self.overlays = overlays
        self.marks = marks
        self.guides = guides
        self.gapClosed = gapClosed
        self.placeholder = placeholder
    }

    /// The curves of a view in the order of drawing, the later over the earlier.
    func curves(in view: ChartView) -> [(series: ChartSeries, values: [Double], role: Role)] {
        let smoothed = series.curve(view.weight)
        var curves: [(series: ChartSeries, values: [Double], role: Role)] = []
        if view.weight > 0 { curves.append((series, series.values, .chartRaw)) }
        if view.showsOverlays {
            curves += overlays.map { ($0, $0.curve(view.weight), $0.role) }
        }
        curves += companions.map { ($0, $0.values, $0.role) }
        return curves + [(series, smoothed, series.role)]
    }

    /// From the first step to the last; nil while there are no samples.
    func steps(withOverlays: Bool) -> ClosedRange<Int>? {
        let all = [series] + companions + (withOverlays ? overlays : [])
        guard let first = all.compactMap(\.steps.first).min(),
            let last = all.compactMap(\.steps.last).max()
        else { return nil }
        return first...max(first, last)
    }

    /// The same with the room for what will come.
    func stepsWithRoom(withOverlays: Bool) -> ClosedRange<Int>? {
        guard let steps = steps(withOverlays: withOverlays) else { return nil }
        guard let expected = lastExpectedStep else { return steps }
        let parts = [8, 4, 2, 1].map { steps.lowerBound + (expected - steps.lowerBound) / $0 }
        let room = parts.first { $0 >= steps.upperBound } ?? steps.upperBound
        return steps.lowerBound...max(steps.upperBound, room)
    }

    /// The range that shows every value in the window; nil where there is none to show.
    ///
    /// A guide that is near belongs to it; one that is far does not flatten the curves.
    func fittingRange(in view: ChartView) -> ChartRange? {
        let window = view.window(of: self)
        var bounds: (Double, Double)?
        func include(_ indices: (ChartSeries) -> Range<Int>) {
            for (series, values, _) in curves(in: view) {
                for index in indices(series) {
                    let value = values[index]
                    guard value.isFinite, !view.isLog || value > 0 else { continue }
                    let (low, high) = bounds ?? (value, value)
                    bounds = (min(low, value), max(high, value))
                }
            }
        }
        include { window.indices(of: $0) }
        // Between two samples their line is seen.
        if bounds == nil { include { window.indicesWithNeighbours(of: $0) } }
        guard let (low, high) = bounds else { return nil }
        let range = ChartRange(isLog: view.isLog, fitting: low, high)
        let near = guides.map(\.value).filter { value in
            range.share(value).map { $0 >= -0.3 && $0 <= 1.3 } ?? false
        }
        return ChartRange(
            isLog: view.isLog, fitting: near.reduce(low, min), near.reduce(high, max))
    }

    /// Values in the window that a logarithmic axis cannot show.
    func leftOutCount(in view: ChartView) -> Int {
        guard view.isLog else { return 0 }
        let values = series.values[view.window(of: self).indices(of: series)]
        return values.count { $0.isFinite && $0 <= 0 }
    }
}
