import Baking
import Foundation
import Transformer

/// Log-probabilities of one sequence; entry i is about token i given those before it, the first is
/// about nothing.
struct SequenceScore: Sendable {
    /// One fewer than tokens: entry i is about token i + 1.
    var logprobs: [Double]
    /// The likeliest tokens in place of token i + 1, by falling probability, then by number.
    var top: [[(token: TokenID, logprob: Double)]]
}

/// Log-probabilities of given tokens.
protocol SequenceScorer: Backend {
    /// The scores of `tokens`, which are not empty, under `adapter`.
    func score(
        _ tokens: [TokenID], adapter: AdapterChoice, topK: Int
    ) async throws -> SequenceScore
}

/// What the commands need of a backend.
typealias OvenBackend = ResponseGenerator & TargetScorer & StudentTrainer & DivergenceMeter
    & SequenceScorer

/// Opens the model that `settings` name.
func openBackend(_ settings: Settings) async throws -> any OvenBackend {
    switch try settings.modelLocation() {
    case .tinker(let name):
        throw BackendError.refused(
            what: "this version cannot use the service for tinker:\(name)",
            remedy: "choose a local model")
    case .directory(let directory):
        throw BackendError.refused(
            what: "this version cannot open \(directory.path)", remedy: nil)
    }
}

/// Writes the model in `model` with the adapter in its weights.
///
/// - Returns: The names of the files, sorted.
func writeMerged(
    model: URL, adapter: URL, strength: Double, to directory: URL,
    precision: MergedCheckpoint.Precision
) throws -> [String] {
    throw BackendError.refused(
        what: "this version cannot merge the adapter \(adapter.path)", remedy: nil)
}
