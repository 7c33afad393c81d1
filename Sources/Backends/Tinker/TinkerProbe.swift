/// What a server can do, as found out by asking for it.
package struct TinkerProbe: Hashable, Sendable {
    /// Whether something works, and if not, what was seen.
    package enum Support: Hashable, Sendable {
        case yes
        case no(reason: String)

        package var isYes: Bool { self == .yes }
    }

    /// How passes are sent.
    package var dialect: TinkerDialect
    /// What the server offers; empty when it does not say.
    package var models: [TinkerModel]
    /// Several targets per position: `[N, K]` comes back as `[N, K]`, its first column as the vector.
    package var hasMatrixTargets: Support
    /// The K likeliest tokens at each position of a prompt, as a distribution.
    package var hasTopK: Support
    /// Log-probabilities of a prompt's own tokens.
    package var hasPromptLogprobs: Support
    /// Entries that came for a prompt of ``promptTokenCount`` tokens: as many, or one less (the first
    /// token has none).
    package var promptLogprobCount: Int
    /// Scoring the last tokens only.
    package var hasLastN: Support

    /// Tokens of the prompt that was asked about.
    package static let promptTokenCount = 4

    package init(
        dialect: TinkerDialect, models: [TinkerModel], hasMatrixTargets: Support,
        hasTopK: Support, hasPromptLogprobs: Support, promptLogprobCount: Int, hasLastN: Support
    ) {
        self.dialect = dialect
        self.models = models
        self.hasMatrixTargets = hasMatrixTargets
        self.hasTopK = hasTopK
        self.hasPromptLogprobs = hasPromptLogprobs
        self.promptLogprobCount = promptLogprobCount
        self.hasLastN = hasLastN
    }
}

/// The two ways to send a pass and to get its result.
package enum TinkerDialect: String, Hashable, Sendable, Codable {
    case proto, json
}
