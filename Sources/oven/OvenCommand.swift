import ArgumentParser
import Baking

/// The root of the commands.
struct OvenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oven", abstract: "Bakes a system prompt into a model's weights.",
        discussion: """
            Write what the model should be into prompt.md, then:

              oven bake
              oven chat

            Settings come from flags, oven.yaml, $XDG_CONFIG_HOME/oven/config.yaml and the model's \
            own oven.yaml; oven config shows each with its origin.
            """,
        version: EngineVersion.current,
        subcommands: [
            GenerateCommand.self, BakeCommand.self, VerifyCommand.self, ChatCommand.self,
            CompareCommand.self, ScoreCommand.self, TokenizeCommand.self, RunsCommand.self,
            ExportCommand.self, DoctorCommand.self, BenchCommand.self, ConfigCommand.self,
            InstallCommand.self,
        ])

    func run() async throws {
        try Console.standard().write(Self.helpMessage() + "\n")
        throw ProgramExit(code: 2)
    }
}
