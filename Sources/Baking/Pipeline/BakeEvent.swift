public import Foundation

/// Something that happened in a run, when it did. As JSON one line of `events.jsonl`.
public struct BakeEvent: Hashable, Sendable {
    /// When.
    public var time: Date
    /// What.
    public var kind: Kind

    /// What happened.
    public enum Kind: Hashable, Sendable {
        /// A process took up the run.
        case runStarted(RunStarted)
        /// Responses were sampled.
        case generationProgress(GenerationProgress)
        /// The teacher scored responses.
        case teacherProgress(TeacherProgress)
        /// One optimiser update.
        case step(BakeStep)
        /// The student was evaluated on dev queries.
        case evaluation(BakeEvaluation)
        /// A checkpoint is on disk.
        case checkpoint(CheckpointWritten)
        /// A verification is complete.
        case verification(VerificationReport)
        /// The run is complete.
        case runFinished(RunFinished)
        /// Something a person should know; the work goes on.
        case warning(Notice)
        /// The work ended here.
        case error(Notice)
    }

    /// An event, now unless told otherwise.
    public init(_ kind: Kind, time: Date = Date()) {
        self.time = time
        self.kind = kind
    }
}

/// `run.started`
public struct RunStarted: Hashable, Sendable, Codable {
    /// The run's name.
    public var run: String
    /// Its directory.
    public var directory: String
    /// Whether work of an earlier process is continued.
    public var resumed: Bool
    /// Later lines replace the events of steps above this.
    public var fromStep: Int
    /// As resolved.
    public var configuration: BakeConfiguration
}

/// `generation.progress`
public struct GenerationProgress: Hashable, Sendable, Codable {
    /// Responses there are.
    public var completed: Int
    /// Responses that could not be had.
    public var failed: Int
    /// Responses wanted.
    public var total: Int
    /// Sampled by this process.
    @Figure public var tokensPerSecond: Double
    /// What the responses of this run came to so far; nil when nobody is paid.
    public var spending: Spending?
}

/// `teacher.progress`
public struct TeacherProgress: Hashable, Sendable, Codable {
    /// Examples whose teacher rows there are.
    public var completed: Int
    /// Examples.
    public var total: Int
}

/// `bake.step`
public struct BakeStep: Hashable, Sendable, Codable {
    /// From 1.
    public var step: Int
    /// Of the whole bake.
    public var steps: Int
    /// From 1.
    public var epoch: Int
    /// K-plus-rest KL in nats per response token on the batch before the update.
    @Figure public var kl: Double
    /// The optimised value.
    @Figure public var loss: Double
    /// Used for this step.
    @Figure public var learningRate: Double
    /// Before clipping.
    @Figure public var gradientNorm: Double
    /// Response tokens of this step.
    public var tokens: Int
    /// Of this step.
    @Figure public var seconds: Double
}

/// `bake.evaluation`
public struct BakeEvaluation: Hashable, Sendable, Codable {
    /// Steps done.
    public var step: Int
    /// K-plus-rest KL of the student on dev queries, nats per response token.
    @Figure public var heldOutKL: Double
    /// The same of the base model.
    @Figure public var baseKL: Double
    /// 1 − heldOutKL / baseKL.
    @Figure public var gapClosed: Double
}

/// `checkpoint`
public struct CheckpointWritten: Hashable, Sendable, Codable {
    /// Steps done.
    public var step: Int
    /// Its directory.
    public var path: String
}

/// `run.finished`
public struct RunFinished: Hashable, Sendable, Codable {
    /// The run's name.
    public var run: String
    /// Of the whole bake.
    public var steps: Int
    /// This process took, or the one that finished the run.
    @Figure public var seconds: Double
    /// Verified KL(teacher ‖ baked) in nats per response token.
    @Figure public var kl: Double
    /// Verified.
    @Figure public var gapClosed: Double
}

/// `warning` and `error`
public struct Notice: Hashable, Sendable, Codable {
    /// What.
    public var message: String
    /// Where, if it has a place.
    public var `where`: String?
    /// What to do about it, if there is something.
    public var remedy: String?

    /// A notice.
    public init(_ message: String, where place: String? = nil, remedy: String? = nil) {
        self.message = message
        self.where = place
        self.remedy = remedy
    }
}
