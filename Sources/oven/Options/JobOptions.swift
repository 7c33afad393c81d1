import ArgumentParser
import Backends
import Baking
import Foundation

/// Options of the commands that make or continue a run.
struct JobOptions: ParsableArguments {
    @Option(help: "Create or continue the run of this name.")
    var run: String?
    @Flag(help: "Make a new run even if one fits.")
    var new = false
    @Option(
        help: "Bake existing rows without generating: a run, or a file of chats in JSON Lines.",
        completion: .file())
    var dataset: String?
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Dataset") var data: DatasetSettings
    @OptionGroup(title: "Training") var training: TrainingSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func settings() throws -> Settings { try Settings(model, data, training, output.place) }

    /// The job that `settings` describe.
    func job(_ settings: Settings, services: Services, console: Console) async throws -> BakeJob {
        let prompt = try settings.prompt()
        let queries = try settings.querySet()
        for warning in queries.warnings { console.remark("warning: \(warning)") }
        let backend = try await openBackend(settings, services, console)
        return BakeJob(
            prompt: prompt, queries: queries.queries, configuration: settings.bakeConfiguration,
            store: settings.store, backend: backend,
            generator: try services.catalogue(settings).generator(for: backend), runName: run,
            forceNew: new, dataset: dataset.map { source(of: $0, settings) },
            control: BakeControl())
    }

    /// A file is a file; everything else is a run.
    private func source(of name: String, _ settings: Settings) -> DatasetSource {
        let url = settings.surroundings.url(of: name)
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        return exists && !isDirectory.boolValue ? .file(url) : .run(name)
    }

    /// Does the job and shows it.
    @discardableResult
    func run(through stage: BakeStage) async throws -> EventPrinter {
        let settings = try settings()
        let console = Console.standard(settings)
        let services = try output.place.services(console)
        let job = try await job(settings, services: services, console: console)
        let tracking = try services.catalogue(settings).tracking {
            job.control?.stopAfterCheckpoint()
        }
        var printer = EventPrinter(console, json: output.json) { tracking?.take($0) }
        do {
            try await printer.show(job.events(through: stage))
        } catch {
            let isInterruption = error is CancellationError || error is BakeStopped
            await tracking?.finish(isInterruption ? .interrupted : .failed)
            await job.backend.close(isInterruption ? .interrupted : .failed)
            if error is CancellationError {
                console.remark("oven: interrupted; the same command continues")
            }
            if error is BakeStopped {
                console.remark("oven: stopped after a checkpoint; the same command continues")
                throw CancellationError()
            }
            throw error
        }
        await tracking?.finish(.finished)
        await job.backend.close(.finished)
        return printer
    }
}
