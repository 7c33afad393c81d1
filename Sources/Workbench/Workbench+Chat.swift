internal import Baking
internal import Terminal

extension Workbench {
    /// Sends the message that was written.
    mutating func send() -> [WorkbenchEffect] {
        let message = chat.input.text
        guard message.contains(where: { !$0.isWhitespace }) else { return [] }
        guard !chat.isAnswering else {
            say(.info, "an answer is still coming; Ctrl-C stops it")
            return []
        }
        chat.history.add(message)
        chat.input = TextEditor(text: "", glyphs: glyphs)
        questionCount += 1
        let asked = chat.ask(
            message, id: questionCount, run: bake.run, prompt: prompt.editor.text)
        return [.record(asked.changes), .ask(asked.question)]
    }

    mutating func retry() -> [WorkbenchEffect] {
        guard !chat.isAnswering else { return [] }
        questionCount += 1
        guard
            let asked = chat.askAgain(
                id: questionCount, run: bake.run, prompt: prompt.editor.text)
        else { return [] }
        return [.record(asked.changes), .ask(asked.question)]
    }

    /// Asks the watched query of the weights as they are now.
    mutating func watchedQuestion(step: Int) -> WorkbenchEffect? {
        let message = bake.watchedQuery
        guard !message.isEmpty else { return nil }
        questionCount += 1
        bake.watch(id: questionCount, step: step)
        return .ask(
            Question(
                id: questionCount, message: message, arms: [.baked], strength: 1, temperature: 0,
                seed: 0, run: nil, prompt: prompt.editor.text))
    }

    mutating func answered(_ id: Int, _ event: ComparisonEvent) -> [WorkbenchEffect] {
        if bake.isWatching(id) {
            bake.take(id, event)
            return []
        }
        guard chat.openQuestion == id else { return [] }
        return chat.transcript.apply(event).map { [.record([$0])] } ?? []
    }

    mutating func answersEnded(_ id: Int, failure: String?) -> [WorkbenchEffect] {
        bake.endWatching(id, failed: failure != nil)
        guard chat.openQuestion == id else { return [] }
        let changes = chat.close(failure: failure)
        return changes.isEmpty ? [] : [.record(changes)]
    }

    /// Stops the answers that are coming.
    mutating func cancelReplies() -> [WorkbenchEffect] {
        guard let id = chat.openQuestion else { return [] }
        return [.cancelReply(id: id), .record(chat.close())]
    }
}
