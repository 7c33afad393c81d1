import Transformer

/// A line of `dataset.jsonl` as it is shown to a person.
package struct DatasetRow: Hashable, Sendable {
    /// Whether the row is trained on or evaluated.
    package enum State: Hashable, Sendable {
        /// It is.
        case kept
        /// A person took it out; a person can put it back.
        case struck
        /// A rule took it out.
        case keptOut(ExclusionReason)
    }

    /// One message before the response.
    package struct Turn: Hashable, Sendable {
        /// The person's; the model's otherwise.
        package var isUser: Bool
        /// As typed or sampled.
        package var text: String
    }

    /// Stable: a hash of query, split, temperature and turn.
    package var id: String
    /// What the query is about.
    package var group: String
    /// What the row is used for.
    package var split: Split
    /// Which of the query's turns is answered, from 1.
    package var turn: Int
    /// The response was sampled at this temperature.
    package var temperature: Double
    /// The user's message that is answered.
    package var query: String
    /// The conversation before that message.
    package var earlierTurns: [Turn]
    /// Without what ends the turn.
    package var response: String
    /// Response tokens, end of turn included. Of an edited response it is right after the next bake.
    package var tokenCount: Int
    /// Why the response ended.
    package var stop: StopReason
    /// Whether a person wrote the response.
    package var isEdited: Bool
    /// Whether it is trained on or evaluated.
    package var state: State

    init(_ example: Example) {
        id = example.id
        group = example.group
        split = example.split
        turn = example.turn
        temperature = example.temperature
        let history = example.history
        query = history.last?.content ?? ""
        earlierTurns = history.dropLast().map { message in
            Turn(isUser: message.role == .user, text: message.content)
        }
        response = example.response
        tokenCount = example.tokens.count
        stop = example.stop
        isEdited = example.isWrittenByHand
        state = State(example)
    }
}

extension DatasetRow.State {
    init(_ example: Example) {
        self =
            if example.excluded != true { .kept } else {
                example.reason.map { .keptOut($0) } ?? .struck
            }
    }
}
