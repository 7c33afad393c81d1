public import Foundation

/// The directory that records one bake.
public struct Run: Hashable, Sendable {
    /// The directory's name.
    public let name: String
    /// The directory.
    public let directory: URL
    /// `run.json` as it was when the run was opened.
    public internal(set) var record: RunRecord

    /// What a run is doing.
    public enum State: String, Hashable, Sendable, Codable {
        /// A process works on it.
        case running
        /// The same command continues it.
        case interrupted
        /// It ended with an error; the same command tries again.
        case failed
        /// Verified.
        case finished
    }

    /// What the run is doing now.
    public var state: State { .interrupted }

    /// The prompt as baked.
    public func prompt() throws -> Prompt {
        try Prompt(file: directory.appending(path: "prompt.md"))
    }

    /// The queries it was made with.
    public func queries() throws -> QuerySet { preconditionFailure() }

    /// Whole checkpoints, oldest first.
    public func checkpoints() throws -> [Checkpoint] { [] }

    /// The checkpoint `choice` names.
    public func checkpoint(_ choice: CheckpointChoice) throws -> Checkpoint {
        preconditionFailure()
    }

    /// The verification of the bake; nil before there is one.
    public func verification() throws -> VerificationReport? { nil }

    /// What `oven runs` shows.
    public func summary() -> RunSummary { preconditionFailure() }
}

/// A run in a list.
public struct RunSummary: Hashable, Sendable, Codable {
    /// The run's name.
    public var run: String
    /// Its directory.
    public var directory: String
    /// What it is doing.
    public var state: Run.State
    /// Steps done.
    public var step: Int
    /// Steps of the whole bake; 0 while unknown.
    public var steps: Int
    /// Verified KL, else that of the best checkpoint on dev queries.
    public var kl: Double?
    /// Verified.
    public var gapClosed: Double?
    /// As the setting names it.
    public var model: String
}
