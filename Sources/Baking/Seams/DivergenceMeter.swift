/// What a verification measures on one example.
public struct Divergence: Hashable, Sendable {
    /// Index into the examples asked for.
    public var index: Int
    /// KL(teacher ‖ base) per response token.
    public var base: [Double]
    /// KL(teacher ‖ student) per response token.
    public var baked: [Double]
    /// Whether base and teacher have the same likeliest token, per response token.
    public var baseAgrees: [Bool]
    /// Whether student and teacher have the same likeliest token, per response token.
    public var bakedAgrees: [Bool]

    /// A measurement; all four arrays are as long as the response.
    public init(
        index: Int, base: [Double], baked: [Double], baseAgrees: [Bool], bakedAgrees: [Bool]
    ) {
        self.index = index
        self.base = base
        self.baked = baked
        self.baseAgrees = baseAgrees
        self.bakedAgrees = bakedAgrees
    }
}

/// Which outcomes a divergence is taken over.
public enum DivergenceKind: String, Hashable, Sendable, Codable {
    /// The whole vocabulary.
    case full
    /// The teacher's top-K tokens and the rest as one.
    case rest
}

/// Compares teacher, base and student token by token.
public protocol DivergenceMeter: Backend {
    /// What this backend measures.
    var divergenceKind: DivergenceKind { get }
    /// The divergences of `examples`: the teacher reads the teacher context with the adapter off;
    /// base and student read the student context, with the adapter off and with `adapter`.
    func divergences(
        of examples: [RenderedExample], adapter: AdapterChoice
    ) -> AsyncThrowingStream<Divergence, any Error>
}
