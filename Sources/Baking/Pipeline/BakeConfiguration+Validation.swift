/// Why a configuration cannot be baked with.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The setting's name.
    public let setting: String
    /// What is wrong with its value and what is allowed.
    public let why: String

    /// One line for a person.
    public var description: String { "setting \(setting): \(why)" }
}

extension BakeConfiguration {
    /// Refuses values that no bake can be made with, wherever they come from.
    public func validate() throws(ConfigurationError) {
        func check(_ setting: String, _ value: Int, _ range: ClosedRange<Int>)
            throws(ConfigurationError)
        {
            guard !range.contains(value) else { return }
            throw ConfigurationError(
                setting: setting,
                why: "\(value) is outside \(range.lowerBound)…\(range.upperBound)")
        }
        func check(_ setting: String, _ value: Double, _ range: ClosedRange<Double>)
            throws(ConfigurationError)
        {
            guard !range.contains(value) else { return }
            throw ConfigurationError(
                setting: setting,
                why: "\(value) is outside \(range.lowerBound)…\(range.upperBound)")
        }
        try check("max-response-tokens", maximumResponseTokens, 1...1_000_000)
        try check("rank", rank, 1...65_536)
        try check("top-k", topK, 1...1_000_000)
        try check("batch-size", batchSize, 1...1_000_000)
        try check("epochs", epochs, 1...1_000_000)
        try check("evaluate-every", evaluateEvery, 1...1_000_000_000)
        try check("checkpoint-every", checkpointEvery, 1...1_000_000_000)
        try check("keep-checkpoints", keepCheckpoints, 1...1_000_000)
        try check("learning-rate", learningRate, 0...1e6)
        try check("gradient-clip", gradientClip, 0...1e6)
        try check("weight-decay", weightDecay, 0...1e6)
        if let alpha { try check("alpha", alpha, 0...1e6) }
        guard !temperatures.isEmpty else {
            throw ConfigurationError(setting: "temperatures", why: "the list is empty")
        }
        for temperature in temperatures { try check("temperatures", temperature, 0...100) }
        guard Set(temperatures).count == temperatures.count else {
            throw ConfigurationError(setting: "temperatures", why: "one occurs twice")
        }
        guard !targets.isEmpty else {
            throw ConfigurationError(setting: "targets", why: "the list is empty")
        }
    }

    /// What a trainer is told.
    var trainer: TrainerConfiguration {
        TrainerConfiguration(
            rank: rank, alpha: alpha ?? Double(rank), targets: targets.sorted(), loss: loss,
            weightDecay: weightDecay, gradientClip: gradientClip > 0 ? gradientClip : nil,
            seed: seed)
    }

    /// Updates of a bake of `rowCount` rows.
    func steps(rowCount: Int) -> Int { epochs * ((rowCount + batchSize - 1) / batchSize) }

    /// Whether a run made with `other` may go on with these settings: only how often it reports and
    /// saves differs.
    func trains(like other: BakeConfiguration) -> Bool {
        var mine = self
        mine.evaluateEvery = other.evaluateEvery
        mine.checkpointEvery = other.checkpointEvery
        mine.keepCheckpoints = other.keepCheckpoints
        return mine == other
    }
}
