public import Transformer

/// The teacher's most likely tokens for one response token.
public struct TopKRow: Hashable, Sendable {
    /// The K most likely tokens, likeliest first, ties by lower id.
    public var ids: [TokenID]
    /// Their natural logarithms of probability at temperature 1.
    public var logprobs: [Float]
    /// Log of the probability outside the row: logsumexp of the logits outside minus logsumexp of
    /// all. Measured, never derived from the row. −∞ drops the term.
    public var tailLogMass: Float

    /// A row; both arrays are K long.
    public init(ids: [TokenID], logprobs: [Float], tailLogMass: Float) {
        precondition(ids.count == logprobs.count)
        self.ids = ids
        self.logprobs = logprobs
        self.tailLogMass = tailLogMass
    }
}
