internal import Baking
internal import Terminal

extension Workbench {
    /// The bake in a few words, for its folded line.
    var bakeSummary: String {
        guard bake.run != nil else { return "nothing is baked yet" }
        if let gap = bake.history.gapClosed { return "\(Figures.percent(gap)) of the gap closed" }
        return job == nil ? phaseText : bake.history.phase.rawValue
    }

    /// Rows: the headline, the chart, the read-out, the watched query.
    private func bakeParts(_ rect: Rect) -> (head: Rect, chart: Rect, readout: Rect, watch: Rect) {
        let (head, rest) = rect.split(top: rect.height >= 6 ? 2 : 1)
        let room = rest.height >= 18 ? 6 : rest.height >= 12 ? 3 : rest.height >= 9 ? 2 : 0
        let watchHeight = min(room, bake.watched.count + 1)
        let (upper, watch) = rest.split(bottom: watchHeight)
        let (chart, readout) = upper.split(bottom: upper.height >= 5 ? 1 : 0)
        return (head, chart, readout, watch)
    }

    /// The plot's cells, for the mouse.
    var chartRect: Rect {
        bake.chart.plot(
            in: bakeParts(inside(of: .bake)).chart, view: bake.view, glyphs: chartGlyphs)
    }

    func drawBake(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        let parts = bakeParts(rect)
        drawBakeHead(parts.head, &surface)
        if bake.run == nil, job == nil {
            drawParagraph(
                "Nothing is baked yet. F5 (or b here) bakes the prompt: responses are written with "
                    + "it, then the model is trained to give them without it, and KL falls here.",
                .muted, rect.inset(top: 2), &surface)
            return
        }
        bake.chart.draw(
            into: &surface, rect: parts.chart, view: bake.view, glyphs: chartGlyphs)
        let readout = bake.chart.readout(
            in: bake.view, width: parts.readout.width, extras: readoutExtras)
        surface.put(
            StyledLine(readout), x: parts.readout.x, y: parts.readout.y, in: parts.readout)
        drawWatched(parts.watch, &surface)
    }

    /// Learning rate and time of the step that is read out.
    private var readoutExtras: [String] {
        guard let number = bake.chart.readStep(in: bake.view),
            let step = bake.history.steps.last(where: { $0.step <= number })
        else { return [] }
        return [
            "lr \(Figures.significant(step.learningRate))",
            "\(Figures.significant(step.seconds)) s",
        ]
    }

    // MARK: Headline

    private func drawBakeHead(_ rect: Rect, _ surface: inout Surface) {
        let history = bake.history
        var first: [StyledSpan] = []
        if let gap = history.gapClosed {
            first += [
                StyledSpan(Figures.percent(gap), Look(.success, attributes: .bold)),
                StyledSpan(" of the gap closed", .text),
            ]
        } else if bake.run != nil {
            first.append(StyledSpan("gap closed: not measured yet", .muted))
        }
        if let report = history.verifications.last, job?.kind != .bake {
            first.append(
                StyledSpan(
                    "  \(glyphs.check) verified \(Figures.percent(report.gapClosedInterval.low)) to "
                        + Figures.percent(report.gapClosedInterval.high), .success))
        } else if let kl = history.evaluations.last?.heldOutKL {
            first.append(StyledSpan("  held-out kl \(Figures.kl(kl))", .chartTarget))
        }
        surface.put(StyledLine(first), x: rect.x, y: rect.y, in: rect)
        guard rect.height > 1 else { return }
        let line = rect.row(1)
        guard let job, job.kind != .generate, history.phase != .finished else {
            let words = bake.run == nil ? "" : phaseText
            surface.put(words, x: line.x, y: line.y, Look(.muted), in: line)
            return
        }
        drawProgress(job, line, &surface)
    }

    private var phaseText: String {
        let history = bake.history
        guard let count = history.stepCount else {
            // Nothing is being done: the phase is what was done last.
            return history.generation == nil ? "" : "not baked yet: F5 bakes the data"
        }
        let steps = "step \(history.step)/\(count)"
        if let end = history.finished {
            return "\(steps), finished in \(ProgressBar.duration(end.seconds))"
        }
        return steps + (history.step < count ? ", interrupted: F5 goes on" : "")
    }

    private func drawProgress(_ job: Job, _ line: Rect, _ surface: inout Surface) {
        let history = bake.history
        let stateNote = job.isStopping ? "stopping" : job.isPaused ? "paused" : ""
        let bar: ProgressBar
        switch history.phase {
        case .generating:
            bar = ProgressBar(
                label: "generate", completed: data.progress?.completed ?? 0,
                total: data.progress?.total ?? 0, note: stateNote)
        case .scoring:
            bar = ProgressBar(
                label: "score", completed: data.teacher?.completed ?? 0,
                total: data.teacher?.total ?? 0, note: stateNote)
        case .training:
            let rate = history.stepsPerSecond.map { "\(Figures.significant($0)) steps/s" } ?? ""
            let learningRate =
                history.steps.last.map { "lr \(Figures.significant($0.learningRate))" } ?? ""
            bar = ProgressBar(
                label: "bake", completed: history.step, total: history.stepCount ?? 0,
                note: stateNote.isEmpty ? learningRate : stateNote, rate: rate,
                secondsLeft: history.secondsLeft)
        case .verifying:
            bar = ProgressBar(label: "verify", completed: 0, total: 1, note: "comparing replies")
        default: bar = ProgressBar(label: "begin", completed: 0, total: 1, note: stateNote)
        }
        draw(bar, line, &surface)
    }

    // MARK: The watched query

    /// So many of `items`, from the first to the last at even distances.
    static func spread<Item>(_ items: [Item], count: Int) -> [Item] {
        guard items.count > count else { return items }
        guard count > 1 else { return items.suffix(max(0, count)) }
        return (0..<count).map { items[$0 * (items.count - 1) / (count - 1)] }
    }

    private func drawWatched(_ rect: Rect, _ surface: inout Surface) {
        guard !rect.isEmpty else { return }
        let query = safe(bake.watchedQuery)
        let title =
            query.isEmpty
            ? StyledLine("w watches a query", .muted)
            : StyledLine([StyledSpan("watching ", .muted), StyledSpan(query, .chatUser)])
        surface.put(title, x: rect.x, y: rect.y, in: rect)
        let list = rect.inset(top: 1)
        let shown = Workbench.spread(bake.watched, count: list.height)
        for (offset, answer) in shown.enumerated() {
            let row = list.row(offset)
            let line = StyledLine([
                StyledSpan("step \(answer.step)".padded(to: 10), .muted),
                StyledSpan(
                    answer.text.isEmpty
                        ? glyphs.ellipsis
                        : safe(answer.text).truncated(
                            to: max(1, row.width - 10), isASCII: glyphs.isASCII), .chatBaked),
            ])
            surface.put(line, x: row.x, y: row.y, in: row)
        }
    }
}
