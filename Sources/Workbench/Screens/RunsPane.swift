internal import Baking
internal import Terminal

extension Workbench {
    func runsListRect(_ rect: Rect) -> Rect { rect.split(top: 1).rest }

    func drawRuns(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        if runs.rows.isEmpty {
            drawParagraph(
                runs.isListed ? "No runs yet. F5 bakes the prompt." : "Reading the runs …",
                .muted, rect, &surface)
            return
        }
        let nameWidth = max(8, min(24, rect.width / 4))
        let curveWidth = max(0, min(16, rect.width - nameWidth - 42))
        let head =
            "   " + "run".padded(to: nameWidth) + " state       "
            + (curveWidth > 0 ? "kl".padded(to: curveWidth) + " " : "") + "     kl  gap closed"
        surface.put(head, x: rect.x, y: rect.y, Look(.muted), in: rect)
        let list = runsListRect(rect)
        let range = runs.list.visible(count: runs.rows.count, height: list.height)
        for (offset, index) in range.enumerated() {
            let line = list.row(offset)
            let isSelected = index == runs.list.selected
            let on: Role? = isSelected && isFocused ? .selection : nil
            if on != nil { surface.fill(line, Look(.selection)) }
            surface.put(
                runLine(
                    runs.rows[index], isSelected: isSelected, nameWidth: nameWidth,
                    curveWidth: curveWidth), x: line.x, y: line.y, in: line, on: on)
        }
    }

    private func runLine(
        _ row: RunRow, isSelected: Bool, nameWidth: Int, curveWidth: Int
    ) -> StyledLine {
        let run = row.summary
        let isOpen = run.run == bake.run
        let mark = runs.marked.contains(run.run) ? glyphs.bullet : isOpen ? "o" : " "
        let state: (String, Role) =
            switch run.state {
            case .running: ("running", .busy)
            case .interrupted: ("interrupted", .warning)
            case .failed: ("\(glyphs.cross) failed", .error)
            case .finished: ("\(glyphs.check) finished", .success)
            }
        let name = safe(run.run).truncated(to: nameWidth, isASCII: glyphs.isASCII)
        var spans = [
            StyledSpan("\(isSelected ? glyphs.pointer : " ")\(mark) ", .key),
            StyledSpan(name.padded(to: nameWidth) + " ", isOpen ? .title : .text),
            StyledSpan(state.0.padded(to: 12), state.1),
        ]
        if curveWidth > 0 {
            let curve = Sparkline.text(row.curve, width: curveWidth, isASCII: glyphs.isASCII)
            spans.append(StyledSpan(curve.padded(to: curveWidth) + " ", .chartStudent))
        }
        spans.append(
            StyledSpan(
                (run.kl.map { Figures.kl($0) } ?? "").padded(to: 7, alignment: .right) + "  "
                    + (run.gapClosed.map { Figures.percent($0) } ?? "\(run.step)/\(run.steps)"),
                .text))
        return StyledLine(spans)
    }

    /// Two runs beside each other: results, then the settings that differ.
    func comparisonLines(_ runs: [OpenRun]) -> [StyledLine] {
        guard runs.count == 2 else { return [] }
        func row(_ label: String, _ values: [String], _ role: Role) -> StyledLine {
            StyledLine([
                StyledSpan(label.padded(to: 22), .muted),
                StyledSpan(
                    values[0].truncated(to: 26, isASCII: glyphs.isASCII).padded(to: 28), role),
                StyledSpan(values[1].truncated(to: 26, isASCII: glyphs.isASCII), role),
            ])
        }
        var lines = [
            row("", runs.map { safe($0.name) }, .title),
            row("gap closed", runs.map { Figures.percent($0.history.gapClosed) }, .text),
            row("kl, last step", runs.map { Figures.kl($0.history.steps.last?.kl) }, .text),
            row(
                "kl, held out", runs.map { Figures.kl($0.history.evaluations.last?.heldOutKL) },
                .text),
            row("kl of the base", runs.map { Figures.kl($0.history.baseKL) }, .text),
            row("steps", runs.map { "\($0.history.step)" }, .text),
            StyledLine(),
        ]
        if runs[0].promptText != runs[1].promptText {
            lines.append(
                row("prompt", runs.map { safe($0.promptText) }, .diffOnly))
        } else {
            lines.append(row("prompt", ["the same", ""], .muted))
        }
        let names = Set(runs.flatMap(\.configuration.keys)).sorted()
        let differing = names.filter { runs[0].configuration[$0] != runs[1].configuration[$0] }
        for name in differing {
            lines.append(
                row(safe(name), runs.map { safe($0.configuration[name] ?? "") }, .diffOnly))
        }
        lines.append(
            StyledLine("\(names.count - differing.count) other settings are the same", .muted))
        return lines
    }
}
