public import Foundation

/// An adapter saved at a step, with what is needed to resume: a PEFT adapter directory.
public struct Checkpoint: Hashable, Sendable {
    /// Steps done.
    public let step: Int
    /// The directory.
    public let directory: URL
    /// K-plus-rest KL on dev queries; nil when there are none.
    public let heldOutKL: Double?
    /// Hash of everything the training depends on.
    let training: String

    /// `checkpoint.json`, beside the adapter's files.
    private struct Record: Codable {
        var step: Int
        var heldOutKL: Double?
        var training: String
    }

    /// The checkpoints in `directory`, oldest first. A name whose record is missing or of another
    /// step is none.
    static func all(in directory: URL) throws(RunError) -> [Checkpoint] {
        var checkpoints: [Checkpoint] = []
        for name in try RunFiles.names(in: directory) where name.hasPrefix("step-") {
            let place = directory.appending(path: name, directoryHint: .isDirectory)
            let file = place.appending(path: "checkpoint.json")
            guard let record = try RunFiles.json(Record.self, from: file),
                record.step >= 0, Checkpoint.name(of: record.step) == name
            else { continue }
            checkpoints.append(
                Checkpoint(
                    step: record.step, directory: place, heldOutKL: record.heldOutKL,
                    training: record.training))
        }
        return checkpoints.sorted { $0.step < $1.step }
    }

    /// The one with the lowest KL on dev queries, the earlier of equals; without dev queries the
    /// newest.
    static func best(of checkpoints: [Checkpoint]) -> Checkpoint? {
        let measured = checkpoints.filter { $0.heldOutKL?.isNaN == false }
        return measured.min { ($0.heldOutKL ?? 0, $0.step) < ($1.heldOutKL ?? 0, $1.step) }
            ?? checkpoints.last
    }

    /// Makes a checkpoint whose files `write` puts into the directory it is given. It appears whole.
    static func make(
        step: Int, heldOutKL: Double?, training: String, in directory: URL,
        write: (URL) async throws -> Void
    ) async throws -> Checkpoint {
        let name = Checkpoint.name(of: step)
        let aside = directory.appending(path: ".\(name).partial", directoryHint: .isDirectory)
        let final = directory.appending(path: name, directoryHint: .isDirectory)
        try RunFiles.remove(aside)
        try RunFiles.makeDirectory(aside)
        let checkpoint = Checkpoint(
            step: step, directory: final, heldOutKL: heldOutKL, training: training)
        do {
            try await write(aside)
            try RunFiles.write(
                json: Record(step: step, heldOutKL: heldOutKL, training: training),
                to: aside.appending(path: "checkpoint.json"))
            try RunFiles.remove(final)
            try RunFiles.publish(aside, as: final)
        } catch {
            // What failed is told; that its remains could not be removed would hide it.
            try? RunFiles.remove(aside)
            throw error
        }
        return checkpoint
    }

    /// All but the `keeping` newest and the best.
    static func surplus(in directory: URL, keeping: Int) throws(RunError) -> [Checkpoint] {
        let checkpoints = try all(in: directory)
        let best = best(of: checkpoints)
        return checkpoints.dropLast(keeping).filter { $0 != best }
    }

    /// Removes it; its record goes first, so that what a kill leaves of it is no checkpoint.
    func remove() throws(RunError) {
        try RunFiles.remove(directory.appending(path: "checkpoint.json"))
        try RunFiles.remove(directory)
    }

    private static func name(of step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(6 - digits.count, 0)) + digits
    }
}

/// Which checkpoint of a run.
public enum CheckpointChoice: Hashable, Sendable, CustomStringConvertible {
    /// The one with the lowest KL on dev queries.
    case best
    /// The newest.
    case last
    /// That of a step.
    case step(Int)

    /// From `best`, `last` or a step's number; nil otherwise.
    public init?(_ text: String) {
        switch text {
        case "best": self = .best
        case "last": self = .last
        default:
            guard let step = Int(text), step >= 0 else { return nil }
            self = .step(step)
        }
    }

    /// As it is written in a command.
    public var description: String {
        switch self {
        case .best: "best"
        case .last: "last"
        case .step(let step): "step \(step)"
        }
    }
}
