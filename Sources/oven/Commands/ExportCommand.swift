import ArgumentParser
import Baking
import Foundation
import Transformer

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a run for other programs.",
        discussion: """
            peft is the adapter alone, merged the model with the adapter in its weights, base the \
            model as it was. What was written is loaded again and compared.

            Example: oven export prompt-1 --format merged --output baked --dtype bf16
            """)

    @Argument(help: "A run's name or directory; left out, the newest with a checkpoint.")
    var run: String?
    @Option(help: "What is written: peft, merged or base.")
    var format: ExportFormat
    @Option(help: "A directory that does not exist, or is empty.", completion: .directory)
    var output: String
    @Option(help: "Type of merged weights: base, bf16 or fp32.")
    var dtype = MergedCheckpoint.Precision.base
    @OptionGroup var adapter: ArmOptions
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var display: OutputOptions

    private struct Line: Encodable {
        var path: String
        var files: [String]
        var largestDifference: Double?
    }

    func run() async throws {
        let settings = try Settings(model, display.place)
        let console = Console.standard(settings)
        let run = try settings.store.run(named: run)
        let directory = settings.surroundings.url(of: output)
        let export = Export(
            checkpoint: try run.checkpoint(try adapter.choice), strength: adapter.strength,
            settings: settings.adopting(run.record.configuration),
            services: try display.place.services(console), console: console)
        if format != .base { try await export.fetchAdapter() }
        let files = try export.write(format, to: directory, precision: dtype)
        var difference: Double?
        do {
            difference = try await export.largestDifference(format, in: directory)
        } catch let failure as Export.Failure {
            // What was trained elsewhere is written all the same.
            console.remark("warning: not loaded and compared: \(failure)")
        }
        if display.json {
            try console.json(
                Line(path: directory.path, files: files, largestDifference: difference))
        } else {
            try console.line("\(console.safe(directory.path)): \(files.count) files")
            guard let difference else { return }
            try console.line(
                "largest difference in log-probability after loading it: "
                    + EventLine.significant(difference))
        }
    }
}
