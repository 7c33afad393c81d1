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
