public import Foundation

/// Which divergence the student minimises.
public enum LossKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Forward KL over the teacher's top-K tokens and the rest as one.
    case tail
    /// Forward KL over the whole vocabulary.
    case full
    /// The top-K sum without the rest, as the original project has it.
    case truncated
}

/// What a trainer needs to know before its first step.
public struct TrainerConfiguration: Hashable, Sendable, Codable {
    /// LoRA's rank.
    public var rank: Int
    /// LoRA's alpha; the adapter is scaled by alpha / rank.
    public var alpha: Double
    /// PEFT's short names of the adapted projections, sorted.
    public var targets: [String]
    /// The loss.
    public var loss: LossKind
    /// Decoupled weight decay.
    public var weightDecay: Double
    /// Largest global norm of the gradient; nil does not clip.
    public var gradientClip: Double?
    /// Seeds the adapter's initial values.
    public var seed: UInt64

    /// All of it.
    public init(
        rank: Int, alpha: Double, targets: [String], loss: LossKind, weightDecay: Double,
        gradientClip: Double?, seed: UInt64
    ) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
        self.loss = loss
        self.weightDecay = weightDecay
        self.gradientClip = gradientClip
        self.seed = seed
    }
}

/// One example with its targets, ready for a step.
public struct TrainingExample: Hashable, Sendable {
    /// The tokens.
    public var rendered: RenderedExample
    /// One row per response token.
    public var rows: [TopKRow]

    /// An example; the number of rows must be that of the response tokens.
    public init(rendered: RenderedExample, rows: [TopKRow]) {
        precondition(rendered.responseTokens.count == rows.count)
        self.rendered = rendered
        self.rows = rows
    }
}

/// What one optimiser step found, before its update.
public struct StepResult: Hashable, Sendable {
    /// The K-plus-rest KL in nats per response token, whatever the loss.
    public var kl: Double
    /// The optimised value per response token.
    public var loss: Double
    /// Global norm of the gradient before clipping; nil where the backend does not say.
    public var gradientNorm: Double?
    /// Response tokens of the batch.
    public var tokenCount: Int

    /// A result.
    public init(kl: Double, loss: Double, gradientNorm: Double?, tokenCount: Int) {
        self.kl = kl
        self.loss = loss
        self.gradientNorm = gradientNorm
        self.tokenCount = tokenCount
    }
}

/// The K-plus-rest KL summed over the response tokens of some examples.
public struct KLSum: Hashable, Sendable {
    /// Nats.
    public var total: Double
    /// Response tokens.
    public var tokenCount: Int
    /// Nats per response token.
    public var mean: Double { total / Double(max(tokenCount, 1)) }

    /// A sum.
    public init(total: Double, tokenCount: Int) {
        self.total = total
        self.tokenCount = tokenCount
    }
}

/// Trains one adapter at a time.
public protocol StudentTrainer: Backend {
    /// Refuses what cannot be trained here, before anything is paid for or waited for.
    func prepare(_ configuration: TrainerConfiguration, topK: Int) async throws
    /// Starts a new adapter, or takes up the one saved in `checkpoint` with its optimiser's state.
    func beginTraining(
        _ configuration: TrainerConfiguration, from checkpoint: URL?
    ) async throws
    /// One update on `batch`. The gradient is the token mean over the whole batch, reduced in the
    /// order of the batch, however it is cut into micro-batches.
    func step(_ batch: [TrainingExample], learningRate: Double) async throws -> StepResult
    /// The K-plus-rest KL of `examples` under `adapter`.
    func kl(of examples: [TrainingExample], adapter: AdapterChoice) async throws -> KLSum
    /// Writes the PEFT files and `trainer.safetensors` into `directory`, which exists and is empty;
    /// a service writes what it calls them. `base` goes into the adapter's configuration as the base
    /// model's name.
    func saveCheckpoint(to directory: URL, base: String) async throws
    /// Brings the PEFT files of a saved checkpoint into its directory, where a service keeps them.
    func fetchAdapter(for checkpoint: URL) async throws
    /// Gives up what a service keeps for a saved checkpoint, whose directory is about to go. What
    /// cannot be given up is left.
    func discard(_ checkpoint: URL) async
    /// Forgets adapter and optimiser.
    func endTraining() async
    /// An estimate for one step of `batch`: seconds and peak bytes.
    func estimate(for batch: [TrainingExample], rank: Int) async throws -> StepEstimate
}

extension StudentTrainer {
    /// Everything can.
    public func prepare(_ configuration: TrainerConfiguration, topK: Int) async throws {}

    /// Nothing: the files are there.
    public func fetchAdapter(for checkpoint: URL) async throws {}

    /// Nothing: there is no more than the directory.
    public func discard(_ checkpoint: URL) async {}
}

/// What a step is expected to cost.
public struct StepEstimate: Hashable, Sendable {
    /// Seconds of a step.
    public var seconds: Double
    /// Most memory held at once, weights included.
    public var peakByteCount: Int

    /// An estimate.
    public init(seconds: Double, peakByteCount: Int) {
        self.seconds = seconds
        self.peakByteCount = peakByteCount
    }
}
