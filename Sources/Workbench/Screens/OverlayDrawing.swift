internal import Baking
internal import Terminal

extension Workbench {
    /// Columns of an overlay with its frame.
    var overlayWidth: Int { max(1, min(size.columns, max(40, min(96, size.columns * 7 / 10)))) }

    private func overlayRect(height: Int) -> Rect {
        let height = max(1, min(height, size.rows - 1))
        let width = overlayWidth
        return Rect(
            x: (size.columns - width) / 2, y: max(0, (size.rows - 1 - height) / 3), width: width,
            height: height)
    }

    /// Rows that an overlay wants for what is in it, without its frame.
    private func wantedHeight(of overlay: Overlay) -> Int {
        switch overlay {
        case .welcome: welcomeLines.count
        case .help, .messages, .row, .runComparison, .report: overlayLineCount(of: overlay)
        case .picker(let picker): 2 + min(16, max(1, picker.items.count))
        case .settings: settings.count + 5
        case .question(let choice): 2 + choice.answers.count
        case .field(let field): if case .row = field.purpose { 12 } else { 3 }
        }
    }

    private func rect(of overlay: Overlay) -> Rect {
        overlayRect(height: wantedHeight(of: overlay) + 2)
    }

    /// Rows of an overlay's list.
    func overlayListHeight(of overlay: Overlay) -> Int {
        let inside = rect(of: overlay).height - 2
        switch overlay {
        case .picker: return max(1, inside - 2)
        case .settings: return max(1, inside - 5)
        default: return max(1, inside)
        }
    }

    /// Rows that can be scrolled through.
    func overlayLineCount(of overlay: Overlay) -> Int {
        let width = overlayWidth - 4
        switch overlay {
        case .help(let scopes, _): return helpLines(scopes).count
        case .messages: return max(1, messages.count)
        case .row(let id, _): return rowLines(id, width: width).count
        case .runComparison(let runs, _): return comparisonLines(runs).count
        case .report: return reportLines(width: width).count
        case .picker(let picker): return picker.shown.count
        case .settings: return settings.count
        case .question(let choice): return choice.answers.count
        case .welcome, .field: return 1
        }
    }

    func draw(_ overlay: Overlay, _ surface: inout Surface) {
        surface.cursor = nil
        let rect = rect(of: overlay)
        surface.fill(rect, Look(.overlay))
        let inside = rect.inset(left: 2, top: 1, right: 2, bottom: 1)
        switch overlay {
        case .welcome:
            frame(rect, "Oven", &surface)
            draw(welcomeLines, from: 0, inside, &surface)
        case .help(let scopes, let list):
            frame(rect, "Keys", &surface)
            draw(helpLines(scopes), from: list.selected, inside, &surface)
        case .messages(let list):
            frame(rect, "Messages", &surface)
            drawMessages(list, inside, &surface)
        case .row(let id, let list):
            frame(rect, "Example", &surface)
            draw(rowLines(id, width: inside.width), from: list.selected, inside, &surface)
        case .runComparison(let runs, let list):
            frame(rect, "Two runs", &surface)
            draw(comparisonLines(runs), from: list.selected, inside, &surface)
        case .report(let list):
            frame(rect, "Verification", &surface)
            draw(reportLines(width: inside.width), from: list.selected, inside, &surface)
        case .picker(let picker):
            frame(rect, picker.title, &surface)
            draw(picker, inside, &surface)
        case .settings(let screen):
            frame(rect, "Settings", &surface)
            draw(screen, inside, &surface)
        case .question(let choice):
            frame(rect, "", &surface)
            draw(choice, inside, &surface)
        case .field(let field):
            frame(rect, field.title, &surface)
            let (text, hint) = inside.split(bottom: 1)
            field.editor.draw(
                into: &surface, rect: text, isFocused: true, options: EditorOptions(on: .overlay))
            surface.put(field.hint, x: hint.x, y: hint.y, Look(.muted, on: .overlay), in: hint)
        }
    }

    private func frame(_ rect: Rect, _ title: String, _ surface: inout Surface) {
        let line = title.isEmpty ? StyledLine() : StyledLine(" \(title) ", .title)
        surface.frame(rect, title: line, isFocused: true, glyphs: glyphs)
        surface.restyle(rect) { $0.on(.overlay) }
    }

    private func draw(
        _ lines: [StyledLine], from top: Int, _ rect: Rect, _ surface: inout Surface
    ) {
        for (offset, line) in lines.dropFirst(top).prefix(rect.height).enumerated() {
            surface.put(line, x: rect.x, y: rect.y + offset, in: rect, on: .overlay)
        }
        if top + rect.height < lines.count {
            let note = " \(glyphs.down) \(lines.count - top - rect.height) more "
            surface.put(
                note, x: rect.maxX - note.cellCount, y: rect.maxY, Look(.muted, on: .overlay))
        }
    }

    // MARK: Welcome

    private var welcomeLines: [StyledLine] {
        let width = overlayWidth - 4
        let run = runs.rows.isEmpty
        let text =
            "Oven bakes a prompt into a model's weights: afterwards the model keeps the persona "
            + "without the prompt."
        var lines = text.wrapped(to: max(1, width)).map { StyledLine($0, .text) }
        lines.append(StyledLine())
        let name =
            model.map { "\(safe($0.name)): \(safe($0.details))" } ?? "the model is being read"
        lines += name.wrapped(to: max(1, width)).map { StyledLine($0, .muted) }
        if let card = model?.card, !card.isEmpty {
            lines += safe(card).wrapped(to: max(1, width)).map { StyledLine($0, .muted) }
        }
        lines.append(StyledLine())
        func key(_ key: String, _ text: String) -> StyledLine {
            StyledLine([
                StyledSpan(key.padded(to: 8), .key), StyledSpan(text, .text),
            ])
        }
        lines.append(
            key(
                "Enter",
                run
                    ? "bake \(safe(prompt.path)) now, and talk to it"
                    : "bake \(safe(prompt.path)) now"))
        lines.append(key("Esc", "edit the prompt first (F5 bakes)"))
        lines.append(key("Tab", "goes round the panes; \(keyText(.palette)) has every command"))
        lines.append(key("F1", "the keys of the pane; \(keyText(.quit)) quits"))
        return lines
    }

    /// The first key of a command, as a person reads it.
    func keyText(_ command: CommandName) -> String {
        keyMap.keys(for: command.rawValue).first?.shown(inWords: glyphs.isASCII) ?? ""
    }

    // MARK: The verification

    private func reportLines(width: Int) -> [StyledLine] {
        guard let report = bake.history.verifications.last else { return [] }
        let shared = VerificationLines(
            report, losses: bake.history.steps.map(\.kl), run: bake.run,
            isASCII: glyphs.isASCII)
        var lines = shared.figures + [StyledLine()] + shared.positions + shared.checks
        var query: String?
        for reply in report.replies {
            if reply.query != query {
                lines += [StyledLine(), StyledLine(safe(reply.query), .chatUser)]
                query = reply.query
            }
            let text = "\(reply.arm.rawValue): " + reply.reply.prefix(2000)
            lines += text.terminalSafe(isASCII: glyphs.isASCII).wrapped(to: max(1, width))
                .map { StyledLine($0, role(of: reply.arm)) }
        }
        return lines
    }

    // MARK: Help

    private func helpLines(_ scopes: [String]) -> [StyledLine] {
        keyMap.help(scopes: scopes, inWords: glyphs.isASCII).flatMap { section -> [StyledLine] in
            [StyledLine(section.title, .title)]
                + section.commands.map { row in
                    StyledLine([
                        StyledSpan("  " + row.keys.padded(to: 26) + " ", .key),
                        StyledSpan(row.title, .text),
                    ])
                } + [StyledLine()]
        }
    }

    // MARK: Lists

    private func drawMessages(_ list: ListScroll, _ rect: Rect, _ surface: inout Surface) {
        if messages.isEmpty {
            surface.put("nothing was said yet", x: rect.x, y: rect.y, Look(.muted, on: .overlay))
        }
        let range = list.visible(count: messages.count, height: rect.height)
        for (offset, index) in range.enumerated() {
            let message = messages[index]
            let role: Role =
                switch message.kind {
                case .info: .text
                case .success: .success
                case .warning: .warning
                case .error: .error
                }
            let word =
                message.kind == .error ? "error " : message.kind == .warning ? "warning " : ""
            let time = ProgressBar.duration(message.time).padded(to: 9, alignment: .right)
            surface.put(
                StyledLine([StyledSpan("\(time)  ", .muted), StyledSpan(word + message.text, role)]
                ),
                x: rect.x, y: rect.y + offset, in: rect, on: .overlay)
        }
    }

    private func draw(_ picker: Picker, _ rect: Rect, _ surface: inout Surface) {
        let line = rect.row(0)
        surface.put(glyphs.pointer, x: line.x, y: line.y, Look(.key, on: .overlay))
        picker.filter.draw(
            into: &surface, rect: line.inset(left: 2), isFocused: true,
            options: EditorOptions(on: .overlay, placeholder: "type to filter"))
        let list = rect.inset(top: 2)
        let shown = picker.shown
        if shown.isEmpty {
            let text = picker.takesOthers ? "Enter takes what was typed" : "nothing fits"
            surface.put(text, x: list.x, y: list.y, Look(.muted, on: .overlay), in: list)
        }
        let range = picker.list.visible(count: shown.count, height: list.height)
        for (offset, index) in range.enumerated() {
            let row = list.row(offset)
            let (item, matches) = shown[index]
            let isSelected = index == picker.list.selected
            let on: Role = isSelected ? .selection : .overlay
            if isSelected { surface.fill(row, Look(.selection)) }
            var x =
                row.x
                + surface.put(
                    isSelected ? "\(glyphs.pointer) " : "  ", x: row.x, y: row.y, Look(.key, on: on)
                )
            let marked = Set(matches)
            for (place, character) in item.title.enumerated() {
                let look =
                    marked.contains(place)
                    ? Look(.key, on: on, attributes: .underline) : Look(.text, on: on)
                x += surface.put(String(character), x: x, y: row.y, look, in: row)
            }
            let detail = item.detail
            if !detail.isEmpty, x + 2 + detail.cellCount <= row.maxX {
                surface.put(
                    detail, x: row.maxX - detail.cellCount, y: row.y, Look(.muted, on: on), in: row)
            }
        }
    }

    private func draw(_ screen: SettingsScreen, _ rect: Rect, _ surface: inout Surface) {
        let (list, foot) = rect.split(bottom: 4)
        let range = screen.list.visible(count: settings.count, height: list.height)
        for (offset, index) in range.enumerated() {
            let row = list.row(offset)
            let setting = settings[index]
            let isSelected = index == screen.list.selected
            let on: Role = isSelected ? .selection : .overlay
            if isSelected { surface.fill(row, Look(.selection)) }
            let line = StyledLine([
                StyledSpan(isSelected ? "\(glyphs.pointer) " : "  ", .key),
                StyledSpan(setting.name.padded(to: 22), .text),
                StyledSpan(
                    safe(setting.value).truncated(to: 34, isASCII: glyphs.isASCII).padded(to: 36),
                    setting.isChanged ? .success : .title),
                StyledSpan(safe(setting.source), .muted),
            ])
            surface.put(line, x: row.x, y: row.y, in: row, on: on)
        }
        guard settings.indices.contains(screen.list.selected) else { return }
        let setting = settings[screen.list.selected]
        let text = "\(setting.help) Takes \(setting.expectation). Now from: \(setting.source)."
        let lines = safe(text).wrapped(to: max(1, foot.width))
        for (offset, line) in lines.prefix(max(0, foot.height - 1)).enumerated() {
            surface.put(
                line, x: foot.x, y: foot.y + 1 + offset, Look(.muted, on: .overlay), in: foot)
        }
    }

    private func draw(_ choice: Choice, _ rect: Rect, _ surface: inout Surface) {
        surface.put(
            choice.title, x: rect.x, y: rect.y, Look(.text, on: .overlay, attributes: .bold),
            in: rect)
        for (index, answer) in choice.answers.enumerated() {
            let row = rect.row(2 + index)
            guard !row.isEmpty else { return }
            let isSelected = index == choice.list.selected
            let on: Role = isSelected ? .selection : .overlay
            if isSelected { surface.fill(row, Look(.selection)) }
            let line = StyledLine([
                StyledSpan(isSelected ? "\(glyphs.pointer) " : "  ", .key),
                StyledSpan("\(answer.key)  ", .key), StyledSpan(answer.text, .text),
            ])
            surface.put(line, x: row.x, y: row.y, in: row, on: on)
        }
    }
}
