import Foundation
import Terminal
import Testing

@testable import Baking
@testable import Workbench

/// A workbench without a terminal and without an engine.
struct TestWorkbench {
    var state: Workbench
    /// Everything that was wanted so far.
    var effects: [WorkbenchEffect] = []
    var now = 0.0

    init(
        columns: Int = 80, rows: Int = 24, isASCII: Bool = false, isWelcomed: Bool = true,
        prompt: String = "You are a pirate."
    ) {
        // Widths are those of a UTF-8 locale.
        _ = TerminalLocale.begin(environment: [:])
        state = Workbench(
            Workbench.Surroundings(
                glyphs: Glyphs(isASCII: isASCII),
                chartGlyphs: isASCII ? .ascii : .braille,
                keyMap: KeyMap(commands: CommandTable.commands, titles: CommandTable.titles),
                theme: "oven-dark"),
            size: Size(columns: columns, rows: rows))
        var saved = SavedState()
        saved.isWelcomed = isWelcomed
        send(.restored(saved))
        send(.prompt(PromptFile(path: "prompt.md", text: prompt, exists: true)))
        send(.tokenCount(5, revision: state.prompt.editor.revision))
        send(
            .model(
                ModelOverview(
                    name: "starter", details: "5.8 M weights, bf16 weights, 2 threads",
                    card: "A tiny model.")))
        send(.runs([]))
        send(.themes(["nord", "oven-dark"]))
        effects = []
    }

    /// What is shown.
    var screen: Surface { state.draw() }

    var text: String { screen.lines.joined(separator: "\n") }

    mutating func send(_ event: WorkbenchEvent) {
        effects += state.handle(event, at: now)
    }

    /// Presses keys by their names.
    mutating func press(_ names: String...) {
        for name in names {
            guard let key = Key(name) else {
                Issue.record("\(name) is no key")
                return
            }
            send(.input(.key(key)))
        }
    }

    mutating func type(_ text: String) {
        for character in text { send(.input(.key(.character(character)))) }
    }

    /// Takes what was wanted since the last time.
    mutating func takeEffects() -> [WorkbenchEffect] {
        defer { effects = [] }
        return effects
    }

    // MARK: A bake

    static let time = Date(timeIntervalSince1970: 1_800_000_000)

    mutating func job(_ kind: BakeEvent.Kind, after seconds: Double = 0) {
        send(.job(BakeEvent(kind, time: Self.time + seconds)))
    }

    /// A bake that has come to step `last` of 64.
    mutating func bake(to last: Int) {
        send(.jobStarted(.bake))
        job(
            .runStarted(
                RunStarted(
                    run: "prompt-1", directory: "/runs/prompt-1", resumed: false, fromStep: 0,
                    configuration: BakeConfiguration())))
        job(
            .generationProgress(
                GenerationProgress(completed: 264, failed: 0, total: 264, tokensPerSecond: 3815)))
        job(.teacherProgress(TeacherProgress(completed: 263, total: 263)))
        evaluate(0)
        for step in 1...max(1, last) where step <= last {
            job(
                .step(
                    BakeStep(
                        step: step, steps: 64, epoch: (step - 1) / 16 + 1, kl: Self.kl(step),
                        loss: Self.kl(step), learningRate: 3e-3 * (1 - Double(step - 1) / 64),
                        gradientNorm: 1, tokens: 400, seconds: 0.05)), after: Double(step) * 0.05)
            if step % 10 == 0 || step == 64 { evaluate(step) }
            if step % 20 == 0 || step == 64 {
                job(.checkpoint(CheckpointWritten(step: step, path: "step-\(step)")))
            }
        }
    }

    static func kl(_ step: Int) -> Double {
        3.9 * exp(-Double(step) / 9) + 0.03 + 0.01 * Double(step * 7919 % 13) / 13
    }

    mutating func evaluate(_ step: Int) {
        let kl = Self.kl(step) * 1.3
        job(
            .evaluation(
                BakeEvaluation(step: step, heldOutKL: kl, baseKL: 4.1, gapClosed: 1 - kl / 4.1)),
            after: Double(step) * 0.05)
    }

    /// Answers the open question of the chat.
    mutating func answer(_ arm: Arm, _ text: String, step: Int? = nil) throws {
        let id = try #require(state.chat.openQuestion)
        send(.reply(id: id, .began(arm, step: step)))
        send(.reply(id: id, .piece(arm, text: text)))
        send(.reply(id: id, .finished(arm, Chat.Reply(text: text, tokenCount: 9, stop: .end))))
    }
}
