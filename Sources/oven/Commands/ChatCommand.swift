import ArgumentParser
import Baking
import Foundation
import Terminal

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talks to one arm of a run.",
        discussion: """
            Lines on a pipe are answered one by one, each in the same conversation. On a terminal \
            /new begins another conversation and /quit ends.

            Example: oven chat prompt-1 --arm baked --message "Who are you?"
            """)

    @Argument(help: "A run's name or directory; left out, the newest with a checkpoint.")
    var run: String?
    @Option(help: "Who answers: base, prompted, baked or baked+prompt.")
    var arm = Arm.baked
    @Option(help: "Answer this once.")
    var message: String?
    @OptionGroup var adapter: ArmOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let settings = try Settings(model, output.place)
        let console = Console.standard(settings)
        let opened = try await OpenedRun(
            run, checkpoint: try adapter.choice, settings: settings, console: console)
        var session = ChatSession(
            chat: try Chat(
                backend: opened.backend, arm: arm,
                settings: try opened.chatSettings(strength: adapter.strength, sampling: sampling)),
            step: opened.checkpoint.step, console: console, json: output.json)
        if let message {
            try await session.answer(message)
        } else {
            try await session.answerLines(isInteractive: isatty(STDIN_FILENO) == 1)
        }
    }
}

extension OpenedRun {
    /// What the replies of the run's arms depend on.
    func chatSettings(strength: Double, sampling: SamplingOptions) throws -> ChatSettings {
        let configuration = run.record.configuration
        return ChatSettings(
            prompt: try run.prompt(),
            adapter: .checkpoint(checkpoint.directory, strength: strength), step: checkpoint.step,
            studentContext: configuration.studentContext, thinking: configuration.thinking,
            temperature: sampling.temperature, seed: sampling.seed,
            maximumTokenCount: sampling.maxResponseTokens)
    }
}
