import ArgumentParser
import Baking
import Terminal

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Asks several arms the same message with the same seed.",
        discussion: """
            Example: oven compare prompt-1 --message "What is tea?" --arms base,baked
            """)

    @Argument(help: "A run's name or directory; left out, the newest with a checkpoint.")
    var run: String?
    @Option(help: "What is asked.")
    var message: String
    @Option(help: "The arms, separated by commas: base, prompted, baked, baked+prompt.")
    var arms = "base,prompted,baked"
    @OptionGroup var adapter: ArmOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws { _ = try chosenArms }

    private var chosenArms: [Arm] {
        get throws {
            let chosen = try arms.split(separator: ",", omittingEmptySubsequences: false).map {
                name in
                guard let arm = Arm(rawValue: String(name)) else {
                    throw ValidationError(
                        "--arms takes \(Arm.allCases.map(\.rawValue).joined(separator: ", ")), "
                            + "not \"\(name)\"")
                }
                return arm
            }
            guard Set(chosen).count == chosen.count else {
                throw ValidationError("--arms names an arm twice")
            }
            return chosen
        }
    }

    func run() async throws {
        let settings = try Settings(model, output.place)
        let console = Console.standard(settings)
        let opened = try await OpenedRun(
            run, checkpoint: try adapter.choice, settings: settings,
            services: try output.place.services(console), console: console)
        let arms = try chosenArms
        var comparison = try Comparison(
            backend: opened.backend, arms: arms,
            settings: try opened.chatSettings(strength: adapter.strength, sampling: sampling))
        var answers: [Arm: Chat.Reply] = [:]
        try await opened.use {
            for try await event in try comparison.reply(to: message) {
                switch event {
                case .began, .piece: continue
                case .finished(let arm, let reply): answers[arm] = reply
                case .failed(let arm, let reason):
                    throw BackendError.refused(what: "\(arm.rawValue): \(reason)", remedy: nil)
                }
            }
            try Task.checkCancellation()
        }
        var replies: [(arm: Arm, reply: String, stop: StopReason)] = []
        for arm in arms {
            guard let reply = answers[arm] else { continue }
            replies.append((arm, reply.text, reply.stop))
            guard output.json else { continue }
            try console.json(
                ReplyLine(
                    arm: arm, message: message, reply: reply.text, tokens: reply.tokenCount,
                    stop: reply.stop, step: arm.hasAdapter ? opened.checkpoint.step : nil))
        }
        guard !output.json else { return }
        for line in ReplyBlock(console: console).lines(query: message, replies: replies) {
            try console.line(line)
        }
    }
}
