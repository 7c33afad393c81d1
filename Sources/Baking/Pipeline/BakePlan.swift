/// What a bake would do.
public struct BakePlan: Hashable, Sendable, Codable {
    /// The run that would be continued or made.
    public var run: String
    /// Whether the run exists.
    public var continues: Bool
    /// Training rows, before any are kept out.
    public var rows: Int
    /// Rows on dev queries.
    public var devRows: Int
    /// Of both, those that are there already.
    public var rowsPresent: Int
    /// Optimiser updates of the whole bake.
    public var steps: Int
    /// Updates that a checkpoint already holds.
    public var stepsDone: Int
    /// Estimated seconds of one update.
    public var stepSeconds: Double
    /// Estimated seconds of what is left, generation and verification included.
    public var seconds: Double
    /// Estimated most memory held at once; 0 when the work is done elsewhere.
    public var peakByteCount: Int
    /// What the responses may cost; nil when nobody is paid.
    public var cost: SpendingEstimate?
}
