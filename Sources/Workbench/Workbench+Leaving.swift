internal import Baking
internal import Terminal

// Closing, cancelling, stopping, quitting.
extension Workbench {
    mutating func escape() -> [WorkbenchEffect] {
        if let overlay = overlays.popLast() {
            switch overlay {
            case .picker(let picker):
                if case .themes(let before) = picker.kind, before != themeName {
                    return [.useTheme(before)]
                }
            case .welcome: saved.isWelcomed = true
            case .field(let field) where field.purpose == .findInPrompt:
                prompt.editor.endFind()
            default: break
            }
            if case .welcome = overlay { return [.save(state)] }
            return []
        }
        if !toasts.isEmpty, toasts.contains(where: { $0.until == nil }) {
            toasts.removeAll()
            return []
        }
        switch focus {
        case .prompt:
            if prompt.editor.find != nil {
                prompt.editor.endFind()
            } else {
                prompt.editor.dropSelection()
            }
        case .chat:
            if !chat.isInTranscript, chat.input.selection != nil {
                chat.input.dropSelection()
            } else {
                chat.isInTranscript.toggle()
                chat.selectedTurn = nil
            }
        case .bake: bake.view.follow()
        case .data: data.search = ""
        case .runs: runs.search = ""
        }
        return []
    }

    mutating func cancel() -> [WorkbenchEffect] {
        let isAgain = lastCancel.map { now - $0 < 2 } ?? false
        lastCancel = now
        if case .question(let choice) = overlays.last,
            choice.answers.contains(where: { $0.answer == .stopAfterCheckpointAndQuit })
        {
            overlays.removeLast()
            return isAgain ? answered(.stopAfterCheckpointAndQuit) : []
        }
        if !overlays.isEmpty { return escape() }
        if chat.isAnswering { return cancelReplies() }
        if job?.kind == .generate || job?.kind == .verify {
            job?.isStopping = true
            return [.stop(afterCheckpoint: false)]
        }
        if focus == .chat, !chat.input.isEmpty {
            chat.history.add(chat.input.text)
            chat.input = TextEditor(text: "", glyphs: glyphs)
            return []
        }
        if job != nil { return quit() }
        if isAgain { return [.quit(code: 0)] }
        say(.info, "press Ctrl-C again to quit")
        return []
    }

    mutating func quit() -> [WorkbenchEffect] {
        guard let job else { return [.quit(code: 0)] }
        if job.isStopping {
            say(.info, "stopping; the program ends when everything is on disk")
            quitCode = 0
            return []
        }
        overlays.append(
            .question(
                Choice(
                    title: "A \(job.kind == .bake ? "bake" : "job") is running.",
                    answers: [
                        ("c", "stop after a checkpoint and quit", .stopAfterCheckpointAndQuit),
                        ("n", "stop now and quit", .stopNowAndQuit), ("s", "stay", .stay),
                    ])))
        return []
    }

    mutating func answered(_ answer: Choice.Answer) -> [WorkbenchEffect] {
        switch answer {
        case .stay: return []
        case .stopAfterCheckpointAndQuit:
            quitCode = 0
            return stop(afterCheckpoint: true)
        case .stopNowAndQuit: return end(code: 0)
        case .stopAfterCheckpoint: return stop(afterCheckpoint: true)
        case .stopNow: return stop(afterCheckpoint: false)
        case .delete(let run): return [.deleteRun(run)]
        case .revertPrompt:
            prompt.editor.setText(prompt.savedText ?? "")
            return promptChanged()
        }
    }

    mutating func stop(afterCheckpoint: Bool) -> [WorkbenchEffect] {
        guard job != nil else { return quitCode.map { [.quit(code: $0)] } ?? [] }
        job?.isStopping = true
        return [.stop(afterCheckpoint: afterCheckpoint)]
    }

    mutating func askToStop() {
        guard let job, !job.isStopping else { return }
        overlays.append(
            .question(
                Choice(
                    title: "Stop? It can go on later.",
                    answers: [
                        ("c", "after a checkpoint", .stopAfterCheckpoint),
                        ("n", "now", .stopNow), ("s", "do not stop", .stay),
                    ])))
    }
}
