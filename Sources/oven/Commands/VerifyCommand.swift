import ArgumentParser
import Baking

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verifies a run again: other queries, checkpoint, strength or student context.",
        discussion: """
            Example: oven verify prompt-1 --checkpoint last --strength 0.5
            """)

    @Argument(help: "A run's name or directory; left out, the newest with a checkpoint.")
    var run: String?
    @Option(help: "Ask these queries, a YAML file; the run's own otherwise.", completion: .file())
    var queries: String?
    @Option(help: "What the student reads: none, empty or default; as baked otherwise.")
    var studentContext: StudentContext?
    @OptionGroup var arm: ArmOptions
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let settings = try Settings(model, output.place)
        let console = Console.standard(settings)
        let opened = try await OpenedRun(
            run, checkpoint: try arm.choice, settings: settings,
            services: try output.place.services(console), console: console)
        let job = VerificationJob(
            run: opened.run, backend: opened.backend, checkpoint: try arm.choice,
            strength: arm.strength, studentContext: studentContext,
            queries: try querySet(settings, console))
        var printer = EventPrinter(console, json: output.json)
        try await opened.use { try await printer.show(job.events()) }
    }

    private func querySet(_ settings: Settings, _ console: Console) throws -> QuerySet? {
        guard let queries else { return nil }
        let loaded = try QuerySet.load(
            file: settings.surroundings.url(of: queries),
            builtIn: try Resources(settings.surroundings).url(of: .queries))
        for warning in loaded.warnings { console.remark("warning: \(warning)") }
        return loaded.queries
    }
}
