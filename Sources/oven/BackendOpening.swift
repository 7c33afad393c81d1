import Backends
import Baking
import Foundation
import Transformer

/// Log-probabilities of given tokens.
protocol SequenceScorer: Backend {
    /// The log-probability of every token of a sequence given those before it, and the `topK`
    /// likeliest tokens at each place; entry i is about token i + 1.
    func score(
        _ sequence: [TokenID], topK: Int, adapter: AdapterChoice
    ) async throws -> (logprobs: [Double], rows: [TopKRow])
}

extension LocalBackend: SequenceScorer {}
extension TinkerBackend: SequenceScorer {}

/// Opens the model that `settings` name; warnings about its files go to `console`.
func openBackend(
    _ settings: Settings, _ services: Services, _ console: Console
) async throws -> any BakingBackend {
    let opened = try await services.catalogue(settings).model()
    for warning in opened.warnings { console.remark("warning: \(warning)") }
    return opened.backend
}

/// Opens the model that `settings` name for scoring sequences.
func openScorer(
    _ settings: Settings, _ services: Services, _ console: Console
) async throws -> any SequenceScorer {
    let backend = try await openBackend(settings, services, console)
    guard let scorer = backend as? any SequenceScorer else {
        throw BackendError.refused(
            what: "\(settings.text(.model)) scores no sequences", remedy: "choose another model")
    }
    return scorer
}

/// Writes the model in `model` with the adapter in its weights.
///
/// - Returns: The names of the files, sorted.
func writeMerged(
    model: URL, adapter: URL, strength: Double, to directory: URL,
    precision: MergedCheckpoint.Precision
) throws -> [String] {
    let base = try ModelFiles(path: model.path)
    var file = try AdapterFile(directory: adapter.path, model: base.configuration)
    file.configuration.alpha *= strength
    return try MergedCheckpoint(base: base, adapter: file)
        .write(to: directory.path, precision: precision).files
}
