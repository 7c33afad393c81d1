public import Transformer

/// One response to sample.
public struct GenerationRequest: Hashable, Sendable {
    /// Chosen by the caller, unique within a call.
    public var id: String
    /// The conversation as messages, system message first where there is one; for services that
    /// render it themselves.
    public var messages: [ChatMessage]
    /// The conversation as tokens, up to where the reply begins.
    public var context: [TokenID]
    /// 0 is greedy; no top-p, no top-k.
    public var temperature: Double
    /// The reply depends on this, the context and the adapter alone, never on its batch.
    public var seed: UInt64
    /// Most tokens of the reply.
    public var maximumTokenCount: Int
    /// Tokens that end the reply; the one that did is its last token.
    public var stopTokens: [TokenID]
    /// Teacher tokens to record per position while sampling; nil for none.
    public var topK: Int?
    /// Which weights answer.
    public var adapter: AdapterChoice
    /// Whether somebody waits for this very reply. A backend that is busy with longer work then gives
    /// it a share of its time, provided that all requests of the call are conversational.
    public var isConversational: Bool

    /// A request.
    public init(
        id: String, messages: [ChatMessage], context: [TokenID], temperature: Double, seed: UInt64,
        maximumTokenCount: Int, stopTokens: [TokenID], topK: Int? = nil,
        adapter: AdapterChoice = .none, isConversational: Bool = false
    ) {
        self.id = id
        self.messages = messages
        self.context = context
        self.temperature = temperature
        self.seed = seed
        self.maximumTokenCount = maximumTokenCount
        self.stopTokens = stopTokens
        self.topK = topK
        self.adapter = adapter
        self.isConversational = isConversational
    }
}

/// Why a reply ended.
public enum StopReason: String, Hashable, Sendable, Codable {
    /// The model ended its turn.
    case end
    /// It reached the token limit.
    case length
}

/// One sampled response.
public struct GeneratedResponse: Hashable, Sendable {
    /// Of the request.
    public var id: String
    /// As sampled, end of turn included when `stop` is `.end`.
    public var tokens: [TokenID]
    /// Why it ended.
    public var stop: StopReason
    /// One row per token when `topK` was asked for and the backend can record them exactly.
    public var rows: [TopKRow]?

    /// A response.
    public init(id: String, tokens: [TokenID], stop: StopReason, rows: [TopKRow]? = nil) {
        self.id = id
        self.tokens = tokens
        self.stop = stop
        self.rows = rows
    }
}

/// What happens while responses are sampled.
public enum GenerationEvent: Hashable, Sendable {
    /// The weights that answer request `id` are settled; once for each, before its first token. `step`
    /// is how many optimiser steps weights in training had taken; nil for any other.
    case began(id: String, step: Int?)
    /// A token of request `id`, in order.
    case token(id: String, token: TokenID)
    /// More of the text of request `id`, never half a character; in place of tokens from a service
    /// that has its own.
    case text(id: String, String)
    /// An attempt at request `id` was paid for, whether it came to a response or not.
    case spent(id: String, Spending)
    /// The response is complete.
    case finished(GeneratedResponse)
    /// A service will not answer request `id`, whoever asks again: its rules are against it.
    case declined(id: String, reason: String)
    /// This request failed; the others go on.
    case failed(id: String, reason: String)
}

/// Samples responses.
public protocol ResponseGenerator: Backend {
    /// Samples every request, many at once; responses finish in any order. Ending the iteration
    /// cancels what is left.
    func generate(
        _ requests: [GenerationRequest]
    ) -> AsyncThrowingStream<GenerationEvent, any Error>
    /// The same for a run that has spent something before; a service keeps within its limit.
    func generate(
        _ requests: [GenerationRequest], after spending: Spending
    ) -> AsyncThrowingStream<GenerationEvent, any Error>
    /// What answers to `requests` may cost at most; nil where nobody is paid.
    func estimate(for requests: [GenerationRequest]) async throws -> SpendingEstimate?
}

extension ResponseGenerator {
    /// Nobody is paid.
    public func generate(
        _ requests: [GenerationRequest], after spending: Spending
    ) -> AsyncThrowingStream<GenerationEvent, any Error> {
        generate(requests)
    }

    /// Nobody is paid.
    public func estimate(for requests: [GenerationRequest]) async throws -> SpendingEstimate? {
        nil
    }
}
