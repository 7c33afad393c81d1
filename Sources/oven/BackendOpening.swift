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

/// What the commands need of a backend.
typealias OvenBackend = ResponseGenerator & TargetScorer & StudentTrainer & DivergenceMeter
    & SequenceScorer

/// Opens the model that `settings` name; warnings about its files go to `console`.
func openBackend(_ settings: Settings, _ console: Console) async throws -> any OvenBackend {
    let opened = try openBackend(settings, isBackground: false)
    for warning in opened.warnings { console.remark("warning: \(warning)") }
    return opened.backend
}

/// Opens the model that `settings` name.
///
/// - Parameter isBackground: Whether all other threads of the machine go before the model's.
/// - Returns: The model, and what a person should know of its files.
func openBackend(
    _ settings: Settings, isBackground: Bool
) throws -> (backend: any OvenBackend, warnings: [String]) {
    switch try settings.modelLocation() {
    case .tinker(let name):
        throw BackendError.refused(
            what: "this version cannot use the service for tinker:\(name)",
            remedy: "choose a local model")
    case .directory(let directory):
        let backend = try LocalBackend(
            directory: directory, name: settings.text(.model), precise: settings.flag(.precise),
            threads: settings.threads ?? ProcessInfo.processInfo.activeProcessorCount,
            isBackground: isBackground)
        return (backend, backend.warnings)
    }
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
