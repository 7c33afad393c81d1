/// Teacher, base and baked compared on held-out queries. Divergences are in nats per response
/// token, KL(teacher ‖ base or baked).
public struct VerificationReport: Hashable, Sendable, Codable {
    /// Of base and of baked.
    public struct KLPair: Hashable, Sendable, Codable {
        /// The base model without the prompt.
        @Figure public var base: Double
        /// The baked model without the prompt.
        @Figure public var baked: Double
    }

    /// A range of positions in the response.
    public struct PositionRange: Hashable, Sendable, Codable {
        /// First position, from 1.
        public var from: Int
        /// Last position; nil is open.
        public var to: Int?
        /// Response tokens there.
        public var tokens: Int
        /// Divergence of the base model.
        @Figure public var base: Double
        /// Divergence of the baked model.
        @Figure public var baked: Double
    }

    /// One turn of the conversations.
    public struct Turn: Hashable, Sendable, Codable {
        /// From 1.
        public var turn: Int
        /// Response tokens there.
        public var tokens: Int
        /// Divergence of the base model.
        @Figure public var base: Double
        /// Divergence of the baked model.
        @Figure public var baked: Double
    }

    /// How often one arm's replies pass a check.
    public struct CheckRate: Hashable, Sendable, Codable {
        /// The check's name.
        public var name: String
        /// Who replied.
        public var arm: Arm
        /// Share of the replies that pass.
        @Figure public var rate: Double
        /// Wilson's 95 % interval.
        public var interval: Interval
    }

    /// One arm's reply to one query; to its last turn where it has several.
    public struct Reply: Hashable, Sendable, Codable {
        /// The user's text.
        public var query: String
        /// Who replied.
        public var arm: Arm
        /// The reply.
        public var reply: String
        /// Why it ended.
        public var stop: StopReason
    }

    /// The divergences with another student context.
    public struct ContextResult: Hashable, Sendable, Codable {
        /// What the student read in place of the prompt.
        public var studentContext: StudentContext
        /// The divergences.
        public var kl: KLPair
        /// 1 − baked / base.
        @Figure public var gapClosed: Double
    }

    /// The checkpoint's step.
    public var step: Int
    /// What scales the adapter; 1 is as trained.
    @Figure public var strength: Double
    /// What the student read in place of the prompt.
    public var studentContext: StudentContext
    /// Test queries asked.
    public var queries: Int
    /// Response tokens measured.
    public var tokens: Int
    /// Which outcomes the divergences are taken over.
    public var divergence: DivergenceKind
    /// The divergences: token-weighted means.
    public var kl: KLPair
    /// 1 − baked / base.
    @Figure public var gapClosed: Double
    /// Its 95 % interval, bootstrapped over queries.
    public var gapClosedInterval: Interval
    /// Share of response tokens where baked and teacher have the same likeliest token.
    @Figure public var topOneAgreement: Double
    /// The same of base and teacher.
    @Figure public var baseTopOneAgreement: Double
    /// Mean length of baked replies over that of prompted ones, in tokens.
    @Figure public var lengthRatio: Double
    /// Share of baked replies that hit the token limit.
    @Figure public var unendedShare: Double
    /// By position in the response.
    public var byPosition: [PositionRange]
    /// By turn of the conversation.
    public var byTurn: [Turn]
    /// The two student contexts that were not baked with.
    public var otherContexts: [ContextResult]
    /// The query set's own checks, per arm.
    public var checks: [CheckRate]
    /// Sample replies, all arms with the same seeds.
    public var replies: [Reply]
}

extension VerificationReport.PositionRange {
    private enum Key: String, CodingKey { case from, to, tokens, base, baked }

    /// An open end is `null`, not left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
        try container.encode(tokens, forKey: .tokens)
        try container.encode(_base, forKey: .base)
        try container.encode(_baked, forKey: .baked)
    }
}
