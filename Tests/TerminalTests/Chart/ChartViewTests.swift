import Testing

@testable import Terminal

@Suite struct ChartViewTests {
    private let chart = Chart(series: ChartSamples.bake(count: 400))

    @Test func `zooming keeps the sample under the cursor in place`() {
        var numbers = SeededNumbers(state: 5)
        for _ in 0..<200 {
            var view = ChartView(state: .all)
            let step = Int.random(in: 1...400, using: &numbers)
            view.moveCursor(toStep: step, in: chart)
            let share = view.window(of: chart).share(step)
            for _ in 0..<8 {
                view.zoom(in: true, in: chart)
                let window = view.window(of: chart)
                #expect(abs(window.share(step) - share) < 1e-5)
                #expect(window.contains(step))
            }
            #expect(view.state == .frozen)
            #expect(view.window(of: chart).width == ChartWindow.smallestWidth)
            while view.state != .all {
                #expect(abs(view.window(of: chart).share(step) - share) < 1e-5)
                view.zoom(in: false, in: chart)
            }
            #expect(view.cursor == step)
        }
    }

    @Test func `the cursor stays on its sample when the view moves`() {
        var view = ChartView()
        view.moveCursor(toStep: 200, in: chart)
        view.pan(by: -0.25, in: chart)
        view.zoom(in: true, in: chart)
        view.pan(by: 0.5, in: chart)
        view.showAll()
        view.toggleLog()
        view.update(for: chart)
        #expect(view.cursor == 200)
    }

    @Test func `the cursor goes from sample to sample and the window follows`() {
        var series = ChartSeries(name: "kl", role: .chartStudent)
        for step in [1, 5, 5, 9, 300, 301] { series.append(step: step, value: 1) }
        let chart = Chart(series: series)
        var view = ChartView(followedSteps: 10)
        view.moveCursor(by: -1, in: chart)
        #expect(view.cursor == 301 && view.state == .following)
        var seen: [Int] = []
        for _ in 0..<6 {
            view.moveCursor(by: -1, in: chart)
            seen.append(view.cursor ?? -1)
            #expect(view.window(of: chart).contains(view.cursor ?? -1))
        }
        #expect(seen == [300, 9, 5, 1, 1, 1])
        #expect(view.state == .frozen)
        view.moveCursor(by: 3, in: chart)
        #expect(view.cursor == 300)
        view.follow()
        #expect(view.cursor == nil && view.state == .following)
    }

    @Test func `panning stops where the steps end`() {
        var view = ChartView(state: .all)
        view.pan(by: 1, in: chart)
        #expect(view.state == .all)
        view.zoom(in: true, in: chart)
        for _ in 0..<20 { view.pan(by: -0.25, in: chart) }
        #expect(view.window(of: chart).lower == 1)
        for _ in 0..<20 { view.pan(by: 0.25, in: chart) }
        #expect(view.window(of: chart).upper == 400)
    }

    @Test func `marks are visited in turn`() {
        var chart = chart
        chart.marks = [300, 100, 200].map { ChartMark(step: $0, label: "", kind: .epoch) }
        var view = ChartView(state: .all)
        let visited = (0..<4).map { _ in
            view.moveToNextMark(in: chart)
            return view.cursor
        }
        #expect(visited == [100, 200, 300, 100])
    }

    @Test func `the mouse finds the sample that is drawn there`() {
        let chart = Chart(series: ChartSamples.bake(count: 20))
        let rect = Rect(x: 3, y: 2, width: 80, height: 20)
        for glyphs in ChartGlyphs.allCases {
            var view = ChartView(state: .all)
            let plot = chart.plot(in: rect, view: view, glyphs: glyphs)
            let window = view.window(of: chart)
            for step in 1...20 {
                let dots = plot.width * glyphs.dotColumns
                let column = window.column(step, count: dots) / glyphs.dotColumns
                view.moveCursor(toColumn: plot.x + column, of: plot, in: chart)
                #expect(view.cursor == step)
            }
            view.moveCursor(toColumn: 2, of: plot, in: chart)
            #expect(view.cursor == 20)
            let place = window.place(10.5 / Double(plot.width))
            view.zoom(in: true, atColumn: plot.x + 10, of: plot, in: chart)
            let zoomed = view.window(of: chart).place(10.5 / Double(plot.width))
            #expect(abs(place - zoomed) < 1e-5)
            let lower = view.window(of: chart).lower
            view.drag(byColumns: -5, of: plot, in: chart)
            #expect(view.window(of: chart).lower > lower)
        }
    }

    @Test func `the range grows at once and shrinks after ten updates`() {
        var chart = Chart(series: ChartSamples.series([5, 5, 5, 5, 5, 5, 5, 5, 100]))
        var view = ChartView(weight: 0, followedSteps: 5)
        view.update(for: chart)
        let tall = view.range(of: chart)
        for step in 9..<14 {
            chart.series.append(step: step, value: 5)
            view.update(for: chart)
        }
        #expect(view.range(of: chart)?.high == tall?.high)
        var updates = 0
        while view.range(of: chart)?.high == tall?.high, updates < 30 {
            updates += 1
            chart.series.append(step: 14 + updates, value: 5)
            view.update(for: chart)
        }
        #expect(updates == ChartView.updatesBeforeShrinking)
        chart.series.append(step: 100, value: 1000)
        view.update(for: chart)
        #expect((view.range(of: chart)?.high ?? 0) > 1000)
    }

    @Test func `a removed sample loses the cursor to its neighbour`() {
        var chart = chart
        var view = ChartView()
        view.moveCursor(toStep: 350, in: chart)
        chart.series.truncate(after: 300)
        view.update(for: chart)
        #expect(view.cursor == 300)
        chart.series.truncate(after: 0)
        view.update(for: chart)
        #expect(view.cursor == nil)
    }

    @Test func `following keeps to the last steps at the width that was zoomed to`() {
        var chart = chart
        var view = ChartView(followedSteps: 100)
        #expect(view.window(of: chart) == ChartWindow(lower: 300, upper: 400))
        view.zoom(in: true, in: chart)
        #expect(view.window(of: chart) == ChartWindow(lower: 350, upper: 400))
        chart.series.append(step: 410, value: 1)
        #expect(view.window(of: chart).upper == 400)
        view.follow()
        #expect(view.window(of: chart) == ChartWindow(lower: 360, upper: 410))
    }

    @Test func `smoothing does not depend on the window`() {
        var view = ChartView(state: .all)
        view.moveCursor(toStep: 200, in: chart)
        func smoothed() -> String {
            chart.readout(in: view, width: 200).map(\.text).joined()
        }
        let before = smoothed()
        for _ in 0..<6 { view.zoom(in: true, in: chart) }
        #expect(smoothed() == before)
        for expected in [2, 3, 0, 1] {
            view.cycleSmoothing()
            #expect(view.weight == expected)
        }
    }

    @Test func `a view survives a chart without samples`() {
        let empty = Chart(series: ChartSeries(name: "kl", role: .chartStudent))
        var view = ChartView()
        view.moveCursor(by: -1, in: empty)
        view.zoom(in: true, in: empty)
        view.zoom(in: false, in: empty)
        view.pan(by: 1, in: empty)
        view.moveToNextMark(in: empty)
        view.update(for: empty)
        #expect(view == ChartView())
        #expect(empty.readout(in: view, width: 80).isEmpty)
    }

    @Test func `a view of everything has room for a part of what will come`() {
        var series = ChartSeries(name: "kl", role: .chartStudent)
        var uppers: [Double] = []
        for step in 0...64 {
            series.append(step: step, value: 1 / Double(step + 1))
            var chart = Chart(series: series)
            chart.lastExpectedStep = 64
            uppers.append(ChartView(state: .all).window(of: chart).upper)
        }
        #expect(Set(uppers) == [8, 16, 32, 64])
        #expect(uppers == uppers.sorted())
        #expect(zip(uppers, 0...).allSatisfy { $0 >= Double($1) })
    }
}
