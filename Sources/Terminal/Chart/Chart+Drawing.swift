extension Chart {
    /// Draws what a view shows of the chart: title, axes, guides, marks, curves, cursor.
    ///
    /// Where there is no room for axes there is the plot alone, then the sentence of
    /// ``ChartSentence``, then nothing.
    package func draw(
        into surface: inout Surface, rect: Rect, view: ChartView, glyphs: ChartGlyphs,
        showsTitle: Bool = true
    ) {
        guard !rect.isEmpty else { return }
        let range = view.range(of: self)
        guard let layout = layout(rect, range, view, glyphs, showsTitle: showsTitle) else {
            return drawSentence(into: &surface, rect: rect)
        }
        let title = title(in: view, width: layout.title.width, glyphs: glyphs.signs)
        surface.put(title, x: layout.title.x, y: layout.title.y, in: layout.title)
        guard let range else {
            return drawMessage(into: &surface, rect: layout.plot, view: view, glyphs: glyphs)
        }
        var drawing = ChartDrawing(
            chart: self, view: view, range: range, layout: layout, glyphs: glyphs)
        drawing.draw(into: &surface)
        let isTold = title.spans.contains { $0.look.role == .error }
        if let step = series.divergedStep, !isTold {
            // Over the curve, if it must be: that it ended is what matters now.
            let text = Self.divergence(at: step, glyphs.signs)
                .truncated(to: layout.plot.width, isASCII: glyphs == .ascii)
            let left = layout.plot.maxX - text.cellCount
            surface.put(text, x: left, y: layout.plot.y, Look(.error), in: layout.plot)
        }
    }

    /// Where the plot lies inside of the axes when the chart is drawn into `rect`; empty where there
    /// is no plot.
    package func plot(
        in rect: Rect, view: ChartView, glyphs: ChartGlyphs, showsTitle: Bool = true
    ) -> Rect {
        layout(rect, view.range(of: self), view, glyphs, showsTitle: showsTitle)?.plot
            ?? Rect(x: rect.x, y: rect.y, width: 0, height: 0)
    }

    private func layout(
        _ rect: Rect, _ range: ChartRange?, _ view: ChartView, _ glyphs: ChartGlyphs,
        showsTitle: Bool
    ) -> ChartLayout? {
        let names = namedCurves(in: view).map(\.series.name.cellCount)
        return ChartLayout(
            rect, range: range, nameCells: names.max() ?? 0, showsTitle: showsTitle,
            glyphs: glyphs)
    }

    /// The curves whose names stand at their ends: all but the raw one when there is more than one.
    func namedCurves(
        in view: ChartView
    ) -> [(series: ChartSeries, values: [Double], role: Role)] {
        let curves = curves(in: view).filter { $0.role != .chartRaw && !$0.series.isEmpty }
        return curves.count > 1 ? curves : []
    }

    private func drawSentence(into surface: inout Surface, rect: Rect) {
        var lines = ChartSentence.lines(
            series, gapClosed: gapClosed, width: rect.width, rows: rect.height)
        if series.isEmpty {
            lines = placeholder.wrapped(to: rect.width)
            // A word cut in two is worse than nothing.
            let isWhole = lines.joined(separator: " ") == placeholder
            if lines.count > rect.height || !isWhole { lines = [] }
        }
        for (row, line) in lines.enumerated() {
            surface.put(line, x: rect.x, y: rect.y + row, Look(.text), in: rect)
        }
    }

    /// Says why there is no curve.
    private func drawMessage(
        into surface: inout Surface, rect: Rect, view: ChartView, glyphs: ChartGlyphs
    ) {
        var look = Look(.muted)
        var message = "no values in view"
        if series.isEmpty {
            message = placeholder
        } else if let step = series.divergedStep {
            message = Self.divergence(at: step, glyphs.signs)
            look = Look(.error)
        } else if leftOutCount(in: view) > 0 {
            message = "no value above 0 for a log axis"
        }
        guard !message.isEmpty else { return }
        let lines = message.wrapped(to: rect.width).prefix(rect.height)
        let top = rect.y + (rect.height - lines.count) / 2
        for (row, line) in lines.enumerated() {
            let left = rect.x + (rect.width - line.cellCount) / 2
            surface.put(line, x: left, y: top + row, look, in: rect)
        }
    }
}
