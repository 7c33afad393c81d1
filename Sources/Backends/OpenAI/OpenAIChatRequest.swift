package import Transformer

/// One answer to ask for.
package struct OpenAIChatRequest: Hashable, Sendable {
    package var model: String
    package var messages: [ChatMessage]
    /// At least 1; as the service counts, reasoning included.
    package var maximumTokenCount: Int
    /// nil for the model's own.
    package var temperature: Double?
    /// Best effort.
    package var seed: UInt64?
    /// nil leaves it to the model.
    package var thinking: Bool?
    /// False asks for the answer in one piece.
    package var isStreamed = true

    package init(
        model: String, messages: [ChatMessage], maximumTokenCount: Int, temperature: Double? = nil,
        seed: UInt64? = nil, thinking: Bool? = nil
    ) {
        self.model = model
        self.messages = messages
        self.maximumTokenCount = maximumTokenCount
        self.temperature = temperature
        self.seed = seed
        self.thinking = thinking
    }

    /// Most bytes of text and reasoning an answer may have: far more than any tokenizer puts into
    /// the tokens asked for.
    var maximumByteCount: Int { min(max(maximumTokenCount, 1), 1 << 18) * 64 + (64 << 10) }
}

/// What comes of an answer.
package enum OpenAIEvent: Hashable, Sendable {
    /// More of the text, never half a character.
    case text(String)
    /// More of the reasoning before it.
    case reasoning(String)
    /// All text so far turned out to be reasoning; only where reasoning was not asked for.
    case textWasReasoning
    /// The server's reason for ending, `stop` or `length` most often; once, and only for an answer
    /// that is complete.
    case finished(String)
    case usage(OpenAIUsage)
    /// What answers; may differ from what was asked for.
    case model(String)
    /// Who runs it, at OpenRouter.
    case provider(String)
    /// The words with which a model refuses.
    case refusal(String)
}

/// What an answer cost, as far as the server says.
package struct OpenAIUsage: Hashable, Sendable {
    package var contextTokenCount: Int?
    /// Reasoning included.
    package var responseTokenCount: Int?
    /// US dollars.
    package var dollars: Double?

    package init(contextTokenCount: Int?, responseTokenCount: Int?, dollars: Double?) {
        self.contextTokenCount = contextTokenCount
        self.responseTokenCount = responseTokenCount
        self.dollars = dollars
    }
}
