internal import Baking
package import Terminal

extension Workbench {
    /// The whole screen as it is now.
    package func draw() -> Surface {
        var surface = Surface(size)
        surface.fill(surface.bounds, Look(.text))
        let layout = layout
        guard layout.shape != .tooSmall else {
            drawTooSmall(&surface)
            return surface
        }
        for (pane, rect) in layout.panes {
            if layout.folded.contains(pane) {
                drawFolded(pane, rect, &surface)
                continue
            }
            let isFocused = pane == focus && overlays.isEmpty
            if layout.hasFrames {
                surface.frame(
                    rect, title: title(of: pane, isFocused: isFocused), isFocused: isFocused,
                    glyphs: glyphs)
            }
            draw(pane, inside(of: pane), isFocused: isFocused, &surface)
        }
        if !layout.tabs.isEmpty { drawTabs(layout.tabs, &surface) }
        drawStatus(layout.status, &surface)
        for overlay in overlays { draw(overlay, &surface) }
        drawToasts(above: layout.status.y, &surface)
        return surface
    }

    /// The cells of a pane within its frame; empty for one that is not seen.
    func inside(of pane: Pane) -> Rect {
        let layout = layout
        guard let rect = layout.panes[pane], !layout.folded.contains(pane) else {
            return Rect(x: 0, y: 0, width: 0, height: 0)
        }
        return layout.hasFrames ? rect.inset(left: 1, top: 1, right: 1, bottom: 1) : rect
    }

    private func draw(_ pane: Pane, _ rect: Rect, isFocused: Bool, _ surface: inout Surface) {
        guard !rect.isEmpty else { return }
        switch pane {
        case .prompt: drawPrompt(rect, isFocused: isFocused, &surface)
        case .data: drawData(rect, isFocused: isFocused, &surface)
        case .bake: drawBake(rect, isFocused: isFocused, &surface)
        case .chat: drawChat(rect, isFocused: isFocused, &surface)
        case .runs: drawRuns(rect, isFocused: isFocused, &surface)
        }
    }

    private func drawTooSmall(_ surface: inout Surface) {
        let text = "needs 40x10".truncated(to: size.columns, isASCII: glyphs.isASCII)
        surface.put(
            text, x: (size.columns - text.cellCount) / 2, y: size.rows / 2, Look(.warning))
    }

    // MARK: Titles

    private func title(of pane: Pane, isFocused: Bool) -> StyledLine {
        let mark = isFocused ? "\(glyphs.pointer) " : ""
        let name = StyledSpan(
            " \(mark)\(pane.rawValue + 1) \(pane.title) ", isFocused ? .borderFocused : .title)
        let detail = detail(of: pane)
        return StyledLine([name] + (detail.isEmpty ? [] : [StyledSpan(detail + " ", .muted)]))
    }

    /// What a pane's title says besides its name; safe.
    private func detail(of pane: Pane) -> String {
        switch pane {
        case .prompt:
            return safe(prompt.path) + (prompt.isChanged ? " \(glyphs.bullet) not saved" : "")
        case .data: return data.run.map { safe($0) } ?? ""
        case .bake: return bake.run.map { safe($0) } ?? ""
        case .chat: return chatTitle
        case .runs: return runs.rows.isEmpty ? "" : "\(runs.rows.count)"
        }
    }

    private func drawFolded(_ pane: Pane, _ rect: Rect, _ surface: inout Surface) {
        let summary = summary(of: pane)
        surface.fill(rect, Look(.border), with: glyphs.horizontal)
        var x = surface.put(title(of: pane, isFocused: false), x: rect.x + 2, y: rect.y, in: rect)
        x += rect.x + 2
        if !summary.isEmpty { surface.put("\(summary) ", x: x, y: rect.y, Look(.text), in: rect) }
    }

    /// A pane in a few words, for its folded line.
    private func summary(of pane: Pane) -> String {
        switch pane {
        case .prompt: prompt.tokens.map { "\($0.count) tokens" } ?? ""
        case .data: data.rows.isEmpty ? "no examples yet" : "\(data.keptCount) examples"
        case .bake: bakeSummary
        case .chat: ""
        case .runs:
            runs.rows.first.map { "newest \(safe($0.summary.run)), \($0.summary.state.rawValue)" }
                ?? "none yet"
        }
    }

    // MARK: Tabs

    private var tabLabels: [(pane: Pane, text: String)] {
        Pane.allCases.map { pane in
            let mark = pane == focus ? glyphs.pointer : " "
            return (
                pane, "\(mark)\(pane.rawValue + 1) \(pane.title)" + (size.columns < 50 ? "" : " ")
            )
        }
    }

    private func drawTabs(_ rect: Rect, _ surface: inout Surface) {
        surface.fill(rect, Look(.status))
        var x = rect.x
        for (pane, text) in tabLabels {
            let look =
                pane == focus
                ? Look(.borderFocused, on: .selection, attributes: .bold) : Look(.status)
            x += surface.put(text, x: x, y: rect.y, look, in: rect)
        }
        let side = detail(of: focus)
        if x + side.cellCount + 1 <= rect.maxX {
            surface.put(
                side, x: rect.maxX - side.cellCount - 1, y: rect.y, Look(.muted, on: .status))
        }
    }

    /// The pane whose tab is at column `x`.
    func tab(at x: Int, in rect: Rect) -> Pane? {
        var end = rect.x
        for (pane, text) in tabLabels {
            end += text.cellCount
            if x < end { return pane }
        }
        return nil
    }

    // MARK: Status

    private func drawStatus(_ rect: Rect, _ surface: inout Surface) {
        surface.fill(rect, Look(.status))
        let right = jobLine
        let rightWidth = right.isEmpty ? 0 : right.cellCount + 1
        var x = rect.x + 1
        let room = Rect(
            x: rect.x, y: rect.y, width: rect.width - rightWidth - 1, height: 1)
        for (keys, title) in hints {
            let width = keys.cellCount + 1 + title.cellCount + 2
            // A hint is whole or not there.
            guard x + width <= room.maxX else { break }
            x += surface.put(keys, x: x, y: rect.y, Look(.statusKey, on: .status), in: room)
            x += surface.put(" \(title)  ", x: x, y: rect.y, Look(.status), in: room)
        }
        if !right.isEmpty {
            surface.put(
                right, x: max(rect.x, rect.maxX - rightWidth), y: rect.y,
                Look(job?.isPaused == true ? .warning : .busy, on: .status), in: rect)
        }
    }

    /// The most useful keys here, as the key map has them.
    private var hints: [(keys: String, title: String)] {
        if case .question(let choice) = overlays.last {
            return choice.answers.map { (String($0.key), $0.text) }
        }
        // Letters are typed where something is written.
        var hints = keyMap.hints(scopes: scopes, inWords: glyphs.isASCII)
            .filter { !isWriting || $0.key.count > 1 }
            .filter { CommandName(rawValue: $0.command).map(isPossible) ?? true }
            .map { (keys: $0.key, title: $0.title) }
        let escape = overlays.isEmpty ? escapeTitle : "close"
        if !escape.isEmpty { hints.insert(("Esc", escape), at: min(2, hints.count)) }
        return hints
    }

    private var escapeTitle: String {
        focus == .chat ? (chat.isInTranscript ? "write" : "transcript") : ""
    }

    /// What is being done, in few words.
    private var jobLine: String {
        guard let job else { return "" }
        if job.isStopping { return "stopping" }
        if job.isPaused { return "paused" }
        if let waiting { return safe(waiting, cells: max(20, size.columns / 2)) }
        switch bake.history.phase {
        case .generating:
            return data.progress.map { "generating \($0.completed)/\($0.total)" } ?? "generating"
        case .scoring:
            return data.teacher.map { "scoring \($0.completed)/\($0.total)" } ?? "scoring"
        case .training:
            return "baking \(bake.history.step)/\(bake.history.stepCount.map(String.init) ?? "?")"
        case .verifying: return "verifying"
        default: return "working"
        }
    }

    // MARK: Toasts

    private func drawToasts(above bottom: Int, _ surface: inout Surface) {
        var y = bottom - 1
        for toast in toasts.reversed() {
            guard y >= 0 else { return }
            let sign: (String, Role) =
                switch toast.kind {
                case .info: ("i", .info)
                case .success: (glyphs.check, .success)
                case .warning: ("!", .warning)
                case .error: ("\(glyphs.cross) error", .error)
                }
            let room = max(0, size.columns - 2)
            let text = " \(sign.0) \(toast.text) "
                .truncated(to: room, isASCII: glyphs.isASCII)
            let x = size.columns - text.cellCount - 1
            // Never over the cursor.
            if let cursor = surface.cursor, cursor.y == y, cursor.x >= x {
                y -= 1
                guard y >= 0 else { return }
            }
            surface.put(text, x: max(0, x), y: y, Look(sign.1, on: .overlay, attributes: .bold))
            y -= 1
        }
    }
}
