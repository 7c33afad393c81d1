public import Foundation
public import Transformer

/// Where a model runs. A backend offers one loaded model; what it can do with it is in
/// `capabilities`, and the matching protocol is then adopted by the same value.
public protocol Backend: Sendable {
    /// What is loaded.
    var model: ModelDescription { get }
    /// Its tokenizer.
    var tokenizer: any Tokenizer { get }
    /// Its chat template.
    var template: ChatTemplate { get }
    /// What this backend can do.
    var capabilities: Set<Capability> { get }
    /// Gives back what is held elsewhere; nothing is asked of it afterwards.
    func close(_ outcome: WorkOutcome) async
}

extension Backend {
    /// Nothing is held elsewhere.
    public func close(_ outcome: WorkOutcome) async {}
}

/// How work ended.
public enum WorkOutcome: Hashable, Sendable {
    /// All of it is done.
    case finished
    /// Somebody stopped it; it can go on.
    case interrupted
    /// It could not go on.
    case failed
}

/// What a backend may be able to do.
public enum Capability: String, Hashable, Sendable, Codable {
    /// Adopts ``ResponseGenerator``.
    case generate
    /// Adopts ``TargetScorer``.
    case score
    /// Adopts ``StudentTrainer``.
    case train
    /// Adopts ``DivergenceMeter``.
    case measure
}

/// What is known of a loaded model.
public struct ModelDescription: Hashable, Sendable, Codable {
    /// As the setting names it.
    public var name: String
    /// SHA-256 over configuration and weights, hexadecimal.
    public var hash: String
    /// `qwen3`, `llama` …
    public var family: String
    /// Number of weights.
    public var parameterCount: Int
    /// Most tokens a sequence may have.
    public var contextLength: Int
    /// Rows of the embedding: every id below it may be sampled and read.
    public var vocabularySize: Int
    /// How the arithmetic runs, for people: "bf16 weights, float32 activations, avx2, 2 threads".
    public var arithmetic: String

    /// All of it.
    public init(
        name: String, hash: String, family: String, parameterCount: Int, contextLength: Int,
        vocabularySize: Int, arithmetic: String
    ) {
        self.name = name
        self.hash = hash
        self.family = family
        self.parameterCount = parameterCount
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.arithmetic = arithmetic
    }
}

/// Which adapter is on.
public enum AdapterChoice: Hashable, Sendable {
    /// None: the base model.
    case none
    /// The PEFT directory of a checkpoint, scaled by `strength` (1 is as trained).
    case checkpoint(URL, strength: Double)
    /// The weights being trained now.
    case training(strength: Double)
}

/// Why a backend could not do what was asked.
public enum BackendError: Error, Hashable, CustomStringConvertible {
    /// Refused, with the reason and what to do about it.
    case refused(what: String, remedy: String?)
    /// A sequence is longer than the model's context.
    case contextTooLong(tokens: Int, limit: Int, what: String)
    /// Not enough memory, in bytes.
    case memory(needed: Int, available: Int)
    /// A checkpoint does not fit.
    case checkpoint(path: String, why: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .refused(let what, let remedy): remedy.map { "\(what); \($0)" } ?? what
        case .contextTooLong(let tokens, let limit, let what):
            "\(what) has \(tokens) tokens, the model reads at most \(limit)"
        case .memory(let needed, let available):
            "needs \(needed >> 20) MiB of memory, \(available >> 20) MiB are free"
        case .checkpoint(let path, let why): "checkpoint \(path): \(why)"
        }
    }
}
