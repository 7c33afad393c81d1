internal import Baking
internal import Terminal

extension Workbench {
    mutating func perform(_ command: CommandName) -> [WorkbenchEffect] {
        switch command {
        case .nextPane: go(to: focus.next(1))
        case .previousPane: go(to: focus.next(-1))
        case .goToPrompt: go(to: .prompt)
        case .goToData: go(to: .data)
        case .goToBake: go(to: .bake)
        case .goToChat:
            go(to: .chat)
            chat.isInTranscript = false
        case .goToRuns: go(to: .runs)
        case .escape: return escape()
        case .cancel: return cancel()
        case .quit: return quit()
        case .suspend: return [.suspend]
        case .redraw: return [.redraw]
        case .externalEditor: return editOutside()
        case .palette: openPalette()
        case .help: overlays.append(.help(scopes: scopes, ListScroll()))
        case .settings: overlays.append(.settings(SettingsScreen()))
        case .messages:
            var list = ListScroll()
            list.selected = max(0, messages.count - 1)
            overlays.append(.messages(list))
        case .welcome: overlays.append(.welcome)
        case .chooseModel: return [.listModels]
        case .chooseTheme: openThemes()
        case .copySelection: return copySelection()

        case .savePrompt: return savePrompt()
        case .openPrompt: return [.listPromptFiles]
        case .findInPrompt:
            openField(.findInPrompt, "Find", prompt.editor.find?.pattern ?? "")
        case .promptNewline:
            _ = prompt.editor.insertNewline()
            return promptChanged()
        case .revertPrompt: return revertPrompt()

        case .generate: return generate()
        case .openRow:
            if let row = data.selectedRow { overlays.append(.row(id: row.id, ListScroll())) }
        case .strikeRow: return strike()
        case .editRow: editRow()
        case .copyRows:
            if job == nil, let run = data.run { return [.copyRows(of: run)] }

        case .startBake: return startBake(forceNew: false)
        case .newBake: return startBake(forceNew: true)
        case .pauseBake: return pauseBake()
        case .stopBake: askToStop()
        case .verify: return verify()
        case .report:
            if bake.history.verifications.isEmpty {
                say(.info, "nothing is verified yet; a bake ends with a verification")
            } else {
                overlays.append(.report(ListScroll()))
            }
        case .watchQuery: openField(.watchedQuery, "Watched query", bake.watchedQuery)

        case .chartLeft: bake.view.moveCursor(by: -1, in: bake.chart)
        case .chartRight: bake.view.moveCursor(by: 1, in: bake.chart)
        case .chartPanLeft: bake.view.pan(by: -0.25, in: bake.chart)
        case .chartPanRight: bake.view.pan(by: 0.25, in: bake.chart)
        case .chartZoomIn: bake.view.zoom(in: true, in: bake.chart)
        case .chartZoomOut: bake.view.zoom(in: false, in: bake.chart)
        case .chartFit: bake.view.showAll()
        case .chartFollow: bake.view.follow()
        case .chartLog: bake.view.toggleLog()
        case .chartSmoothing: bake.view.cycleSmoothing()
        case .chartOverlay: return toggleOverlay()
        case .chartNextMark: bake.view.moveToNextMark(in: bake.chart)

        case .send: return send()
        case .transcript: chat.isInTranscript = true
        case .writeMessage:
            chat.isInTranscript = false
            chat.selectedTurn = nil
            chat.top = nil
        case .historyBack: moveInHistory(back: true)
        case .historyForward: moveInHistory(back: false)
        case .searchHistory: openSent()
        case .copyReply: return copyReply()
        case .copyChat:
            return chat.turns.isEmpty ? [] : copied(chat.text, "the chat")
        case .retry: return retry()
        case .compare:
            chat.isComparing.toggle()
            chat.top = nil
        case .nextArm: nextArm()
        case .previousTurn: selectTurn(-1)
        case .nextTurn: selectTurn(1)
        case .newChat:
            return cancelReplies() + [.record(chat.restart())]
        case .stronger: chat.turnStrength(by: 1)
        case .weaker: chat.turnStrength(by: -1)
        case .resetStrength: chat.strength = 1
        case .hotter: chat.turnTemperature(by: 1)
        case .colder: chat.turnTemperature(by: -1)

        case .openRun: return openRun()
        case .renameRun:
            if let run = runs.selected?.summary.run {
                openField(.rename(run: run), "New name of \(safe(run))", run)
            }
        case .deleteRun: askToDelete()
        case .continueRun: return continueRun()
        case .markRun:
            if let run = runs.selected?.summary.run {
                runs.marked.formSymmetricDifference([run])
                bake.keepOverlays(of: runs.marked)
                if runs.marked.contains(run), run != bake.run { return [.openForOverlay(run)] }
            }
        case .compareRuns: return compareRuns()

        case .up: return move { $0.move(by: -1, count: $1, height: $2) }
        case .down: return move { $0.move(by: 1, count: $1, height: $2) }
        case .pageUp: return move { $0.page(by: -1, count: $1, height: $2) }
        case .pageDown: return move { $0.page(by: 1, count: $1, height: $2) }
        case .first: return move { $0.home(count: $1, height: $2) }
        case .last: return move { $0.end(count: $1, height: $2) }
        case .search:
            if overlays.isEmpty { openField(.search(focus), "Search", searched) }
        case .searchNext: searchOn(1)
        case .searchPrevious: searchOn(-1)

        case .choose: return choose()
        case .writeSettings: return [.writeSettings]
        case .resetSetting: return resetSetting()
        case .confirm: return choose()
        }
        return []
    }

    // MARK: The prompt

    mutating func savePrompt() -> [WorkbenchEffect] {
        [
            .savePrompt(
                path: prompt.path, text: prompt.editor.text, revision: prompt.editor.revision)
        ]
    }

    private mutating func revertPrompt() -> [WorkbenchEffect] {
        guard prompt.isChanged else { return [] }
        overlays.append(
            .question(
                Choice(
                    title: "Go back to the saved prompt?",
                    answers: [
                        ("y", "yes; undo brings the edits back", .revertPrompt), ("n", "no", .stay),
                    ]
                )))
        return []
    }

    private mutating func editOutside() -> [WorkbenchEffect] {
        if case .field(let field) = overlays.last, case .row(let id) = field.purpose {
            overlays.removeLast()
            return [.edit(.row(id), text: field.editor.text)]
        }
        guard overlays.isEmpty else { return [] }
        switch focus {
        case .chat: return [.edit(.message, text: chat.input.text)]
        case .data:
            guard let row = data.selectedRow else { return [] }
            return [.edit(.row(row.id), text: row.response)]
        default: return [.edit(.prompt, text: prompt.editor.text)]
        }
    }

    private mutating func copySelection() -> [WorkbenchEffect] {
        let text = focus == .chat ? chat.input.selectedText : prompt.editor.selectedText
        guard !text.isEmpty else {
            say(.info, "nothing is selected")
            return []
        }
        return copied(text, "the selection")
    }

    private mutating func copied(_ text: String, _ what: String) -> [WorkbenchEffect] {
        say(.success, "copied \(what): \(text.count) characters")
        return [.copy(text)]
    }

    private mutating func copyReply() -> [WorkbenchEffect] {
        guard let turn = chat.turnInQuestion else { return [] }
        let reply =
            turn.replies.first { $0.arm == (chat.isComparing ? .baked : chat.arm) }
            ?? turn.replies.first
        guard let reply, !reply.text.isEmpty else { return [] }
        return copied(reply.text, "the reply")
    }

    // MARK: Work

    private mutating func generate() -> [WorkbenchEffect] {
        if job?.kind == .generate { return stop(afterCheckpoint: false) }
        guard job == nil else {
            say(.warning, "a job is running")
            return []
        }
        return start(.generate, JobRequest(promptPath: prompt.path, promptText: prompt.editor.text))
    }

    mutating func startBake(forceNew: Bool) -> [WorkbenchEffect] {
        if case .welcome = overlays.last { return choose() }
        if job?.isPaused == true { return pauseBake() }
        guard job == nil else {
            say(.info, "the bake is running; p pauses it")
            go(to: .bake)
            return []
        }
        go(to: .bake)
        return start(
            .bake,
            JobRequest(
                promptPath: prompt.path, promptText: prompt.editor.text, forceNew: forceNew))
    }

    private mutating func start(_ kind: JobKind, _ request: JobRequest) -> [WorkbenchEffect] {
        guard request.promptText.contains(where: { !$0.isWhitespace }) else {
            go(to: .prompt)
            say(.error, "the prompt is empty: write what the model should be")
            return []
        }
        // Nothing is baked that is not in the file.
        return (prompt.isChanged ? savePrompt() : []) + [.start(kind, request)]
    }

    private mutating func pauseBake() -> [WorkbenchEffect] {
        guard let job else { return [] }
        self.job?.isPaused = !job.isPaused
        return [.pause(!job.isPaused)]
    }

    private mutating func verify() -> [WorkbenchEffect] {
        guard job == nil, let run = bake.run else { return [] }
        return [
            .start(
                .verify,
                JobRequest(promptPath: prompt.path, promptText: prompt.editor.text, run: run))
        ]
    }

    private mutating func continueRun() -> [WorkbenchEffect] {
        guard let run = runs.selected?.summary else { return [] }
        guard job == nil else {
            say(.warning, "a job is running")
            return []
        }
        guard run.state != .finished else {
            say(.info, "\(run.run) is finished; F5 bakes the prompt of the editor")
            return []
        }
        go(to: .bake)
        return [
            .openRun(run.run),
            .start(
                .bake,
                JobRequest(
                    promptPath: prompt.path, promptText: prompt.editor.text, run: run.run)),
        ]
    }

    // MARK: Rows

    private mutating func strike() -> [WorkbenchEffect] {
        guard let row = data.selectedRow else { return [] }
        guard canEditRows() else { return [] }
        switch row.state {
        case .kept: return [.strikeRow(id: row.id)]
        case .struck: return [.restoreRow(id: row.id)]
        case .keptOut(let reason):
            say(.info, "this row is kept out anyway: \(reason.rawValue)")
            return []
        }
    }

    private mutating func editRow() {
        guard let row = data.selectedRow, canEditRows() else { return }
        openField(.row(id: row.id), "Response to: \(safe(row.query))", row.response)
    }

    private mutating func canEditRows() -> Bool {
        guard job == nil else {
            say(.warning, "rows can be changed when the job is done or stopped")
            return false
        }
        guard !bake.hasWeights else {
            say(.warning, "this run is trained on its rows; C copies them to a new run")
            return false
        }
        return true
    }

    // MARK: The chat

    private mutating func moveInHistory(back: Bool) {
        let size = inside(of: .chat)
        let width = max(1, size.width - Workbench.inputMargin)
        // Within a text of several lines the keys move the cursor.
        let isAtEdge =
            back
            ? chat.input.isOnFirstLine(width: width) : chat.input.isOnLastLine(width: width)
        guard isAtEdge else {
            _ = chat.input.perform(
                back ? .up : .down, width: width, height: max(1, inputHeight(size)))
            return
        }
        let text = back ? chat.history.older(than: chat.input.text) : chat.history.newer()
        if let text { chat.input.setText(text) }
    }

    private mutating func nextArm() {
        if chat.isComparing {
            // The fourth arm is the only one that is not always asked.
            if chat.comparedArms.contains(.bakedPrompt) {
                chat.comparedArms.removeAll { $0 == .bakedPrompt }
            } else {
                chat.comparedArms.append(.bakedPrompt)
            }
            return
        }
        let all = Arm.allCases
        let place = all.firstIndex(of: chat.arm) ?? 0
        chat.chosenArm = all[(place + 1) % all.count]
    }

    private mutating func selectTurn(_ offset: Int) {
        guard !chat.turns.isEmpty else { return }
        let now = chat.selectedTurn ?? (offset < 0 ? chat.turns.count : chat.turns.count - 1)
        chat.selectedTurn = max(0, min(chat.turns.count - 1, now + offset))
        showSelectedTurn()
    }

    // MARK: Runs

    private mutating func openRun() -> [WorkbenchEffect] {
        guard let run = runs.selected?.summary.run else { return [] }
        guard job == nil else {
            say(.warning, "a job is running; mark the run with Space to see it in the chart")
            return []
        }
        go(to: .bake)
        return [.openRun(run)]
    }

    private mutating func askToDelete() {
        guard let run = runs.selected?.summary.run else { return }
        overlays.append(
            .question(
                Choice(
                    title: "Delete \(safe(run)) with its data and weights?",
                    answers: [("y", "delete it", .delete(run: run)), ("n", "keep it", .stay)],
                    list: ListScroll(selected: 1))))
    }

    private mutating func toggleOverlay() -> [WorkbenchEffect] {
        bake.view.toggleOverlays()
        guard bake.view.showsOverlays, bake.overlays.isEmpty else { return [] }
        let others = runs.rows.map(\.summary.run).filter { $0 != bake.run }
        let wanted = runs.marked.isEmpty ? Array(others.prefix(1)) : Array(runs.marked)
        if wanted.isEmpty { say(.info, "there is no other run to lay over") }
        return wanted.filter { $0 != bake.run }.map { .openForOverlay($0) }
    }

    private mutating func compareRuns() -> [WorkbenchEffect] {
        let names = runs.rows.map(\.summary.run).filter(runs.marked.contains)
        guard names.count == 2 else {
            say(.info, "mark two runs with Space first")
            return []
        }
        let known = names.compactMap { name in
            bake.overlays.first { $0.name == name }
                ?? (bake.open.map { $0.name == name ? $0 : nil } ?? nil)
        }
        guard known.count == 2 else {
            say(.info, "the runs are still being read")
            return names.filter { name in !known.contains { $0.name == name } }
                .map { .openForOverlay($0) }
        }
        overlays.append(.runComparison(known, ListScroll()))
        return []
    }
}
