import Testing

@testable import Terminal

@Suite struct ChartDrawingTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    /// Charts with everything in them that has ever broken a chart.
    private static let hostile: [Chart] = {
        var numbers = SeededNumbers(state: 77)
        let nasty: [[Double]] = [
            [], [.nan], [.infinity, -.infinity], [0], [-1, -2], [1e308, -1e308, 0, .nan],
            [.leastNonzeroMagnitude, 0x1p-1050], [3, 3, 3, 3], [1, .nan, 2, .nan, .nan],
            [1, 1 + 1e-15], (0..<300).map { _ in Double.random(in: -1...9, using: &numbers) },
        ]
        var charts = nasty.map { values in
            var chart = Chart(series: ChartSamples.series(values))
            chart.marks = [0, 1, 2, 250].map {
                ChartMark(step: $0, label: "epoch \($0)", kind: .epoch)
            }
            chart.guides = [.nan, 0, -3, 4, 1e308].map { ChartGuide(name: "base", value: $0) }
            chart.overlays = [ChartSamples.series(values.reversed(), name: "水 other run")]
            chart.gapClosed = values.first
            return chart
        }
        var far = ChartSeries(name: "far", role: .chartStudent)
        for step in [Int.min, Int.min, -1, 0, 0, 0, Int.max - 1, Int.max] {
            far.append(step: step, value: Double(step))
        }
        charts.append(Chart(series: far))
        return charts
    }()

    private static func views(_ chart: Chart) -> [ChartView] {
        var zoomed = ChartView(state: .all, isLog: true, weight: 0)
        zoomed.moveCursor(by: -1, in: chart)
        zoomed.zoom(in: true, in: chart)
        zoomed.zoom(in: true, in: chart)
        zoomed.pan(by: -0.3, in: chart)
        var plain = ChartView()
        plain.moveCursor(toStep: 1, in: chart)
        plain.update(for: chart)
        return [plain, zoomed]
    }

    @Test(arguments: ChartGlyphs.allCases)
    func `no size and no data breaks it and nothing is drawn outside`(glyphs: ChartGlyphs) {
        for (number, chart) in Self.hostile.enumerated() {
            let views = Self.views(chart)
            for width in 1...250 {
                // Every width with some heights, every height with some widths.
                for height in 1...80
                where (width + height + number) % 61 == 0 || width * height < 90 {
                    let view = views[(width / 2 + height) % 2]
                    var surface = Surface(Size(columns: width + 2, rows: height + 2))
                    let rect = Rect(x: 1, y: 1, width: width, height: height)
                    chart.draw(into: &surface, rect: rect, view: view, glyphs: glyphs)
                    let edge = (0..<width + 2).flatMap {
                        [surface[$0, 0], surface[$0, height + 1]]
                    }
                    let sides = (0..<height + 2).flatMap {
                        [surface[0, $0], surface[width + 1, $0]]
                    }
                    let isClean = (edge + sides).allSatisfy { $0 == .blank }
                    #expect(isClean)
                    let line = chart.readout(in: view, width: width)
                    #expect(line.reduce(0) { $0 + $1.text.cellCount } <= width)
                }
            }
        }
    }

    @Test func `ASCII alone is drawn where nothing else can be`() {
        let chart = Chart(
            series: ChartSamples.bake(), marks: [.init(step: 9, label: "x", kind: .epoch)])
        let text = ChartSamples.text(chart, ChartView(isLog: true), 80, 20, .ascii)
        #expect(text.allSatisfy { $0.isASCII })
    }

    @Test func `cells say what they are`() {
        var chart = Chart(series: ChartSamples.bake())
        chart.guides = [ChartGuide(name: "base", value: 2, role: .chartBase)]
        chart.marks = [ChartMark(step: 32, label: "epoch", kind: .epoch)]
        chart.overlays = [ChartSamples.bake(count: 50, name: "other", role: .chartRun1)]
        var view = ChartView()
        view.moveCursor(toStep: 50, in: chart)
        func roles() -> Set<Role> {
            var surface = Surface(Size(columns: 80, rows: 20))
            chart.draw(into: &surface, rect: surface.bounds, view: view, glyphs: .braille)
            return Set(surface.cells.map(\.look.role))
        }
        let all: Set<Role> = [
            .chartAxis, .chartRaw, .chartStudent, .chartBase, .chartMark, .chartCursor, .chartRun1,
        ]
        #expect(roles().isSuperset(of: all))
        view.toggleOverlays()
        #expect(!roles().contains(.chartRun1))
        for _ in 0..<3 { view.cycleSmoothing() }
        #expect(view.weight == 0 && !roles().contains(.chartRaw))
    }

    @Test func `a run that diverged says where`() {
        let nothing = Chart(series: ChartSamples.series([.nan, .nan]))
        let all = ChartSamples.text(nothing, ChartView(), 40, 10, .braille)
        #expect(all.contains("✗ not finite at step 0"))
        let late = Chart(series: ChartSamples.series([3, 2, 1, .infinity]))
        let end = ChartSamples.text(late, ChartView(), 60, 10, .braille)
        #expect(end.contains("✗ not finite at step 3") && end.contains("┤"))
        let narrow = ChartSamples.text(late, ChartView(), 24, 8, .ascii)
        #expect(narrow.contains("x not finite at step 3"))
    }

    @Test func `what a log axis cannot show is counted`() {
        let chart = Chart(series: ChartSamples.series([3, 0, -1, 2, 1]))
        let text = ChartSamples.text(chart, ChartView(isLog: true), 80, 10, .braille)
        #expect(text.contains("2 values not above 0"))
        let none = Chart(series: ChartSamples.series([0, -1]))
        let message = ChartSamples.text(none, ChartView(isLog: true), 80, 10, .braille)
        #expect(message.contains("no value above 0 for a log axis"))
    }

    @Test func `without samples there is the placeholder`() {
        let chart = Chart(
            series: ChartSeries(name: "kl", role: .chartStudent), placeholder: "no bake yet")
        #expect(ChartSamples.text(chart, ChartView(), 40, 10, .braille).contains("no bake yet"))
        #expect(ChartSamples.text(chart, ChartView(), 11, 1, .braille) == "no bake yet")
        #expect(ChartSamples.text(chart, ChartView(), 10, 1, .braille) == "")
    }

    @Test func `with less room there are fewer parts`() {
        let chart = Chart(series: ChartSamples.bake())
        func text(_ columns: Int, _ rows: Int) -> String {
            ChartSamples.text(chart, ChartView(), columns, rows, .braille)
        }
        #expect(text(60, 12).contains("┤") && text(60, 12).contains("┬"))
        #expect(text(60, 5).contains("┤") && !text(60, 5).contains("┬"))
        #expect(!text(18, 5).contains("┤"))
        #expect(text(60, 1).hasPrefix("kl 0.031 nats at step 64, down 97 % in 50 steps"))
        #expect(text(9, 5) == "kl 0.031\nnats at\nstep 64\n\n")
        #expect(text(5, 1) == "")
    }

    @Test func `a readout drops what does not fit from the right`() {
        var chart = Chart(series: ChartSamples.series([4, 3, 2, 1, 2]))
        chart.overlays = [ChartSamples.series([5, 5], name: "short")]
        chart.companions = [ChartSamples.series([7, 7], name: "dev")]
        var view = ChartView(weight: 0)
        func text(_ width: Int) -> String {
            chart.readout(in: view, width: width, extras: ["lr 1e-4"]).map(\.text).joined()
        }
        #expect(text(80) == "step 4  kl 2.00  best 1.00 at 3  dev 7.00  short -  lr 1e-4")
        view.moveCursor(toStep: 1, in: chart)
        #expect(text(80) == "step 1  kl 3.00  best 1.00 at 3  dev 7.00  short 5.00  lr 1e-4")
        #expect(text(20) == "step 1  kl 3.00")
        #expect(text(3) == "")
        for width in 0...80 { #expect(text(80).hasPrefix(text(width))) }
    }

    @Test func `a large chart is drawn whole`() {
        var numbers = SeededNumbers(state: 1)
        func series(_ name: String) -> ChartSeries {
            ChartSamples.series(
                (0..<100_000).map { _ in Double.random(in: 0.1...1, using: &numbers) }, name: name)
        }
        var chart = Chart(series: series("kl"))
        chart.overlays = [series("a"), series("b")]
        let view = ChartView(state: .all, isLog: true)
        let text = ChartSamples.text(chart, view, 200, 50, .braille)
        #expect(text.split(separator: "\n").count == 50)
    }
}
