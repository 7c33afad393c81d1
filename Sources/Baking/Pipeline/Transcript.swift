public import Foundation

/// A message and one arm's reply to it.
public struct Exchange: Hashable, Sendable {
    /// The person's.
    public var message: String
    /// The arm's; empty when it gave none.
    public var reply: String

    /// Both.
    public init(message: String, reply: String) {
        self.message = message
        self.reply = reply
    }
}

/// What was said: messages and the replies of one arm or several.
public struct Transcript: Hashable, Sendable, Codable {
    /// One arm's reply to one message.
    public struct Reply: Hashable, Sendable, Codable {
        /// Who replied.
        public var arm: Arm
        /// Without what ends the turn; of an incomplete reply what there was.
        public var text: String
        /// Why it ended; nil while it comes, and of one that was cancelled or failed.
        public var stop: StopReason?
        /// How many were sampled, end of turn included; nil of an incomplete one.
        public var tokenCount: Int?
        /// The adapter's step; nil where there is no adapter or it is not known.
        public var step: Int?
        /// What scaled the adapter; nil where there is none.
        public var strength: Double?
        /// The sampling temperature.
        public var temperature: Double
        /// The sampling seed of the conversation.
        public var seed: UInt64
        /// Why there is no complete reply; nil when it was only cancelled.
        public var failure: String?
        /// When it began.
        public var time: Date
    }

    /// A message and the replies to it.
    public struct Turn: Hashable, Sendable, Codable {
        /// The person's.
        public var message: String
        /// When it was sent.
        public var time: Date
        /// One per arm, by when they were asked.
        public var replies: [Reply]

        /// The reply of `arm`.
        public subscript(arm: Arm) -> Reply? { replies.first { $0.arm == arm } }
    }

    /// A change to a transcript: a line of its file.
    public enum Change: Hashable, Sendable, Codable {
        /// A message was sent.
        case message(text: String, time: Date)
        /// A reply to the message of this index, from 0; it replaces one of the same arm.
        case reply(turn: Int, reply: Reply)
        /// Only so many turns are kept: for another try at the next, or another message.
        case cut(turnCount: Int)
    }

    /// Oldest first.
    public private(set) var turns: [Turn] = []

    /// Nothing was said.
    public init() {}

    /// Takes up a change; one to a turn that is not there changes nothing.
    public mutating func apply(_ change: Change) {
        switch change {
        case .message(let message, let time):
            turns.append(Turn(message: message, time: time, replies: []))
        case .reply(let turn, let reply):
            guard turns.indices.contains(turn) else { return }
            if let place = turns[turn].replies.firstIndex(where: { $0.arm == reply.arm }) {
                turns[turn].replies[place] = reply
            } else {
                turns[turn].replies.append(reply)
            }
        case .cut(let turnCount):
            turns.removeSubrange(min(max(turnCount, 0), turns.count)...)
        }
    }

    /// The conversation with `arm`: the messages that it was asked, with its replies.
    public func exchanges(with arm: Arm) -> [Exchange] {
        turns.compactMap { turn in
            turn[arm].map { Exchange(message: turn.message, reply: $0.text) }
        }
    }
}

extension Transcript {
    /// Begins a turn: `message` was sent to `arms`, none has answered yet.
    ///
    /// - Returns: What was changed, as lines of the transcript's file.
    @discardableResult
    public mutating func begin(
        _ message: String, arms: [Arm], strength: Double, step: Int? = nil, temperature: Double,
        seed: UInt64, time: Date = Date()
    ) -> [Change] {
        let turn = turns.count
        let replies = arms.map { arm in
            Reply(
                arm: arm, text: "", step: arm.hasAdapter ? step : nil,
                strength: arm.hasAdapter ? strength : nil, temperature: temperature, seed: seed,
                time: time)
        }
        let changes =
            [Change.message(text: message, time: time)]
            + replies.map { Change.reply(turn: turn, reply: $0) }
        for change in changes { apply(change) }
        return changes
    }

    /// Takes up what an arm said to the last message.
    ///
    /// - Returns: The reply as a line of the transcript's file when it is complete or has failed.
    @discardableResult
    public mutating func apply(_ event: ComparisonEvent) -> Change? {
        let turn = turns.count - 1
        let (arm, isEnd) =
            switch event {
            case .began(let arm, _), .piece(let arm, _): (arm, false)
            case .finished(let arm, _), .failed(let arm, _): (arm, true)
            }
        guard var reply = turns.last?[arm] else { return nil }
        switch event {
        case .began(_, let step): reply.step = step ?? reply.step
        case .piece(_, let text): reply.text += text
        case .finished(_, let whole):
            reply.text = whole.text
            reply.tokenCount = whole.tokenCount
            reply.stop = whole.stop
        case .failed(_, let reason): reply.failure = reason
        }
        let change = Change.reply(turn: turn, reply: reply)
        apply(change)
        return isEnd ? change : nil
    }
}
