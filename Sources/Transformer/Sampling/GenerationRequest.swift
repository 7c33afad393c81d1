/// A sequence to be continued.
package struct GenerationRequest {
    /// Names it in the events.
    package var id: Int
    /// What it begins with; forked, so that many requests may name the same one.
    package var cache: KVCache?
    /// The tokens after those of `cache`; not empty.
    package var context: [TokenID]
    package var sampling: SamplingSettings
    /// All that makes one row's tokens differ from another's with the same context.
    package var seed: UInt64
    /// At least 1.
    package var maximumTokenCount: Int
    /// Each ends the sequence and is its last token.
    package var stopTokens: Set<TokenID>
    /// K of the rows kept of the distribution each token was drawn from, at temperature 1; nil for
    /// none. At most the vocabulary's size.
    package var capturedTopK: Int?

    package init(
        id: Int, after cache: KVCache? = nil, context: [TokenID], sampling: SamplingSettings,
        seed: UInt64, maximumTokenCount: Int, stopTokens: Set<TokenID>, capturedTopK: Int? = nil
    ) {
        precondition(!context.isEmpty && maximumTokenCount >= 1)
        precondition((1...Kernels.topKLimit).contains(capturedTopK ?? 1))
        self.id = id
        self.cache = cache
        self.context = context
        self.sampling = sampling
        self.seed = seed
        self.maximumTokenCount = maximumTokenCount
        self.stopTokens = stopTokens
        self.capturedTopK = capturedTopK
    }
}

/// A finished sequence.
package struct GeneratedSequence {
    /// Why it ended.
    package enum StopReason: String, Sendable {
        /// With a stop token.
        case end
        /// At its maximum, without one.
        case length
    }

    package var id: Int
    /// As drawn, the stop token included.
    package var tokens: [TokenID]
    package var stopReason: StopReason
    /// One row for each token, if asked for.
    package var topKRows: TopKRows?
    /// Holds the context and all tokens but the last: what a next turn may go on from.
    package var cache: KVCache
}

/// What a step of a ``BatchGenerator`` brought.
package enum GenerationEvent {
    /// The next token of a sequence.
    case token(id: Int, TokenID)
    /// The sequence's last token came just before.
    case finished(GeneratedSequence)
}
