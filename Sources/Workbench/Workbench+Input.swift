internal import Baking
internal import Terminal

extension Workbench {
    mutating func handle(_ input: InputEvent) -> [WorkbenchEffect] {
        let before = focus
        let effects = act(on: input)
        // Other processes make runs too.
        return focus == .runs && before != .runs ? effects + [.listRuns] : effects
    }

    private mutating func act(on input: InputEvent) -> [WorkbenchEffect] {
        switch input {
        case .resize(let size):
            self.size = size
            return []
        case .focus(let isFocused):
            self.isFocused = isFocused
            return []
        case .paste(let text): return paste(text)
        case .mouse(let event): return handle(event)
        case .key(let key): return handle(key)
        }
    }

    /// Whether keys that type go into a text.
    var isWriting: Bool {
        if let overlay = overlays.last { return overlay.isWriting }
        switch focus {
        case .prompt: return true
        case .chat: return !chat.isInTranscript
        default: return false
        }
    }

    /// Where a key is looked up now, the nearest first.
    var scopes: [String] {
        if let overlay = overlays.last { return overlay.scopes + [Scope.global] }
        let own: [String] =
            switch focus {
            case .prompt: [Scope.prompt, Scope.text]
            case .data: [Scope.data, Scope.list]
            case .bake: [Scope.bake, Scope.chart]
            case .chat:
                chat.isInTranscript ? [Scope.transcript, Scope.list] : [Scope.input, Scope.text]
            case .runs: [Scope.runs, Scope.list]
            }
        return own + [Scope.global]
    }

    private mutating func handle(_ key: Key) -> [WorkbenchEffect] {
        lastKey = now
        if case .character(let character) = key.code,
            key.modifiers.subtracting(.shift).isEmpty
        {
            if isWriting { return type(String(character)) }
            if case .question(let choice) = overlays.last,
                let answer = choice.answers.first(where: { $0.key == character })
            {
                overlays.removeLast()
                return answered(answer.answer)
            }
        }
        guard let name = keyMap.command(for: key, in: scopes) else { return [] }
        if let action = EditorAction(rawValue: name) { return edit(action) }
        guard let command = CommandName(rawValue: name), isPossible(command) else { return [] }
        return perform(command)
    }

    /// Whether a command may act now: what lies over the panes keeps their commands away.
    func isPossible(_ command: CommandName) -> Bool {
        guard let overlay = overlays.last else { return true }
        switch command {
        case .help, .escape, .cancel, .quit, .suspend, .redraw, .externalEditor: return true
        case .startBake: if case .welcome = overlay { return true } else { return false }
        default:
            let scope = keyMap.command(named: command.rawValue)?.scope ?? Scope.global
            return scope != Scope.global && overlay.scopes.contains(scope)
        }
    }

    // MARK: Texts

    /// Changes the text that has the keys.
    private mutating func changeText(_ change: (inout TextEditor) -> Void) -> [WorkbenchEffect] {
        switch overlays.last {
        case .picker(var picker):
            let before = picker.filter.text
            change(&picker.filter)
            if picker.filter.text != before { picker.list = ListScroll() }
            overlays[overlays.count - 1] = .picker(picker)
            return preview(picker)
        case .field(var field):
            change(&field.editor)
            overlays[overlays.count - 1] = .field(field)
            if field.purpose == .findInPrompt {
                prompt.editor.look(for: field.editor.text)
            }
            return []
        case nil where focus == .prompt:
            let revision = prompt.editor.revision
            change(&prompt.editor)
            return prompt.editor.revision == revision ? [] : promptChanged()
        case nil where focus == .chat && !chat.isInTranscript:
            change(&chat.input)
            return []
        default: return []
        }
    }

    private mutating func type(_ text: String) -> [WorkbenchEffect] {
        changeText { _ = $0.insert(text) }
    }

    private mutating func paste(_ text: String) -> [WorkbenchEffect] {
        // What is pasted is text, whatever has the keys.
        if !isWriting, overlays.isEmpty, focus == .chat { chat.isInTranscript = false }
        guard isWriting else {
            say(.info, "there is no text to paste into here")
            return []
        }
        return changeText { _ = $0.paste(text) }
    }

    private mutating func edit(_ action: EditorAction) -> [WorkbenchEffect] {
        let size = textSize
        return changeText { _ = $0.perform(action, width: size.columns, height: size.rows) }
    }

    /// Cells of the text that has the keys.
    private var textSize: Size {
        switch overlays.last {
        case .picker, .field: return Size(columns: max(1, overlayWidth - 4), rows: 10)
        default: break
        }
        let rect = inside(of: focus)
        if focus == .chat {
            return Size(
                columns: max(1, rect.width - Workbench.inputMargin), rows: max(1, inputHeight(rect))
            )
        }
        return Size(columns: max(1, rect.width), rows: max(1, promptTextRect(rect).height))
    }

    // MARK: Mouse

    private mutating func handle(_ mouse: MouseEvent) -> [WorkbenchEffect] {
        switch mouse.kind {
        case .release:
            drag = nil
            return []
        case .wheelUp: return wheel(-3, at: mouse.at)
        case .wheelDown: return wheel(3, at: mouse.at)
        case .press:
            if !overlays.isEmpty { return [] }
            return press(at: mouse.at, isExtending: mouse.modifiers.contains(.shift))
        case .drag:
            switch drag {
            case .prompt:
                let rect = promptTextRect(inside(of: .prompt))
                moveCursor(to: mouse.at, in: rect, isExtending: true)
            case .chart(let lastX):
                bake.view.drag(
                    byColumns: mouse.at.x - lastX, of: chartRect, in: bake.chart)
                drag = .chart(lastX: mouse.at.x)
            case nil: break
            }
            return []
        }
    }

    private mutating func press(at point: Point, isExtending: Bool) -> [WorkbenchEffect] {
        let layout = layout
        if layout.tabs.contains(point) {
            if let pane = tab(at: point.x, in: layout.tabs) { go(to: pane) }
            return []
        }
        guard let pane = layout.panes.first(where: { $0.value.contains(point) })?.key else {
            return []
        }
        go(to: pane)
        if layout.folded.contains(pane) { return [] }
        let rect = inside(of: pane)
        switch pane {
        case .prompt:
            let text = promptTextRect(rect)
            moveCursor(to: point, in: text, isExtending: isExtending)
            drag = .prompt
        case .bake:
            bake.view.moveCursor(toColumn: point.x, of: chartRect, in: bake.chart)
            drag = .chart(lastX: point.x)
        case .data: select(at: point.y, in: dataListRect(rect), data.rows.count, &data.list)
        case .runs: select(at: point.y, in: runsListRect(rect), runs.rows.count, &runs.list)
        case .chat: chat.isInTranscript = point.y < rect.maxY - inputHeight(rect)
        }
        return []
    }

    private mutating func wheel(_ lines: Int, at point: Point) -> [WorkbenchEffect] {
        if !overlays.isEmpty {
            _ = moveInOverlay { $0.move(by: lines, count: $1, height: $2) }
            return []
        }
        guard let pane = layout.panes.first(where: { $0.value.contains(point) })?.key else {
            return []
        }
        let rect = inside(of: pane)
        switch pane {
        case .prompt:
            let text = promptTextRect(rect)
            prompt.editor.scroll(by: lines, width: text.width, height: text.height)
        case .chat: scrollTranscript(by: lines)
        case .data: data.list.move(by: lines, count: data.rows.count, height: rect.height)
        case .runs: runs.list.move(by: lines, count: runs.rows.count, height: rect.height)
        case .bake:
            bake.view.zoom(
                in: lines < 0, atColumn: point.x, of: chartRect, in: bake.chart)
        }
        return []
    }

    private mutating func moveCursor(to point: Point, in rect: Rect, isExtending: Bool) {
        prompt.editor.moveCursor(
            toCell: Point(x: point.x - rect.x, y: point.y - rect.y), width: rect.width,
            height: rect.height, isExtending: isExtending)
    }

    private func select(at y: Int, in rect: Rect, _ count: Int, _ list: inout ListScroll) {
        let index = list.visible(count: count, height: rect.height).lowerBound + y - rect.y
        if y >= rect.y { list.select(index, count: count, height: rect.height) }
    }

    /// Gives a pane the keys.
    mutating func go(to pane: Pane) {
        focus = pane
        if pane != .chat { side = pane }
    }
}
