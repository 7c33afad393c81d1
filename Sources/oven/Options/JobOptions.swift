import ArgumentParser
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
    func job(_ settings: Settings, console: Console) async throws -> BakeJob {
        try settings.requireLocal()
        let prompt = try settings.prompt()
        let queries = try settings.querySet()
        for warning in queries.warnings { console.remark("warning: \(warning)") }
        return BakeJob(
            prompt: prompt, queries: queries.queries, configuration: settings.bakeConfiguration,
            store: settings.store, backend: try await openBackend(settings, console), runName: run,
            forceNew: new, dataset: dataset.map { source(of: $0, settings) })
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
        var printer = EventPrinter(console, json: output.json)
        do {
            try await printer.show(try await job(settings, console: console).events(through: stage))
        } catch is CancellationError {
            console.remark("oven: interrupted; the same command continues")
            throw CancellationError()
        }
        return printer
    }
}

extension Settings {
    /// Refuses what would otherwise be left out without a word.
    func requireLocal() throws {
        guard text(.generator) == "model" else {
            throw BackendError.refused(
                what: "this version cannot ask the service \(text(.generator))",
                remedy: "leave generator at model")
        }
        guard words(.logTo).isEmpty else {
            throw BackendError.refused(
                what: "this version cannot log to \(self[.logTo].value.text)",
                remedy: "leave log-to at none; the run's events.jsonl has every figure")
        }
    }
}
