import ArgumentParser
import Baking
import Foundation

/// The root of the commands.
struct OvenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oven", abstract: "Bakes a system prompt into a model's weights.",
        discussion: """
            oven without a command opens the workbench: write what the model should be, press F5, \
            talk to it. In scripts:

              oven bake
              oven chat

            Settings come from flags, oven.yaml, $XDG_CONFIG_HOME/oven/config.yaml and the model's \
            own oven.yaml; oven config shows each with its origin.
            """,
        version: EngineVersion.current,
        subcommands: [
            GenerateCommand.self, BakeCommand.self, VerifyCommand.self, ChatCommand.self,
            CompareCommand.self, ScoreCommand.self, TokenizeCommand.self, RunsCommand.self,
            ExportCommand.self, PullCommand.self, CheckpointsCommand.self, DoctorCommand.self,
            BenchCommand.self, ConfigCommand.self, InstallCommand.self,
        ])

    @OptionGroup(title: "Workbench") var workbench: WorkbenchOptions
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Dataset") var data: DatasetSettings
    @OptionGroup(title: "Training") var training: TrainingSettings
    @OptionGroup(title: "Place") var place: PlaceSettings

    /// Whether the workbench will take the whole screen: then signals are the screen's.
    var takesScreen: Bool {
        workbench.script == nil && isInteractive && !isPlain
    }

    private var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    private var isPlain: Bool {
        let terminal = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return workbench.plain || ["", "dumb", "unknown"].contains(terminal)
    }

    func run() async throws {
        guard isInteractive || workbench.script != nil || workbench.plain else {
            try Console.standard().write(Self.helpMessage() + "\n")
            throw ProgramExit(code: 2)
        }
        let groups: [any SettingFlags] = [model, data, training, place, workbench]
        var flags: [SettingName: String] = [:]
        for group in groups { flags.merge(group.given) { $1 } }
        if workbench.noMouse { flags[.mouse] = "false" }
        let start = WorkbenchStart(
            flags: flags, settings: try Settings(flags: flags, in: .current()),
            isASCII: workbench.ascii, isPlain: isPlain, script: workbench.script,
            trace: place.trace)
        let code = try await start.run()
        if code != 0 { throw ProgramExit(code: code) }
    }
}

/// The commands without the workbench's options. The parser takes options of the root wherever they
/// stand, also those that a command has of its own under the same name.
struct CommandRoot: AsyncParsableCommand {
    static let configuration = OvenCommand.configuration

    /// Whether the command line names a command.
    static func isMeant(by arguments: [String]) -> Bool {
        configuration.subcommands.contains { $0.configuration.commandName == arguments.first }
    }
}
