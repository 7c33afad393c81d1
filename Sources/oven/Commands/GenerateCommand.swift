import ArgumentParser
import Baking

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Makes the dataset of a run: the prompted model answers every query.",
        discussion: """
            Example: oven generate --prompt pirate.md --temperatures 0.7,1
            """)

    @OptionGroup var job: JobOptions

    func run() async throws { try await job.run(through: .generate) }
}
