// What keys and the mouse do.
extension ChartView {
    /// Moves the cursor by so many steps that have a sample; without one it begins at the last
    /// sample that is seen. The window follows it.
    package mutating func moveCursor(by count: Int, in chart: Chart) {
        let steps = chart.series.steps
        guard !steps.isEmpty else { return }
        guard let start = cursor else {
            let seen = window(of: chart).upper
            return moveCursor(toStep: steps[max(0, steps.firstIndex(above: seen) - 1)], in: chart)
        }
        var step = start
        for _ in 0..<abs(count) {
            let next =
                count > 0 ? steps.firstIndex(above: step) : steps.firstIndex(notBelow: step) - 1
            guard steps.indices.contains(next) else { break }
            step = steps[next]
        }
        moveCursor(toStep: step, in: chart)
    }

    /// Moves the cursor to the sample nearest to a step.
    package mutating func moveCursor(toStep step: Int, in chart: Chart) {
        guard let index = chart.series.nearestIndex(to: Double(step)) else { return }
        cursor = chart.series.steps[index]
        reveal(chart.series.steps[index], in: chart)
    }

    /// Moves the cursor to the sample at the next mark, behind the last to the first.
    package mutating func moveToNextMark(in chart: Chart) {
        let steps = chart.marks.compactMap { mark in
            chart.series.nearestIndex(to: Double(mark.step)).map { chart.series.steps[$0] }
        }
        let next = steps.filter { step in cursor.map { step > $0 } ?? true }.min()
        if let step = next ?? steps.min() { moveCursor(toStep: step, in: chart) }
    }

    /// Moves the window by a share of its width, to the right when positive, as far as there are
    /// steps. Freezes it.
    package mutating func pan(by share: Double, in chart: Chart) {
        guard share.isFinite, let steps = chart.steps(withOverlays: showsOverlays) else { return }
        let old = window(of: chart)
        let distance = share * old.width
        let lower =
            distance < 0
            ? max(old.lower + distance, min(old.lower, Double(steps.lowerBound)))
            : min(old.lower + distance, max(old.lower, Double(steps.upperBound) - old.width))
        if lower != old.lower { freeze(lower: lower, width: old.width) }
    }

    /// Shows half or twice as many steps, with the sample under the cursor where it was: without a
    /// cursor the last sample that is seen. Freezes the window; one that would hold all is all.
    package mutating func zoom(in isCloser: Bool, in chart: Chart) {
        let window = window(of: chart)
        let steps = chart.series.steps
        let last = steps.firstIndex(above: window.upper) - 1
        var anchor = steps.indices.contains(last) ? window.share(steps[last]) : 0.5
        if let cursor, window.contains(cursor) { anchor = window.share(cursor) }
        zoom(in: isCloser, at: min(1, max(0, anchor)), in: chart)
    }

    /// Zooms with a place of the window where it was.
    ///
    /// - Parameter anchor: 0 at the left edge, 1 at the right.
    private mutating func zoom(in isCloser: Bool, at anchor: Double, in chart: Chart) {
        guard let steps = chart.steps(withOverlays: showsOverlays) else { return }
        let old = window(of: chart)
        let width = max(ChartWindow.smallestWidth, old.width * (isCloser ? 0.5 : 2))
        guard isCloser ? width < old.width : state != .all else { return }
        let whole = Double(steps.upperBound) - Double(steps.lowerBound)
        if !isCloser && width >= whole { return showAll() }
        freeze(lower: old.place(anchor) - anchor * width, width: width)
    }

    /// Shows everything.
    package mutating func showAll() {
        state = .all
        refit()
    }

    /// Follows the last steps again, without a cursor, so that the newest sample is read out. A
    /// window that was zoomed keeps its width.
    package mutating func follow() {
        if state == .frozen { followedWidth = frozenWindow.width }
        state = .following
        cursor = nil
        refit()
    }

    package mutating func toggleLog() {
        isLog.toggle()
        refit()
    }

    package mutating func cycleSmoothing() {
        weight = (weight + 1) % ChartSeries.weights.count
        refit()
    }

    package mutating func toggleOverlays() {
        showsOverlays.toggle()
        refit()
    }

    /// Moves the cursor to the sample nearest to a column of the screen.
    ///
    /// - Parameter plot: Where the plot was drawn (``Chart/plot(in:view:glyphs:showsTitle:)``).
    package mutating func moveCursor(toColumn column: Int, of plot: Rect, in chart: Chart) {
        guard let share = share(ofColumn: column, of: plot) else { return }
        let place = window(of: chart).place(share)
        guard let index = chart.series.nearestIndex(to: place) else { return }
        moveCursor(toStep: chart.series.steps[index], in: chart)
    }

    /// Zooms with the step at a column of the screen where it was, as a wheel does.
    package mutating func zoom(
        in isCloser: Bool, atColumn column: Int, of plot: Rect, in chart: Chart
    ) {
        guard let share = share(ofColumn: column, of: plot) else { return }
        zoom(in: isCloser, at: share, in: chart)
    }

    /// Moves what is seen by so many columns of the screen, to the right when positive, as a drag
    /// does.
    package mutating func drag(byColumns columns: Int, of plot: Rect, in chart: Chart) {
        guard plot.width > 0 else { return }
        pan(by: -Double(columns) / Double(plot.width), in: chart)
    }

    private func share(ofColumn column: Int, of plot: Rect) -> Double? {
        guard column >= plot.x, column < plot.maxX else { return nil }
        return (Double(column - plot.x) + 0.5) / Double(plot.width)
    }

    private mutating func freeze(lower: Double, width: Double) {
        frozenWindow = ChartWindow(lower: lower, upper: lower + width)
        state = .frozen
        refit()
    }

    /// Moves the window as little as shows a step.
    private mutating func reveal(_ step: Int, in chart: Chart) {
        let window = window(of: chart)
        guard !window.contains(step) else { return }
        let isBefore = Double(step) < window.lower
        let lower = isBefore ? Double(step) : Double(step) - window.width
        freeze(lower: lower, width: window.width)
    }
}
