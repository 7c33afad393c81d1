internal import Baking
internal import Terminal

extension Workbench {
    /// Takes in what happened at `time` (seconds since the start).
    ///
    /// - Returns: What is to be done, in this order.
    package mutating func handle(_ event: WorkbenchEvent, at time: Double) -> [WorkbenchEffect] {
        now = time
        toasts.removeAll { $0.until.map { $0 <= time } ?? false }
        var effects = take(event)
        keepDrawnTurns()
        if isRestored {
            let state = state
            if state != saved {
                saved = state
                effects.append(.save(state))
            }
        }
        return effects
    }

    private mutating func take(_ event: WorkbenchEvent) -> [WorkbenchEffect] {
        switch event {
        case .input(let input): return handle(input)
        case .tick: return []
        case .signal(let number): return end(code: 128 + number)
        case .restored(let state):
            restore(state)
            return []
        case .prompt(let file): return opened(file)
        case .promptSaved(let path, let revision):
            prompt.saved(path: path, revision: revision)
            return []
        case .promptFiles(let files):
            showPromptFiles(files)
            return []
        case .tokenCount(let count, let revision):
            prompt.tokens = (count, revision)
            return []
        case .settings(let rows):
            settings = rows
            return []
        case .transcript(let transcript):
            chat.transcript = transcript
            return []
        case .model(let overview):
            model = overview
            return [.countTokens(text: prompt.editor.text, revision: prompt.editor.revision)]
        case .models(let names):
            showModels(names)
            return []
        case .moreModels(let names):
            addModels(names)
            return []
        case .themes(let names):
            themes = names
            return []
        case .theme(let name, _):
            themeName = name
            return []
        case .runs(let rows): return listed(rows)
        case .run(let run):
            opened(run)
            return []
        case .rows(let rows, let startingOver):
            data.take(rows, startingOver: startingOver)
            return []
        case .jobStarted(let kind):
            job = Job(kind: kind, start: now)
            waiting = nil
            return []
        case .job(let event): return happened(event)
        case .jobPaused(let isPaused):
            job?.isPaused = isPaused
            return []
        case .jobEnded(let end): return ended(end)
        case .reply(let id, let event): return answered(id, event)
        case .replyEnded(let id, let failure): return answersEnded(id, failure: failure)
        case .edited(let target, let text): return returned(text, to: target)
        case .notice(let kind, let text):
            say(kind, text)
            return []
        case .service(let notice):
            heard(notice)
            return []
        }
    }

    /// A service waits, goes on, or has something to say.
    private mutating func heard(_ notice: ServiceNotice) {
        switch notice {
        case .waiting: waiting = notice.text
        case .resumed: waiting = nil
        case .note: say(.info, notice.text)
        case .warning: say(.warning, notice.text)
        }
    }

    private mutating func restore(_ state: SavedState) {
        chat.restore(state)
        bake.watchedQuery = state.watched
        saved = state
        isRestored = true
        if !state.isWelcomed { overlays.append(.welcome) }
    }

    private mutating func opened(_ file: PromptFile) -> [WorkbenchEffect] {
        prompt.open(file)
        if let draft = file.draft, draft != file.text {
            say(.info, "unsaved edits of \(file.path) are back; undo shows the saved text")
        }
        return [.countTokens(text: prompt.editor.text, revision: prompt.editor.revision)]
    }

    private mutating func returned(_ text: String, to target: EditTarget) -> [WorkbenchEffect] {
        switch target {
        case .prompt:
            guard text != prompt.editor.text else { return [] }
            prompt.editor.replaceAll(with: text)
            return promptChanged()
        case .message:
            chat.input.setText(text)
            return []
        case .row(let id): return [.editRow(id: id, response: text)]
        }
    }

    /// What follows from an edit of the prompt.
    mutating func promptChanged() -> [WorkbenchEffect] {
        let text = prompt.editor.text
        return [
            .saveDraft(path: prompt.path, text: prompt.isChanged ? text : nil),
            .countTokens(text: text, revision: prompt.editor.revision),
        ]
    }

    // MARK: Runs

    private mutating func listed(_ rows: [RunRow]) -> [WorkbenchEffect] {
        let isFirst = !runs.isListed
        runs.take(rows)
        // The newest run is what a person comes back to.
        guard isFirst, bake.run == nil, job == nil, let newest = rows.first else { return [] }
        return [.openRun(newest.summary.run)]
    }

    private mutating func opened(_ run: OpenRun) {
        if run.isForOverlay {
            bake.addOverlay(run, isASCII: glyphs.isASCII)
            return
        }
        bake.open(run)
        data.open(run)
        chat.isBaked = run.hasCheckpoint
        prompt.bakedText = run.promptText
        prompt.bakedRun = run.name
    }

    // MARK: The job

    private mutating func happened(_ event: BakeEvent) -> [WorkbenchEffect] {
        var effects: [WorkbenchEffect] = []
        switch event.kind {
        case .runStarted(let start):
            if bake.run != start.run { data.clear() }
            bake.begin(start, resumedAt: now)
            data.run = start.run
            prompt.bakedRun = start.run
            effects.append(.listRuns)
        case .generationProgress(let progress):
            data.progress = progress
            if progress.completed == progress.total { effects.append(.refreshRows) }
        case .teacherProgress(let progress): data.teacher = progress
        case .step: chat.isBaked = true
        case .evaluation(let evaluation):
            chat.isBaked = true
            if let question = watchedQuestion(step: evaluation.step) { effects.append(question) }
        case .checkpoint: effects.append(.listRuns)
        case .verification(let report):
            say(.success, "verified: \(Figures.percent(report.gapClosed)) of the gap closed")
        case .runFinished(let finish):
            say(
                .success,
                "\(finish.run) is baked in \(ProgressBar.duration(finish.seconds)); talk to it")
            effects.append(.listRuns)
        case .warning(let notice): say(.warning, Figures.text(of: notice))
        // The job's end says it too.
        case .error: break
        }
        bake.apply(event)
        return effects
    }

    private mutating func ended(_ end: JobEnd) -> [WorkbenchEffect] {
        let kind = job?.kind
        // The key that began a short job does not count.
        let isBusy = lastKey > job?.start ?? 0 && now - lastKey < 1
        job = nil
        bake.jobEnded()
        switch end {
        case .finished:
            if kind == .generate {
                say(.success, "the data is ready: look through it, then press F5 to bake")
            } else if focus == .bake, overlays.isEmpty, !isBusy {
                // The obvious next thing, unless somebody is in the middle of something.
                focus = .chat
                chat.isInTranscript = false
            }
        case .stopped: say(.info, "stopped; the same command goes on where it was")
        case .failed(let reason): say(.error, reason)
        }
        if let quitCode { return [.quit(code: quitCode)] }
        return [.refreshRows, .listRuns]
    }

    /// Ends the program; work in progress is stopped in order first.
    mutating func end(code: Int32) -> [WorkbenchEffect] {
        // Who asks twice does not want to wait.
        let isAgain = quitCode != nil && code > 128
        quitCode = code
        guard job != nil, !isAgain else { return [.quit(code: code)] }
        job?.isStopping = true
        return [.stop(afterCheckpoint: false)]
    }
}
