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

    /// The files of a run.
    enum File: String {
        case record = "run.json"
        case prompt = "prompt.md"
        case queries = "queries.json"
        case dataset = "dataset.jsonl"
        case teacherRows = "teacher.rows"
        case teacherTensors = "teacher.safetensors"
        case events = "events.jsonl"
        case checkpoints
        case verification = "verification.json"
        case replies = "verification.jsonl"
        case verifications
    }

    func url(_ file: File) -> URL { directory.appending(path: file.rawValue) }

    /// Opens the run in `directory`; nil when there is none.
    init?(directory: URL) throws(RunError) {
        let file = directory.appending(path: File.record.rawValue)
        struct Format: Decodable { var format: Int }
        guard let format = try RunFiles.json(Format.self, from: file)?.format else { return nil }
        guard format == RunRecord.currentFormat else {
            throw .otherFormat(path: file.path, found: format, expected: RunRecord.currentFormat)
        }
        guard let record = try RunFiles.json(RunRecord.self, from: file) else { return nil }
        do {
            try record.configuration.validate()
        } catch {
            throw .damaged(path: file.path, why: error.description)
        }
        self.init(directory: directory, record: record)
    }

    init(directory: URL, record: RunRecord) {
        name = directory.lastPathComponent
        self.directory = directory
        self.record = record
    }

    /// What the run is doing now.
    public var state: State {
        if RunLock.isHeld(directory) { return .running }
        return switch record.outcome {
        case .finished: .finished
        case .failed: .failed
        case nil: .interrupted
        }
    }

    /// The prompt as baked.
    public func prompt() throws -> Prompt {
        let prompt = try Prompt(file: url(.prompt))
        guard prompt.hash == record.identity.prompt else {
            throw RunError.damaged(
                path: url(.prompt).path, why: "this is not the prompt the run was made with")
        }
        return prompt
    }

    /// The queries it was made with.
    public func queries() throws -> QuerySet {
        let file = url(.queries)
        guard let queries = try RunFiles.json(QuerySet.self, from: file) else {
            throw RunError.unreadable(path: file.path, reason: "it is missing")
        }
        return queries
    }

    /// Whole checkpoints, oldest first.
    public func checkpoints() throws -> [Checkpoint] { try Checkpoint.all(in: url(.checkpoints)) }

    /// The checkpoint `choice` names.
    public func checkpoint(_ choice: CheckpointChoice) throws -> Checkpoint {
        let checkpoints = try checkpoints()
        let checkpoint =
            switch choice {
            case .best: Checkpoint.best(of: checkpoints)
            case .last: checkpoints.last
            case .step(let step): checkpoints.first { $0.step == step }
            }
        guard let checkpoint else {
            throw RunError.noCheckpoint(run: name, which: choice.description)
        }
        return checkpoint
    }

    /// The verification of the bake; nil before there is one.
    public func verification() throws -> VerificationReport? {
        try RunFiles.json(VerificationReport.self, from: url(.verification))
    }

    /// What `oven runs` shows.
    public func summary() throws -> RunSummary {
        summary(verified: try verified(), checkpoints: try checkpoints())
    }

    /// The two figures of the verification; its many replies are not kept.
    func verified() throws(RunError) -> Verified? {
        try RunFiles.json(Verified.self, from: url(.verification))
    }

    func summary(verified: Verified?, checkpoints: [Checkpoint]) -> RunSummary {
        let measured = verified?.kl.baked ?? Checkpoint.best(of: checkpoints)?.heldOutKL
        return RunSummary(
            run: name, directory: directory.path, state: state, step: checkpoints.last?.step ?? 0,
            steps: record.steps ?? 0, kl: measured.flatMap(finite),
            gapClosed: (verified?.gapClosed).flatMap(finite), model: record.model.name)
    }

    /// The figures of `verification.json` that a list shows.
    struct Verified: Decodable {
        var kl: VerificationReport.KLPair
        @Figure var gapClosed: Double
    }

    /// Changes `run.json`.
    mutating func update(_ change: (inout RunRecord) -> Void) throws(RunError) {
        var changed = record
        change(&changed)
        guard changed != record else { return }
        try RunFiles.write(json: changed, to: url(.record))
        record = changed
    }
}

/// The number, or nil where JSON has none for it.
func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }

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

    private enum Key: String, CodingKey {
        case run, directory, state, step, steps, kl, gapClosed, model
    }

    /// What is unknown is `null`, not left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(run, forKey: .run)
        try container.encode(directory, forKey: .directory)
        try container.encode(state, forKey: .state)
        try container.encode(step, forKey: .step)
        try container.encode(steps, forKey: .steps)
        try container.encode(kl, forKey: .kl)
        try container.encode(gapClosed, forKey: .gapClosed)
        try container.encode(model, forKey: .model)
    }
}
