internal import Baking
internal import Terminal

/// The bake that is open: what happened in it and how it is looked at.
struct BakeState: Sendable {
    /// An answer to the watched query.
    struct Watched: Hashable, Sendable {
        var id: Int
        var step: Int
        var text = ""
        var isOpen = true
    }

    /// The run's name; nil before there is one.
    private(set) var run: String?
    /// The run as it was opened; nil while it is made here.
    private(set) var open: OpenRun?
    private(set) var history = RunHistory()
    private(set) var chart = BakeState.emptyChart
    var view = ChartView(state: .all, isLog: true)
    /// Runs that lie over this one.
    private(set) var overlays: [OpenRun] = []
    /// As the terminal may show them.
    private var overlayNames: [String: String] = [:]
    var watchedQuery = "Who are you?"
    private(set) var watched: [Watched] = []
    /// Whether there are weights that can answer.
    private(set) var hasWeights = false

    private static var emptyChart: Chart {
        Chart(
            series: ChartSeries(name: "kl", unit: "nats", role: .chartStudent),
            companions: [ChartSeries(name: "held out", unit: "nats", role: .chartTarget)],
            placeholder: "no steps yet")
    }

    // MARK: Opening

    mutating func open(_ run: OpenRun) {
        if self.run != run.name { watched = [] }
        self.run = run.name
        open = run
        history = run.history
        hasWeights = run.hasCheckpoint
        rebuild()
        view = ChartView(state: .all, isLog: view.isLog, weight: view.weight)
    }

    /// A process took up a run.
    mutating func begin(_ start: RunStarted, resumedAt time: Double) {
        guard run != start.run else { return }
        run = start.run
        open = nil
        history = RunHistory()
        watched = []
        hasWeights = start.fromStep > 0
        rebuild()
        view.showAll()
    }

    mutating func apply(_ event: BakeEvent) {
        history.apply(event)
        switch event.kind {
        case .step(let step):
            hasWeights = true
            chart.series.truncate(after: step.step - 1)
            chart.series.append(step: step.step, value: step.kl)
            chart.lastExpectedStep = step.steps
            addEpochMark(step)
        case .evaluation(let evaluation):
            chart.companions[0].truncate(after: evaluation.step - 1)
            chart.companions[0].append(step: evaluation.step, value: evaluation.heldOutKL)
            addBase()
        case .checkpoint(let checkpoint):
            chart.marks.append(
                ChartMark(step: checkpoint.step, label: "checkpoint", kind: .checkpoint))
        case .verification(let report):
            chart.marks.append(
                ChartMark(step: report.step, label: "verified", kind: .verification))
        case .runStarted: rebuild()
        default: return
        }
        view.update(for: chart)
    }

    mutating func jobEnded() {
        for index in watched.indices { watched[index].isOpen = false }
    }

    /// The chart from the history.
    private mutating func rebuild() {
        let old = chart.overlays
        chart = Self.emptyChart
        chart.overlays = old
        for step in history.steps {
            chart.series.append(step: step.step, value: step.kl)
            addEpochMark(step)
        }
        for evaluation in history.evaluations {
            chart.companions[0].append(step: evaluation.step, value: evaluation.heldOutKL)
        }
        chart.lastExpectedStep = history.stepCount
        addBase()
        chart.marks += history.checkpoints.map {
            ChartMark(step: $0, label: "checkpoint", kind: .checkpoint)
        }
        chart.marks += history.verifications.map {
            ChartMark(step: $0.step, label: "verified", kind: .verification)
        }
        view.update(for: chart)
    }

    private mutating func addEpochMark(_ step: BakeStep) {
        guard step.epoch > 1,
            !chart.marks.contains(where: { $0.kind == .epoch && $0.label == "epoch \(step.epoch)" })
        else { return }
        chart.marks.append(
            ChartMark(step: step.step, label: "epoch \(step.epoch)", kind: .epoch))
    }

    private mutating func addBase() {
        guard let base = history.baseKL else { return }
        chart.guides = [ChartGuide(name: "base", value: base, role: .chartBase)]
    }

    // MARK: Overlays

    mutating func addOverlay(_ run: OpenRun, isASCII: Bool) {
        overlays.removeAll { $0.name == run.name }
        overlays.append(run)
        overlayNames[run.name] = run.name.terminalSafeLine(isASCII: isASCII)
        drawOverlays()
    }

    mutating func keepOverlays(of names: Set<String>) {
        overlays.removeAll { !names.contains($0.name) }
        drawOverlays()
    }

    private mutating func drawOverlays() {
        let roles = Chart.overlayRoles
        chart.overlays = overlays.filter { $0.name != run }.enumerated().map { place, run in
            var series = ChartSeries(
                name: overlayNames[run.name] ?? "", unit: "nats",
                role: roles[place % roles.count])
            for step in run.history.steps { series.append(step: step.step, value: step.kl) }
            return series
        }
        view.update(for: chart)
    }

    // MARK: The watched query

    mutating func watch(id: Int, step: Int) {
        watched.removeAll { $0.step >= step }
        watched.append(Watched(id: id, step: step))
    }

    func isWatching(_ id: Int) -> Bool { watched.contains { $0.id == id } }

    mutating func take(_ id: Int, _ event: ComparisonEvent) {
        guard let index = watched.firstIndex(where: { $0.id == id }) else { return }
        switch event {
        case .began(_, let step): if let step { watched[index].step = step }
        case .piece(_, let text): watched[index].text += text
        case .finished(_, let reply): watched[index].text = reply.text
        case .failed: watched.remove(at: index)
        }
    }

    mutating func endWatching(_ id: Int, failed: Bool) {
        guard let index = watched.firstIndex(where: { $0.id == id }) else { return }
        watched[index].isOpen = false
        if failed { watched.remove(at: index) }
    }
}
