internal import Baking
internal import Terminal

/// The chat: what was said, what is being written, who answers.
struct ChatState: Sendable {
    var transcript = Transcript()
    var input = TextEditor(text: "", isMultiline: true)
    var history = InputHistory()
    /// Keys go to the transcript, not to the message.
    var isInTranscript = false
    var isComparing = false
    /// The arms beside each other; the first two are the narrow view.
    var comparedArms: [Arm] = [.prompted, .baked, .base]
    /// Chosen by hand; nil is baked, or prompted as long as nothing is baked.
    var chosenArm: Arm?
    /// Whether there are baked weights.
    var isBaked = false
    var strength = 1.0
    var temperature = 0.7
    /// The turn that keys of the transcript are about; nil is the last.
    var selectedTurn: Int?
    /// The first line that is shown; nil follows the end.
    var top: Int?
    /// The question to which answers are coming: they are those of the last turn.
    private(set) var openQuestion: Int?
    /// What is searched in the transcript.
    var search = ""
    /// The complete turns as they were last laid out.
    var drawnTurns: [DrawnTurn] = []

    /// The lines of a turn and all that decides on them.
    struct DrawnTurn {
        var turn: Transcript.Turn
        var width: Int
        var isSelected: Bool
        var lines: [StyledLine]
    }

    static let strengthRange = -0.5...1.5

    var turns: [Transcript.Turn] { transcript.turns }
    /// Who answers when arms are not compared.
    var arm: Arm { chosenArm ?? (isBaked ? .baked : .prompted) }
    var askedArms: [Arm] { isComparing ? comparedArms : [arm] }
    var isAnswering: Bool { openQuestion != nil }

    mutating func restore(_ state: SavedState) {
        if input.isEmpty { input.setText(state.message) }
        history = InputHistory(entries: state.sent)
        strength = Self.strengthRange.clamp(state.strength)
        temperature = (0.0...2.0).clamp(state.temperature)
        isComparing = state.isComparing
    }

    /// Begins a turn.
    ///
    /// - Returns: What to ask, and what is to be kept.
    mutating func ask(
        _ message: String, id: Int, run: String?, prompt: String, seed: UInt64 = 0
    ) -> (question: Question, changes: [Transcript.Change]) {
        let question = Question(
            id: id, message: message, arms: askedArms, transcript: transcript, strength: strength,
            temperature: temperature, seed: seed, run: run,
            prompt: prompt)
        openQuestion = id
        top = nil
        selectedTurn = nil
        let changes = transcript.begin(
            message, arms: askedArms, strength: strength, temperature: temperature,
            seed: question.seed)
        return (question, changes)
    }

    /// Asks the last message again; nil when nothing was said.
    mutating func askAgain(
        id: Int, run: String?, prompt: String
    ) -> (question: Question, changes: [Transcript.Change])? {
        guard let last = turns.last else { return nil }
        let cut = Transcript.Change.cut(turnCount: turns.count - 1)
        transcript.apply(cut)
        // Another try at a message is another draw.
        let seed = (last.replies.map(\.seed).max() ?? 0) &+ 1
        var asked = ask(last.message, id: id, run: run, prompt: prompt, seed: seed)
        asked.changes.insert(cut, at: 0)
        return asked
    }

    /// Ends what is open: nothing more comes.
    ///
    /// - Returns: What is to be kept of replies that are not complete.
    mutating func close(failure: String? = nil) -> [Transcript.Change] {
        guard openQuestion != nil else { return [] }
        openQuestion = nil
        guard let turn = turns.indices.last else { return [] }
        let open = turns[turn].replies.filter { $0.stop == nil && $0.failure == nil }
        return open.map { reply in
            var reply = reply
            reply.failure = failure
            let change = Transcript.Change.reply(turn: turn, reply: reply)
            transcript.apply(change)
            return change
        }
    }

    /// Whether more is to come of a reply.
    func isOpen(_ reply: Transcript.Reply, turn: Int) -> Bool {
        openQuestion != nil && turn == turns.count - 1 && reply.stop == nil
            && reply.failure == nil
    }

    mutating func turnStrength(by steps: Int) {
        let tenths = (strength * 10).rounded() + Double(steps)
        strength = Self.strengthRange.clamp(tenths / 10)
    }

    mutating func turnTemperature(by steps: Int) {
        let tenths = (temperature * 10).rounded() + Double(steps)
        temperature = (0.0...2.0).clamp(tenths / 10)
    }

    /// Forgets the conversation.
    mutating func restart() -> [Transcript.Change] {
        openQuestion = nil
        top = nil
        selectedTurn = nil
        let change = Transcript.Change.cut(turnCount: 0)
        transcript.apply(change)
        return [change]
    }

    /// The turn that a key is about.
    var turnInQuestion: Transcript.Turn? {
        guard let index = selectedTurn ?? turns.indices.last, turns.indices.contains(index) else {
            return nil
        }
        return turns[index]
    }

    /// The whole chat as its authors wrote it.
    var text: String {
        turns.map { turn in
            (["> " + turn.message]
                + turn.replies.map { reply in
                    (turn.replies.count > 1 ? "[\(reply.arm.rawValue)] " : "") + reply.text
                }).joined(separator: "\n\n")
        }.joined(separator: "\n\n")
    }
}

extension ClosedRange<Double> {
    /// The nearest number inside; the lower bound for what is no number.
    func clamp(_ number: Double) -> Double {
        number.isNaN ? lowerBound : Swift.min(upperBound, Swift.max(lowerBound, number))
    }
}
