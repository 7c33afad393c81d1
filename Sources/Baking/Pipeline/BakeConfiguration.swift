/// What the student reads where the teacher reads the prompt.
public enum StudentContext: String, Hashable, Sendable, Codable, CaseIterable {
    /// No system block; drops a template's default text.
    case none
    /// An empty system block.
    case empty
    /// What the template does without a system message.
    case `default`
}

/// Everything that changes the result of a bake. The names are those of the settings.
public struct BakeConfiguration: Hashable, Sendable, Codable {
    /// Setting `model`.
    public var model = "starter"
    /// Who writes the responses: `model`, or a service.
    public var generator = "model"
    /// Sampling temperatures of the training responses.
    public var temperatures = [0.5, 0.7, 0.9, 1.0]
    /// Most tokens of a response.
    public var maximumResponseTokens = 512
    /// Whether the model may reason before it answers.
    public var thinking = false
    /// LoRA's rank.
    public var rank = 32
    /// LoRA's alpha; nil is the rank.
    public var alpha: Double?
    /// Adapted projections, PEFT's short names.
    public var targets = [
        "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj",
    ]
    /// Teacher tokens kept per position.
    public var topK = 20
    /// The loss.
    public var loss = LossKind.tail
    /// What the student reads in place of the prompt.
    public var studentContext = StudentContext.none
    /// Examples per step.
    public var batchSize = 16
    /// Passes over the dataset.
    public var epochs = 4
    /// Rate of the first step; it falls linearly to zero.
    public var learningRate = 1e-4
    /// Largest global norm of the gradient; 0 does not clip.
    public var gradientClip = 1.0
    /// Decoupled weight decay.
    public var weightDecay = 0.0
    /// Float32 activations and weights as stored.
    public var precise = false
    /// Whether the base weights are kept as int8.
    @OffWhereAbsent public var int8 = false
    /// Seeds everything random.
    public var seed: UInt64 = 0
    /// Steps between evaluations on dev queries.
    public var evaluateEvery = 10
    /// Steps between checkpoints.
    public var checkpointEvery = 20
    /// Checkpoints kept besides the best.
    public var keepCheckpoints = 3

    /// What rows and replies depend on besides the model's files.
    var arithmetic: String { int8 ? "int8" : "\(precise)" }

    /// The defaults.
    public init() {}
}
