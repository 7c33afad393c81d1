public import Foundation

/// The version of this engine.
public enum EngineVersion {
    /// As people call it.
    public static let current = "0.1.0"
}

/// Hashes of what made the rows of a run; rows of another identity are never mixed in.
public struct RunIdentity: Hashable, Sendable, Codable {
    /// Of configuration and weights.
    public var model: String
    /// Of the text being baked.
    public var prompt: String
    /// Name, date and hash of the chat template.
    public var template: String
    /// Of the queries, or of the dataset that was brought along.
    public var queries: String
    /// Of everything else the responses depend on.
    public var sampling: String
}

/// `run.json`
public struct RunRecord: Hashable, Sendable, Codable {
    /// A checkpoint and what it reached.
    public struct Mark: Hashable, Sendable, Codable {
        /// Steps done.
        public var step: Int
        /// K-plus-rest KL on dev queries; nil when there are none.
        public var heldOutKL: Double?
    }

    /// How the work ended.
    public enum Outcome: Hashable, Sendable, Codable {
        /// Verified.
        case finished(steps: Int, seconds: Double)
        /// With this error.
        case failed(String)
    }

    /// Where it ran.
    public struct Machine: Hashable, Sendable, Codable {
        /// Operating system and version.
        public var system: String
        /// Cores.
        public var processorCount: Int
        /// Bytes of memory.
        public var memoryByteCount: UInt64
    }

    /// The format this version reads and writes.
    public static let currentFormat = 1

    /// Of the directory.
    public var format = RunRecord.currentFormat
    /// When the run was made.
    public var created: Date
    /// As resolved.
    public var configuration: BakeConfiguration
    /// What made the rows.
    public var identity: RunIdentity
    /// What the responses were made with.
    public var model: ModelDescription
    /// Updates of the whole bake, once the dataset is complete.
    public var steps: Int?
    /// The best checkpoint on dev queries.
    public var best: Mark?
    /// The newest checkpoint.
    public var last: Mark?
    /// How the work ended; nil while it goes on or after an interruption.
    public var outcome: Outcome?
    /// `oven`.
    public var versions: [String: String]
    /// Where it ran.
    public var machine: Machine
}
