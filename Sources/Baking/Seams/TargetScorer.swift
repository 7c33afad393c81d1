/// The teacher's rows of one example.
public struct ScoredTarget: Hashable, Sendable {
    /// Index into the examples asked for.
    public var index: Int
    /// One row per response token; row i predicts `responseTokens[i]`.
    public var rows: [TopKRow]

    /// A target.
    public init(index: Int, rows: [TopKRow]) {
        self.index = index
        self.rows = rows
    }
}

/// Scores given responses under the teacher.
public protocol TargetScorer: Backend {
    /// The teacher's top-K rows of each example's response after its teacher context, adapter off.
    /// Targets arrive in any order; ending the iteration cancels.
    func targets(
        for examples: [RenderedExample], topK: Int
    ) -> AsyncThrowingStream<ScoredTarget, any Error>
}
