import ArgumentParser
import Backends
import Baking
import Foundation
import Terminal

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talks to one arm of a run.",
        discussion: """
            Lines on a pipe are answered one by one, each in the same conversation. On a terminal \
            /new begins another conversation and /quit ends.

            With --service a chat service answers, plainly or with --arm prompted as the prompt's persona.

            Example: oven chat prompt-1 --arm baked --message "Who are you?"
            """)

    @Argument(help: "A run's name or directory; left out, the newest with a checkpoint.")
    var run: String?
    @Option(
        help:
            "Who answers: base, prompted, baked or baked+prompt. (default: baked; base of a service)"
    )
    var arm: Arm?
    @Option(help: "Talk to this service, NAME or NAME:MODEL, instead of a run.")
    var service: String?
    @Option(help: .setting(.prompt), completion: .file())
    var prompt: String?
    @Option(help: "Answer this once.")
    var message: String?
    @OptionGroup var adapter: ArmOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        guard service != nil || prompt == nil else {
            throw ValidationError("--prompt goes with --service; a run has its own")
        }
        guard service == nil || run == nil else {
            throw ValidationError("a run answers with its own model; leave it or --service out")
        }
    }

    func run() async throws {
        let settings = try Settings(model, output.place)
        let console = Console.standard(settings)
        let services = try output.place.services(console)
        if let service {
            return try await talk(
                ChatSession(
                    chat: try await partner(service, settings, services, console), step: nil,
                    console: console, json: output.json))
        }
        let opened = try await OpenedRun(
            run, checkpoint: try adapter.choice, settings: settings, services: services,
            console: console)
        try await opened.use {
            try await talk(
                ChatSession(
                    chat: try Chat(
                        backend: opened.backend, arm: arm ?? .baked,
                        settings: try opened.chatSettings(
                            strength: adapter.strength, sampling: sampling)),
                    step: opened.checkpoint.step, console: console, json: output.json))
        }
    }

    private func talk(_ session: ChatSession) async throws {
        var session = session
        if let message {
            try await session.answer(message)
        } else {
            try await session.answerLines(isInteractive: isatty(STDIN_FILENO) == 1)
        }
    }

    /// A conversation with a service; the local model counts tokens for it.
    private func partner(
        _ service: String, _ settings: Settings, _ services: Services, _ console: Console
    ) async throws -> Chat {
        var settings = settings
        settings.use(.text(service), for: .generator)
        if let prompt { settings.use(.text(prompt), for: .prompt) }
        var local = settings
        local.use(.text("starter"), for: .model)
        let counter = try await openBackend(local, services, console)
        let arm = arm ?? .base
        guard
            let partner = try services.catalogue(settings).generator(
                for: counter, contextLength: Int(Int32.max))
        else { throw UsageError("--service takes a service's name, not \(service)") }
        return try Chat(
            backend: partner, arm: arm,
            settings: ChatSettings(
                prompt: arm.hasPrompt ? try settings.prompt() : nil, adapter: .none,
                thinking: settings.flag(.thinking), temperature: sampling.temperature,
                seed: sampling.seed, maximumTokenCount: sampling.maxResponseTokens))
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
