import Testing

@testable import Terminal

@Suite struct ChartCanvasTests {
    /// Values of every nastiness.
    private static func hostile(_ numbers: inout SeededNumbers) -> Double {
        switch Int.random(in: 0..<12, using: &numbers) {
        case 0: .nan
        case 1: .infinity
        case 2: -.infinity
        case 3: 1e308
        case 4: -1e308
        case 5: .leastNonzeroMagnitude
        case 6: 0
        default: Double.random(in: -5...5, using: &numbers)
        }
    }

    @Test(arguments: ChartGlyphs.allCases, [false, true])
    func `every value in the window is drawn to within a dot`(glyphs: ChartGlyphs, isLog: Bool) {
        var numbers = SeededNumbers(state: 21)
        for round in 0..<60 {
            var series = ChartSeries(name: "kl", role: .chartStudent)
            var step = 0
            for _ in 0..<Int.random(in: 1...900, using: &numbers) {
                step += Int.random(in: 0...3, using: &numbers)
                let ordinary = Double.random(in: -0.1...4, using: &numbers)
                series.append(
                    step: step, value: round % 3 == 0 ? Self.hostile(&numbers) : ordinary)
            }
            var view = ChartView(state: .all, isLog: isLog, weight: 0)
            let chart = Chart(series: series)
            if round % 2 == 0 {
                view.moveCursor(toStep: step / 2, in: chart)
                view.zoom(in: true, in: chart)
            }
            let window = view.window(of: chart)
            guard let range = view.range(of: chart) else { continue }
            var canvas = ChartCanvas(
                columns: Int.random(in: 1...60, using: &numbers),
                rows: Int.random(in: 1...20, using: &numbers), glyphs: glyphs)
            canvas.begin(Look(.chartStudent), sign: "*")
            canvas.draw(series, values: series.values, window: window, range: range)
            for index in window.indices(of: series) {
                guard let y = range.row(series.values[index], count: canvas.dotRows) else {
                    continue
                }
                let x = window.column(series.steps[index], count: canvas.dotColumns)
                #expect(canvas.hasDot(x: x, y: y))
            }
        }
    }

    @Test func `it shows what drawing every sample would show`() {
        var numbers = SeededNumbers(state: 4)
        for _ in 0..<40 {
            let values = (0..<400).map { _ in Double.random(in: 0...1, using: &numbers) }
            let series = ChartSamples.series(values)
            let window = ChartWindow(lower: 0, upper: 399)
            let range = ChartRange(isLog: false, fitting: 0, 1)
            var few = ChartCanvas(columns: 30, rows: 6, glyphs: .braille)
            few.begin(Look(.chartStudent), sign: "*")
            var every = few
            few.draw(series, values: values, window: window, range: range)
            let places = values.enumerated().compactMap { step, value in
                range.row(value, count: every.dotRows).map {
                    Point(x: window.column(step, count: every.dotColumns), y: $0)
                }
            }
            for (start, end) in zip(places, places.dropFirst()) { every.line(from: start, to: end) }
            for y in 0..<few.dotRows {
                for x in 0..<few.dotColumns {
                    #expect(few.hasDot(x: x, y: y) == every.hasDot(x: x, y: y))
                }
            }
        }
    }

    @Test(arguments: 0..<400)
    func `a spike of one step is seen`(step: Int) {
        var values = Array(repeating: 1.0, count: 4000)
        values[step * 10 + 3] = 9
        let chart = Chart(series: ChartSamples.series(values))
        let text = ChartSamples.text(chart, ChartView(state: .all, weight: 0), 80, 12, .braille)
        let isSpiked = text.split(separator: "\n").dropFirst().prefix(3).contains { line in
            line.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) }
        }
        #expect(isSpiked)
    }

    @Test func `a line is cut at the frame and not torn`() {
        var numbers = SeededNumbers(state: 8)
        for _ in 0..<300 {
            func place() -> Point {
                Point(
                    x: Int.random(in: -100...200, using: &numbers),
                    y: Int.random(in: -100...200, using: &numbers))
            }
            let (start, end) = (place(), place())
            var canvas = ChartCanvas(columns: 20, rows: 10, glyphs: .braille)
            canvas.begin(Look(.chartStudent), sign: "*")
            canvas.line(from: start, to: end)
            // The same line on a canvas that holds it all.
            func shifted(_ place: Point) -> Point { Point(x: place.x + 100, y: place.y + 100) }
            var large = ChartCanvas(columns: 160, rows: 80, glyphs: .braille)
            large.begin(Look(.chartStudent), sign: "*")
            large.line(from: shifted(start), to: shifted(end))
            for y in 1..<canvas.dotRows - 1 {
                for x in 1..<canvas.dotColumns - 1
                where large.hasDot(x: x + 100, y: y + 100) {
                    let isNear = (-1...1).contains { down in
                        (-1...1).contains { canvas.hasDot(x: x + $0, y: y + down) }
                    }
                    #expect(isNear)
                }
            }
        }
    }

    @Test func `far ends neither overflow nor hang`() {
        let far = ChartCanvas.farthest
        var canvas = ChartCanvas(columns: 3, rows: 3, glyphs: .braille)
        canvas.begin(Look(.chartStudent), sign: "*")
        canvas.line(from: Point(x: -far, y: 1_000_000), to: Point(x: far, y: -1_000_000))
        canvas.line(from: Point(x: -far, y: -5), to: Point(x: far, y: -5))
        canvas.line(from: Point(x: -far, y: 5), to: Point(x: far, y: 5))
        #expect((0..<canvas.dotColumns).allSatisfy { canvas.hasDot(x: $0, y: 5) })
        #expect(canvas.cell(x: 3, y: 0) == nil && !canvas.hasDot(x: -1, y: 0))
    }

    @Test func `a later curve takes a cell over`() {
        var canvas = ChartCanvas(columns: 2, rows: 1, glyphs: .braille)
        canvas.begin(Look(.chartRaw), sign: ".")
        canvas.run(x: 0, 0, 3)
        canvas.run(x: 2, 0, 3)
        canvas.begin(Look(.chartStudent), sign: "*")
        canvas.dot(x: 1, y: 0)
        #expect(canvas.cell(x: 0, y: 0)?.text == "⠈")
        #expect(canvas.cell(x: 0, y: 0)?.look == Look(.chartStudent))
        #expect(canvas.cell(x: 1, y: 0)?.text == "⡇")
        #expect(canvas.cell(x: 1, y: 0)?.look == Look(.chartRaw))
    }
}
