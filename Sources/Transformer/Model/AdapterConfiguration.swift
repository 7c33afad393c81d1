/// The size and strength of an adapter, and what it changes.
///
/// An adapted layer computes W·x + (alpha / rank)·B·(A·x).
public struct AdapterConfiguration: Hashable, Sendable {
    /// R: rows of every A and columns of every B; at least 1.
    public var rank: Int
    /// Strength times rank.
    public var alpha: Double
    /// Without repetition, in the order of a forward pass.
    public var targets: [AdapterTarget]

    /// - Parameters:
    ///   - rank: At least 1.
    ///   - alpha: Finite.
    ///   - targets: In any order; not empty.
    public init(rank: Int, alpha: Double, targets: some Sequence<AdapterTarget>) {
        self.rank = rank
        self.alpha = alpha
        self.targets = Set(targets).sorted()
        precondition(rank >= 1 && alpha.isFinite && !self.targets.isEmpty)
    }

    /// The factor of B·A.
    public var scaling: Double { alpha / Double(rank) }
}
