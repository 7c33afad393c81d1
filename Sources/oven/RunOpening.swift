import Backends
import Baking
import Foundation

/// A run whose model is opened as it was baked with.
struct OpenedRun {
    let run: Run
    let checkpoint: Checkpoint
    let backend: any BakingBackend

    /// Opens `name`, or the newest run that has a checkpoint.
    ///
    /// - Parameter settings: Where runs live; a model given as a flag replaces the run's.
    init(
        _ name: String?, checkpoint choice: CheckpointChoice, settings: Settings,
        services: Services, console: Console
    ) async throws {
        run = try settings.store.run(named: name)
        for notice in TinkerExpiry.warnings(in: run.directory, now: Date()) {
            console.remark("warning: \(EventLine.text(notice))")
        }
        checkpoint = try run.checkpoint(choice)
        backend = try await openBackend(
            settings.adopting(run.record.configuration), services, console)
    }

    /// Does `work` with the run and gives back what its model holds elsewhere.
    func use(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch {
            await backend.close(error is CancellationError ? .interrupted : .failed)
            throw error
        }
        await backend.close(.finished)
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

    /// The settings with a run's model, arithmetic and generator, unless flags say otherwise.
    func adopting(_ configuration: BakeConfiguration) -> Settings {
        var settings = self
        settings.adopt(.text(configuration.model), for: .model)
        settings.adopt(.flag(configuration.precise), for: .precise)
        settings.adopt(.flag(configuration.int8), for: .int8)
        settings.adopt(.text(configuration.generator), for: .generator)
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
