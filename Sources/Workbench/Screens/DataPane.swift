internal import Baking
internal import Terminal

extension Workbench {
    func dataListRect(_ rect: Rect) -> Rect { rect.split(top: 2).rest }

    func drawData(_ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        drawDataHead(rect.split(top: 2).top, &surface)
        let list = dataListRect(rect)
        if data.rows.isEmpty {
            let text =
                job?.kind == .generate
                ? "The first examples are on their way."
                : "No examples yet. s writes them with the prompt; F5 writes and bakes them."
            drawParagraph(text, .muted, list, &surface)
            return
        }
        let range = data.list.visible(count: data.rows.count, height: list.height)
        for (offset, index) in range.enumerated() {
            let line = list.row(offset)
            let isSelected = index == data.list.selected
            let on: Role? = isSelected && isFocused ? .selection : nil
            if on != nil { surface.fill(line, Look(.selection)) }
            surface.put(
                rowLine(data.rows[index], isSelected: isSelected, width: line.width), x: line.x,
                y: line.y, in: line, on: on)
        }
    }

    private func drawDataHead(_ rect: Rect, _ surface: inout Surface) {
        if let progress = data.progress {
            let rate = progress.tokensPerSecond
            let isRunning = job != nil && progress.completed < progress.total
            let elapsed = job.map { now - $0.start } ?? 0
            let left =
                isRunning && progress.completed > 0
                ? elapsed / Double(progress.completed)
                    * Double(progress.total - progress.completed) : nil
            let failed = progress.failed > 0 ? "\(glyphs.cross) \(progress.failed) failed" : ""
            let bar = ProgressBar(
                label: "generate", completed: progress.completed, total: progress.total,
                note: [progress.spending?.text ?? "", failed].filter { !$0.isEmpty }
                    .joined(separator: ", "),
                rate: isRunning && rate.isFinite ? "\(Int(rate)) tok/s" : "", secondsLeft: left)
            draw(bar, rect.row(0), &surface)
        }
        if let teacher = data.teacher, teacher.completed < teacher.total {
            let bar = ProgressBar(
                label: "score", completed: teacher.completed, total: teacher.total)
            draw(bar, rect.row(1), &surface)
        } else if !data.rows.isEmpty {
            let struck = data.rows.count { $0.state == .struck }
            let out = data.rows.count - struck - data.keptCount
            var text = "\(data.keptCount) kept"
            if struck > 0 { text += ", \(struck) struck" }
            if out > 0 { text += ", \(out) kept out" }
            let line = rect.row(1)
            surface.put(text, x: line.x, y: line.y, Look(.muted), in: line)
        }
    }

    /// A progress bar in one row.
    func draw(_ bar: ProgressBar, _ rect: Rect, _ surface: inout Surface) {
        let pieces = bar.line(width: rect.width, isASCII: glyphs.isASCII)
        surface.put(
            StyledLine(pieces.map { StyledSpan($0.text, $0.role) }), x: rect.x, y: rect.y, in: rect)
    }

    private func rowLine(_ row: DatasetRow, isSelected: Bool, width: Int) -> StyledLine {
        let sign: (String, Role) =
            switch row.state {
            case .kept: row.isEdited ? ("e", .info) : (" ", .text)
            case .struck: (glyphs.cross, .error)
            case .keptOut: ("-", .warning)
            }
        let isOut = row.state != .kept
        let place = row.split == .dev ? "dev " : "\(Figures.tenths(row.temperature)) "
        let queryWidth = max(8, width / 3)
        let query = safe(row.query).truncated(to: queryWidth, isASCII: glyphs.isASCII)
            .padded(to: queryWidth)
        return StyledLine([
            StyledSpan("\(isSelected ? glyphs.pointer : " ")\(sign.0) ", sign.1),
            StyledSpan(place.padded(to: 4), .muted),
            StyledSpan("\(query) ", isOut ? .muted : .chatUser),
            StyledSpan(safe(row.response, cells: width), isOut ? .muted : .text),
        ])
    }

    /// Words of one look, wrapped.
    func drawParagraph(_ text: String, _ role: Role, _ rect: Rect, _ surface: inout Surface) {
        guard rect.width > 0 else { return }
        for (offset, line) in text.wrapped(to: rect.width).enumerated() where offset < rect.height {
            surface.put(line, x: rect.x, y: rect.y + offset, Look(role), in: rect)
        }
    }

    // MARK: One row

    /// The whole example as lines.
    func rowLines(_ id: String, width: Int) -> [StyledLine] {
        guard let row = data.row(id), width > 0 else { return [] }
        var lines: [StyledLine] = []
        func add(_ label: String, _ text: String, _ role: Role) {
            lines.append(StyledLine(label, .muted))
            lines += text.terminalSafe(isASCII: glyphs.isASCII).wrapped(to: width)
                .map { StyledLine($0, role) }
            lines.append(StyledLine())
        }
        for turn in row.earlierTurns {
            add(turn.isUser ? "query" : "response", turn.text, turn.isUser ? .chatUser : .muted)
        }
        add("query", row.query, .chatUser)
        lines.append(StyledLine("response", .muted))
        lines += Markdown.lines(
            row.response, width: width, look: .chatPrompted, isASCII: glyphs.isASCII)
        lines.append(StyledLine())
        let state =
            switch row.state {
            case .kept: "kept"
            case .struck: "struck out by hand"
            case .keptOut(let reason): "kept out: \(reason.rawValue)"
            }
        lines.append(
            StyledLine(
                "\(safe(row.group)), \(row.split.rawValue), temperature "
                    + "\(Figures.significant(row.temperature)), \(row.tokenCount) tokens, "
                    + (row.stop == .end ? "complete" : "cut at the limit"), .muted))
        lines.append(StyledLine(state + (row.isEdited ? ", edited" : ""), .muted))
        return lines
    }
}
