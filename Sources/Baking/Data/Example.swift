public import Transformer

/// One query and its response, without the prompt: one line of `dataset.jsonl`.
public struct Example: Hashable, Sendable, Codable {
    /// The conversation; the last turn is the response. Never a system message.
    public var messages: [ChatMessage]
    /// Stable: a hash of query, split, temperature and turn.
    public var id: String
    /// Of the query.
    public var query: String
    /// Of the query.
    public var group: String
    /// What it is used for.
    public var split: Split
    /// Which of the query's turns is answered, from 1.
    public var turn: Int
    /// Sampling temperature.
    public var temperature: Double
    /// Sampling seed.
    public var seed: UInt64
    /// The response as sampled, end of turn included. Kept, never encoded again.
    public var tokens: [TokenID]
    /// Why the response ended.
    public var stop: StopReason
    /// Who wrote it: `model`, a service, `dataset`, or `hand` for a response that a person edited.
    public var generator: String
    /// Hash of the prompt.
    public var prompt: String
    /// Hash of the model.
    public var model: String
    /// Identity of the template.
    public var template: String
    /// Hash of the other settings it depends on.
    public var sampling: String
    /// What it cost, all attempts together; nil when nobody is paid.
    public var spending: Spending?
    /// Struck: kept out of the bake.
    public var excluded: Bool?
    /// Why it was kept out; none when a person struck it.
    public var reason: ExclusionReason?

    /// The response as text.
    public var response: String { messages.last?.content ?? "" }
    /// The conversation before the response.
    public var history: [ChatMessage] { Array(messages.dropLast()) }
}

/// Why a row is kept out of a bake.
public enum ExclusionReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// The response has fewer than ten characters.
    case tooShort = "too short"
    /// The response hit the token limit.
    case unterminated
    /// The same conversation with the same response at another temperature.
    case repeated
    /// The conversation leaves no room for a response in the model's context.
    case noRoom = "no room"
    /// A service's rules are against an answer.
    case declined
}
