/// One drawing of a chart for which there is a plot and something to see.
struct ChartDrawing {
    private let chart: Chart
    private let view: ChartView
    private let range: ChartRange
    private let window: ChartWindow
    private let layout: ChartLayout
    private let glyphs: ChartGlyphs
    private var canvas: ChartCanvas
    /// Cells of plot and names that a text has taken.
    private var taken: Set<Point> = []

    init(
        chart: Chart, view: ChartView, range: ChartRange, layout: ChartLayout,
        glyphs: ChartGlyphs
    ) {
        self.chart = chart
        self.view = view
        self.range = range
        self.layout = layout
        self.glyphs = glyphs
        window = view.window(of: chart)
        canvas = ChartCanvas(
            columns: layout.plot.width, rows: layout.plot.height, glyphs: glyphs)
    }

    private var plot: Rect { layout.plot }

    mutating func draw(into surface: inout Surface) {
        drawCurves()
        let marks = visibleMarks
        drawAxes(into: &surface)
        drawGuides(into: &surface)
        for mark in marks { drawMark(mark, into: &surface) }
        for y in 0..<plot.height {
            for x in 0..<plot.width {
                guard let cell = canvas.cell(x: x, y: y) else { continue }
                surface.put(cell.text, x: plot.x + x, y: plot.y + y, cell.look, in: plot)
            }
        }
        drawCursor(into: &surface)
        labelCurves(into: &surface)
        labelGuides(into: &surface)
        labelMarks(marks, into: &surface)
    }

    // MARK: Curves

    /// What other curves are drawn with where cells have no dots; the raw curve's is a point.
    private static let signs = ["o", "x", "+", "#", "@", "%"]

    private mutating func drawCurves() {
        var others = 0
        let curves = chart.curves(in: view)
        for (index, curve) in curves.enumerated() {
            var sign = "*"
            if curve.role == .chartRaw {
                sign = "."
            } else if index < curves.count - 1 {
                sign = Self.signs[others % Self.signs.count]
                others += 1
            }
            canvas.begin(Look(curve.role), sign: sign)
            canvas.draw(curve.series, values: curve.values, window: window, range: range)
        }
    }

    /// Puts the name of each curve behind its end, or as near to that as is free.
    private mutating func labelCurves(into surface: inout Surface) {
        for (series, values, role) in chart.namedCurves(in: view).reversed() {
            let end = window.indices(of: series).last { index in
                values[index].isFinite && (!range.isLog || values[index] > 0)
            }
            guard let end, let row = range.row(values[end], count: canvas.dotRows) else { continue }
            let x = window.column(series.steps[end], count: canvas.dotColumns) / glyphs.dotColumns
            let y = min(plot.height - 1, max(0, row / glyphs.dotRows))
            place(series.name, behind: Point(x: x, y: y), Look(role), into: &surface)
        }
    }

    private mutating func place(
        _ name: String, behind end: Point, _ look: Look, into surface: inout Surface
    ) {
        let room = plot.width + layout.names.width
        let longest = max(layout.names.width - 1, plot.width / 4)
        let text = name.truncated(to: longest, isASCII: glyphs == .ascii)
        let rows = (0..<plot.height).sorted { abs($0 - end.y) < abs($1 - end.y) }
        for x in [end.x + 2, room - text.cellCount] where x + text.cellCount <= room && x >= 0 {
            for y in rows where isFree(Point(x: x, y: y), text) {
                return put(text, at: Point(x: x, y: y), look, into: &surface)
            }
        }
    }

    // MARK: Axes

    private func drawAxes(into surface: inout Surface) {
        let signs = glyphs.signs
        let look = Look(.chartAxis)
        let axis = layout.valueAxis
        let line = axis.maxX - 1
        if !axis.isEmpty {
            let column = Rect(x: line, y: axis.y, width: 1, height: axis.height)
            surface.fill(column, look, with: signs.vertical)
            for tick in layout.valueTicks {
                let y = axis.y + tick.row
                surface.put(
                    tick.text, x: line - tick.text.cellCount, y: y, look, in: axis)
                surface.put(glyphs.tickLeft, x: line, y: y, look, in: axis)
            }
        }
        guard layout.stepAxis.height == 2 else { return }
        let y = layout.stepAxis.y
        surface.fill(
            Rect(x: plot.x, y: y, width: plot.width, height: 1), look, with: signs.horizontal)
        if !axis.isEmpty { surface.put(glyphs.corner, x: line, y: y, look) }
        var taken: Range<Int>?
        if let column = cursorColumn, let step = view.cursor {
            let start = max(
                -axis.width, ChartTicks.start(of: "\(step)", at: column, plot.width))
            taken = start..<start + "\(step)".cellCount
            surface.put(glyphs.tickBelow, x: plot.x + column, y: y, Look(.chartCursor))
            surface.put(
                "\(step)", x: plot.x + start, y: y + 1, Look(.chartCursor), in: layout.stepAxis)
        }
        let ticks = ChartTicks.steps(
            window, columns: plot.width, left: axis.width, taken: taken, glyphs: glyphs)
        for tick in ticks {
            surface.put(glyphs.tickBelow, x: plot.x + tick.column, y: y, look)
            surface.put(
                tick.text, x: plot.x + tick.start, y: y + 1, look, in: layout.stepAxis)
        }
    }

    // MARK: Guides and marks

    private func drawGuides(into surface: inout Surface) {
        for guide in chart.guides where range.contains(guide.value) {
            guard let dot = range.row(guide.value, count: canvas.dotRows) else { continue }
            let (row, part) = dot.quotientAndRemainder(dividingBy: glyphs.dotRows)
            let line = Rect(x: plot.x, y: plot.y + row, width: plot.width, height: 1)
            surface.fill(line, Look(guide.role), with: glyphs.guide(dotRow: part))
        }
    }

    private func row(_ value: Double) -> Int? {
        range.row(value, count: canvas.dotRows).map { $0 / glyphs.dotRows }
    }

    /// Names each guide on its line; one out of sight at the edge behind which it is.
    private mutating func labelGuides(into surface: inout Surface) {
        for guide in chart.guides {
            guard let share = range.share(guide.value) else { continue }
            let isInside = range.contains(guide.value)
            let arrow = isInside ? "" : (share > 1 ? glyphs.signs.up : glyphs.signs.down) + " "
            let text = " \(arrow)\(guide.name) \(ChartNumber.short(guide.value)) "
            let row = isInside ? row(guide.value) ?? 0 : share > 1 ? 0 : plot.height - 1
            let last = plot.width - text.cellCount
            guard last >= 0 else { continue }
            // At the right, where the newest samples are compared with it, as far as that is free.
            if let x = (0...last).last(where: { isFree(Point(x: $0, y: row), text) }) {
                put(text, at: Point(x: x, y: row), Look(guide.role), into: &surface)
            }
        }
    }

    /// The marks in the window for which there are columns, from the left.
    private var visibleMarks: [(column: Int, mark: ChartMark)] {
        var columns: [Int: ChartMark] = [:]
        for kind in ChartMark.Kind.allCases {
            for mark in chart.marks where mark.kind == kind && window.contains(mark.step) {
                let column = column(of: mark.step)
                let isCrowded = (column - 3...column + 3).contains { columns[$0] != nil }
                if !isCrowded { columns[column] = mark }
            }
        }
        return columns.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func drawMark(_ mark: (column: Int, mark: ChartMark), into surface: inout Surface) {
        let line = Rect(x: plot.x + mark.column, y: plot.y, width: 1, height: plot.height)
        surface.fill(line, Look(.chartMark), with: glyphs.mark(mark.mark.kind))
    }

    /// Names the marks beside their lines, all in the row that has room for the most of them: near
    /// the top, else at the foot, not on a guide if that can be helped.
    private mutating func labelMarks(
        _ marks: [(column: Int, mark: ChartMark)], into surface: inout Surface
    ) {
        let guided = Set(chart.guides.compactMap { range.contains($0.value) ? row($0.value) : nil })
        let rows = [0, 1, 2, plot.height - 1].filter { $0 < plot.height }
        let choices = (rows.filter { !guided.contains($0) } + rows.filter(guided.contains))
            .map { labels(of: marks, inRow: $0) }
        var best: [(place: Point, text: String)] = []
        for choice in choices where choice.count > best.count { best = choice }
        for (place, text) in best { put(text, at: place, Look(.chartMark), into: &surface) }
    }

    /// The texts that a row has room for.
    private func labels(
        of marks: [(column: Int, mark: ChartMark)], inRow y: Int
    ) -> [(place: Point, text: String)] {
        var labels: [(place: Point, text: String)] = []
        var end = 0
        for (index, (column, mark)) in marks.enumerated() {
            let width = mark.label.cellCount
            let next = index + 1 < marks.count ? marks[index + 1].column : plot.width
            let previous = index > 0 ? marks[index - 1].column + 1 : 0
            for x in [column + 1, column - width]
            where x >= max(end, previous) && x + width <= next {
                guard isFree(Point(x: x, y: y), mark.label) else { continue }
                labels.append((Point(x: x, y: y), mark.label))
                end = x + width + 1
                break
            }
        }
        return labels
    }

    // MARK: Cursor

    private func column(of step: Int) -> Int {
        let dot = window.column(step, count: canvas.dotColumns)
        return min(plot.width - 1, max(0, dot / glyphs.dotColumns))
    }

    private var cursorColumn: Int? {
        view.cursor.flatMap { window.contains($0) ? column(of: $0) : nil }
    }

    /// A line through the cursor's column that leaves the curves to be seen.
    private func drawCursor(into surface: inout Surface) {
        guard let column = cursorColumn else { return }
        for y in 0..<plot.height {
            let place = Point(x: plot.x + column, y: plot.y + y)
            if let cell = canvas.cell(x: column, y: y) {
                let look = Look(cell.look.role, attributes: .reverse)
                surface.put(cell.text, x: place.x, y: place.y, look, in: plot)
            } else {
                surface.put(
                    glyphs.signs.vertical, x: place.x, y: place.y, Look(.chartCursor), in: plot)
            }
        }
    }

    // MARK: Texts in the plot

    /// Whether no curve, no cursor and no other text is where this one would be.
    private func isFree(_ start: Point, _ text: String) -> Bool {
        let cursor = cursorColumn
        return (start.x..<start.x + text.cellCount).allSatisfy { x in
            x != cursor && canvas.cell(x: x, y: start.y) == nil
                && !taken.contains(Point(x: x, y: start.y))
        }
    }

    private mutating func put(
        _ text: String, at start: Point, _ look: Look, into surface: inout Surface
    ) {
        let room = plot.inset(right: -layout.names.width)
        surface.put(text, x: plot.x + start.x, y: plot.y + start.y, look, in: room)
        // With a cell at either side, so that two texts never touch.
        for x in start.x - 1...start.x + text.cellCount { taken.insert(Point(x: x, y: start.y)) }
    }
}
