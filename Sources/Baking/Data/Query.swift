/// A user's message, or several in a row, that draws out the behaviour.
public struct Query: Hashable, Sendable, Codable {
    /// Stable: a hash of group and text.
    public let id: String
    /// What it is about.
    public let group: String
    /// The user's turns; at least one.
    public let turns: [String]

    /// A query; `turns` must not be empty.
    public init(group: String, turns: [String]) {
        precondition(!turns.isEmpty)
        self.group = group
        self.turns = turns
        id = String(sha256(parts: [group] + turns).prefix(16))
    }
}

/// What a query is used for.
public enum Split: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its responses are trained on.
    case train
    /// Its responses are evaluated during a bake and choose the best checkpoint.
    case dev
    /// Touched by verification only.
    case test
}
