import Baking
import Foundation

/// A run whose model is opened as it was baked with.
struct OpenedRun {
    let run: Run
    let checkpoint: Checkpoint
    let backend: any OvenBackend

    /// Opens `name`, or the newest run that has a checkpoint.
    ///
    /// - Parameter settings: Where runs live; a model given as a flag replaces the run's.
    init(
        _ name: String?, checkpoint choice: CheckpointChoice, settings: Settings, console: Console
    ) async throws {
        run = try settings.store.run(named: name)
        checkpoint = try run.checkpoint(choice)
        backend = try await openBackend(
            settings.adopting(run.record.configuration), console)
    }
}

extension RunStore {
    /// The run called so, or the newest that has a checkpoint.
    func run(named name: String?) throws -> Run {
        if let name { return try run(name) }
        return try newest { try !$0.checkpoints().isEmpty }
    }
}

extension Settings {
    /// Where runs live.
    var store: RunStore { RunStore(directory: surroundings.url(of: text(.runs))) }

    /// The settings with a run's model and arithmetic, unless flags say otherwise.
    func adopting(_ configuration: BakeConfiguration) -> Settings {
        var settings = self
        settings.adopt(.text(configuration.model), for: .model)
        settings.adopt(.flag(configuration.precise), for: .precise)
        return settings
    }

    /// The prompt to bake.
    func prompt() throws -> Prompt { try Prompt(file: surroundings.url(of: text(.prompt))) }

    /// The query set, and what a person should know about it.
    func querySet() throws -> QuerySet.Loaded {
        let builtIn = try Resources(surroundings).url(of: .queries)
        return try QuerySet.load(file: url(.queries) ?? builtIn, builtIn: builtIn)
    }
}
