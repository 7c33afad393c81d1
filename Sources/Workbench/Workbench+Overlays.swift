internal import Baking
internal import Terminal

extension Workbench {
    // MARK: Opening

    private mutating func open(_ picker: Picker) {
        var picker = picker
        picker.filter.glyphs = glyphs
        overlays.append(.picker(picker))
    }

    mutating func openPalette() {
        let items = CommandTable.commands.filter { $0.scope != Scope.text }.map { command in
            let keys = keyMap.keys(for: command.name).map { $0.shown(inWords: glyphs.isASCII) }
            let place = Scope.titles[command.scope] ?? ""
            return Picker.Item(
                title: "\(command.title)",
                detail: (keys.prefix(2).joined(separator: " ") + "  " + place.lowercased()),
                value: command.name)
        }
        open(Picker(kind: .commands, title: "Commands", items: items))
    }

    mutating func openThemes() {
        let items = themes.map { Picker.Item(title: safe($0), detail: "", value: $0) }
        var picker = Picker(kind: .themes(before: themeName), title: "Theme", items: items)
        picker.list.selected = themes.firstIndex(of: themeName) ?? 0
        open(picker)
    }

    mutating func showModels(_ names: [String]) {
        open(
            Picker(
                kind: .models, title: "Model: choose, or type a directory or hub id",
                items: modelItems(names), takesOthers: true))
    }

    /// More names for a choice that is still open.
    mutating func addModels(_ names: [String]) {
        guard case .picker(var picker)? = overlays.last, picker.kind == .models else { return }
        let known = Set(picker.items.map(\.value))
        picker.items += modelItems(names.filter { !known.contains($0) })
        overlays[overlays.count - 1] = .picker(picker)
    }

    private func modelItems(_ names: [String]) -> [Picker.Item] {
        names.map { name in
            Picker.Item(
                title: safe(name), detail: name == model?.name ? "in use" : "", value: name)
        }
    }

    mutating func showPromptFiles(_ files: [PromptChoice]) {
        let items = files.map { file in
            Picker.Item(
                title: safe(file.path),
                detail: (file.isBaked ? "baked  " : "")
                    + safe(file.firstLine).truncated(to: 40, isASCII: glyphs.isASCII),
                value: file.path)
        }
        open(
            Picker(
                kind: .prompts, title: "Prompt: choose, or type the name of a new file",
                items: items, takesOthers: true))
    }

    mutating func openSent() {
        var seen: Set<String> = []
        let items = chat.history.entries.reversed().filter { seen.insert($0).inserted }
            .map { Picker.Item(title: safe($0), detail: "", value: $0) }
        open(Picker(kind: .sent, title: "Earlier messages", items: items))
    }

    mutating func openField(_ purpose: Field.Purpose, _ title: String, _ text: String) {
        let isLong = if case .row = purpose { true } else { false }
        var editor = TextEditor(text: text, isMultiline: isLong, glyphs: glyphs)
        _ = editor.perform(.textEnd, width: max(1, overlayWidth - 4), height: 10)
        let hint =
            switch purpose {
            case .findInPrompt: "Enter next, Esc ends"
            case .row: "Enter keeps the response: it is scored again; Esc drops the edit"
            case .watchedQuery: "asked at every evaluation; empty asks nothing"
            default: "Enter accepts, Esc drops"
            }
        overlays.append(
            .field(Field(purpose: purpose, title: title, hint: hint, editor: editor)))
    }

    // MARK: Moving

    /// Moves in the list that has the keys.
    mutating func move(_ change: (inout ListScroll, Int, Int) -> Void) -> [WorkbenchEffect] {
        if !overlays.isEmpty { return moveInOverlay(change) }
        let rect = inside(of: focus)
        switch focus {
        case .data: change(&data.list, data.rows.count, dataListRect(rect).height)
        case .runs: change(&runs.list, runs.rows.count, runsListRect(rect).height)
        case .chat: moveTranscript(change)
        default: break
        }
        return []
    }

    mutating func moveInOverlay(
        _ change: (inout ListScroll, Int, Int) -> Void
    ) -> [WorkbenchEffect] {
        guard let overlay = overlays.last else { return [] }
        let height = overlayListHeight(of: overlay)
        let count = overlayLineCount(of: overlay)
        let index = overlays.count - 1
        switch overlay {
        case .picker(var picker):
            change(&picker.list, count, height)
            overlays[index] = .picker(picker)
            return preview(picker)
        case .settings(var screen):
            change(&screen.list, count, height)
            overlays[index] = .settings(screen)
        case .question(var choice):
            change(&choice.list, count, height)
            overlays[index] = .question(choice)
        // Texts scroll: the selection is their first line.
        case .help(let scopes, var list):
            Self.scroll(&list, change, count: count, height: height)
            overlays[index] = .help(scopes: scopes, list)
        case .messages(var list):
            change(&list, count, height)
            overlays[index] = .messages(list)
        case .row(let id, var list):
            Self.scroll(&list, change, count: count, height: height)
            overlays[index] = .row(id: id, list)
        case .runComparison(let runs, var list):
            Self.scroll(&list, change, count: count, height: height)
            overlays[index] = .runComparison(runs, list)
        case .report(var list):
            Self.scroll(&list, change, count: count, height: height)
            overlays[index] = .report(list)
        case .welcome, .field: break
        }
        return []
    }

    /// Moves a text by whole lines: what is selected is its first line that is seen.
    private static func scroll(
        _ list: inout ListScroll, _ change: (inout ListScroll, Int, Int) -> Void, count: Int,
        height: Int
    ) {
        let tops = max(1, count - height + 1)
        var first = ListScroll(selected: list.selected)
        change(&first, tops, max(1, height))
        list = ListScroll(selected: min(first.selected, tops - 1))
    }

    /// Shows a theme while it is only looked at.
    func preview(_ picker: Picker) -> [WorkbenchEffect] {
        guard case .themes = picker.kind, let name = picker.selected?.value, name != themeName
        else { return [] }
        return [.useTheme(name)]
    }

    // MARK: Choosing

    mutating func choose() -> [WorkbenchEffect] {
        guard let overlay = overlays.last else { return [] }
        switch overlay {
        case .welcome:
            overlays.removeLast()
            saved.isWelcomed = true
            return [.save(state)] + startBake(forceNew: false)
        case .picker(let picker): return chose(in: picker)
        case .settings(let screen): return chose(in: screen)
        case .question(let choice):
            overlays.removeLast()
            guard choice.answers.indices.contains(choice.list.selected) else { return [] }
            return answered(choice.answers[choice.list.selected].answer)
        case .field(let field): return typed(field)
        case .help, .messages, .row, .runComparison, .report:
            overlays.removeLast()
            return []
        }
    }

    private mutating func chose(in picker: Picker) -> [WorkbenchEffect] {
        let typed = picker.filter.text.trimmed
        let other = picker.takesOthers && !typed.isEmpty ? typed : nil
        guard let value = picker.selected?.value ?? other else { return [] }
        overlays.removeLast()
        switch picker.kind {
        case .commands:
            guard let command = CommandName(rawValue: value) else { return [] }
            return performFromPalette(command)
        case .themes: return [.useTheme(value), .set(setting: "theme", to: value)]
        case .models: return [.set(setting: "model", to: value)]
        case .prompts: return [.loadPrompt(path: value)]
        case .sent:
            chat.input.setText(value)
            return []
        }
    }

    /// A command of another pane goes there first, so that what it does is seen.
    private mutating func performFromPalette(_ command: CommandName) -> [WorkbenchEffect] {
        let scope = CommandTable.commands.first { $0.name == command.rawValue }?.scope
        switch scope {
        case Scope.prompt: go(to: .prompt)
        case Scope.data: go(to: .data)
        case Scope.bake, Scope.chart: go(to: .bake)
        case Scope.transcript, Scope.input:
            go(to: .chat)
            if command == .send { chat.isInTranscript = false }
        case Scope.runs: go(to: .runs)
        default: break
        }
        return perform(command)
    }

    private mutating func chose(in screen: SettingsScreen) -> [WorkbenchEffect] {
        guard settings.indices.contains(screen.list.selected) else { return [] }
        let row = settings[screen.list.selected]
        switch row.name {
        case "theme": openThemes()
        case "model": return [.listModels]
        case "prompt": return [.listPromptFiles]
        case "services": say(.info, "services are set in oven.yaml")
        default:
            if let place = row.choices.firstIndex(of: row.value) {
                let next = row.choices[(place + 1) % row.choices.count]
                return [.set(setting: row.name, to: next)]
            }
            openField(
                .setting(row.name), "\(row.name): \(row.expectation)",
                ["none", "built-in", "rank", "all cores"].contains(row.value) ? "" : row.value)
        }
        return []
    }

    mutating func resetSetting() -> [WorkbenchEffect] {
        guard case .settings(let screen) = overlays.last,
            settings.indices.contains(screen.list.selected)
        else { return [] }
        return [.unset(setting: settings[screen.list.selected].name)]
    }

    private mutating func typed(_ field: Field) -> [WorkbenchEffect] {
        let text = field.editor.text
        switch field.purpose {
        case .findInPrompt:
            prompt.editor.findNext()
            return []
        case .search(let pane):
            overlays.removeLast()
            search(text, in: pane)
        case .watchedQuery:
            overlays.removeLast()
            bake.watchedQuery = text.trimmed
        case .rename(let run):
            overlays.removeLast()
            return text.trimmed == run ? [] : [.renameRun(run, to: text.trimmed)]
        case .setting(let name):
            overlays.removeLast()
            return [.set(setting: name, to: text.trimmed)]
        case .row(let id):
            overlays.removeLast()
            guard let row = data.row(id), row.response != text else { return [] }
            guard !text.trimmed.isEmpty else {
                say(.warning, "a response cannot be empty; x strikes the row out")
                return []
            }
            return [.editRow(id: id, response: text)]
        }
        return []
    }

    // MARK: Searching

    /// What was searched in the pane that has the keys.
    var searched: String {
        switch focus {
        case .data: data.search
        case .runs: runs.search
        case .chat: chat.search
        default: ""
        }
    }

    private mutating func search(_ text: String, in pane: Pane) {
        switch pane {
        case .data: data.search = text
        case .runs: runs.search = text
        case .chat: chat.search = text
        default: return
        }
        searchOn(1)
    }

    mutating func searchOn(_ direction: Int) {
        let text = searched
        guard !text.isEmpty else { return }
        switch focus {
        case .data:
            if let place = data.match(direction: direction) {
                data.list.selected = place
                return
            }
        case .runs:
            if let place = runs.match(direction: direction) {
                runs.list.selected = place
                return
            }
        case .chat: if searchTranscript(text, direction: direction) { return }
        default: return
        }
        say(.info, "nothing has \"\(text)\"")
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let end = self[...].reversed().drop(while: \.isWhitespace).reversed()
        return String(end.drop(while: \.isWhitespace))
    }
}
