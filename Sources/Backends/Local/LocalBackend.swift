public import Baking
public import Foundation
public import Transformer

/// A checkpoint directory on this machine's processor.
public struct LocalBackend: Backend {
    public let model: ModelDescription
    public let tokenizer: any Tokenizer
    public let template: ChatTemplate
    public let capabilities: Set<Capability> = [.generate, .score, .train, .measure]
    public let divergenceKind = DivergenceKind.full
    /// What a person should know of the files: a mended tokenizer, rounded weights.
    public let warnings: [String]
    let engine: LocalEngine
}
