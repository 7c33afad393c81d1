extension Chart {
    /// The step that is read out: the cursor's, else the last; nil while there are no samples.
    package func readStep(in view: ChartView) -> Int? { view.cursor ?? series.steps.last }

    /// What the curves are at the cursor, or at the last sample: step, raw and smoothed value, the
    /// best so far and where, the other curves, and what else the caller knows of that step.
    ///
    /// - Parameters:
    ///   - width: Cells; what does not fit is left out from the right.
    ///   - extras: Safe texts such as "lr 1.00e-4", for the step of ``readStep(in:)``.
    package func readout(
        in view: ChartView, width: Int, extras: [String] = []
    ) -> [StyledSpan] {
        guard let step = readStep(in: view), let index = series.index(at: step) else { return [] }
        var fields = [[StyledSpan("step ", .muted), StyledSpan("\(step)", .text)]]
        func add(_ name: String, _ value: Double?, _ role: Role) {
            let text = value.map { ChartNumber.text($0) } ?? "-"
            let isMissing = value?.isFinite == false
            fields.append(
                [StyledSpan(name + " ", .muted), StyledSpan(text, isMissing ? .error : role)])
        }
        add(series.name, series.values[index], view.weight > 0 ? .text : series.role)
        if view.weight > 0 { add("smoothed", series.curve(view.weight)[index], series.role) }
        if let best = series.best {
            add("best", best.value, .text)
            fields[fields.count - 1].append(StyledSpan(" at \(best.step)", .muted))
        }
        for other in companions { add(other.name, other.value(at: step), other.role) }
        for run in view.showsOverlays ? overlays : [] {
            // A run that ended before has nothing to say here.
            let isOver = run.steps.last.map { $0 < step } ?? true
            add(run.name, isOver ? nil : run.value(at: step, weight: view.weight), run.role)
        }
        fields += extras.map { [StyledSpan($0, .muted)] }
        return Self.fitting(fields, width: width)
    }

    /// Name, what has been reached, and how the curve is shown; what does not fit is left out from
    /// the right.
    func title(in view: ChartView, width: Int, glyphs: Glyphs) -> StyledLine {
        let unit = series.unit.isEmpty ? "" : " (\(series.unit))"
        var left = [[StyledSpan(series.name, .title), StyledSpan(unit, .muted)]]
        if let step = series.divergedStep {
            left.append([StyledSpan(Self.divergence(at: step, glyphs), .error)])
        }
        if let text = gapClosed.flatMap(ChartNumber.percent) {
            left.append([StyledSpan("\(text) of the gap closed", .success)])
        }
        let leftOut = leftOutCount(in: view)
        var right: [StyledSpan] = [StyledSpan(view.state.rawValue, .text)]
        if leftOut > 0 {
            let verb = leftOut == 1 ? "value" : "values"
            right.append(StyledSpan("\(leftOut) \(verb) not above 0", .warning))
        }
        if view.isLog { right.append(StyledSpan("log", .muted)) }
        if view.weight > 0 {
            right.append(StyledSpan("smoothed \(ChartSeries.weights[view.weight])", .muted))
        }
        let begin = Self.fitting(left, width: width)
        let rest = width - begin.reduce(0) { $0 + $1.text.cellCount }
        let end = Self.fitting(right.map { [$0] }, width: rest - 2)
        let gap = rest - end.reduce(0) { $0 + $1.text.cellCount }
        return StyledLine(
            begin + [StyledSpan(String(repeating: " ", count: max(0, gap)), .text)] + end)
    }

    static func divergence(at step: Int, _ glyphs: Glyphs) -> String {
        "\(glyphs.cross) not finite at step \(step)"
    }

    /// As many fields as fit, two spaces apart.
    private static func fitting(_ fields: [[StyledSpan]], width: Int) -> [StyledSpan] {
        var line: [StyledSpan] = []
        var cells = 0
        for field in fields {
            let count = field.reduce(0) { $0 + $1.text.cellCount } + (line.isEmpty ? 0 : 2)
            guard cells + count <= width else { break }
            if !line.isEmpty { line.append(StyledSpan("  ", .text)) }
            line += field
            cells += count
        }
        return line
    }
}
