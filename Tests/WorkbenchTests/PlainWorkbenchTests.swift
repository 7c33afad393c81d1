import Foundation
import Terminal
import Testing

@testable import Baking
@testable import Workbench

/// The workbench in lines: nothing is ever drawn over.
struct PlainWorkbenchTests {
    private var plain = PlainWorkbench(isASCII: false, promptPath: "prompt.md")
    private var lines: [String] = []
    private var effects: [WorkbenchEffect] = []
    private var exitCode: Int32?

    init() {
        send(.prompt(PromptFile(path: "prompt.md", text: "You are a pirate.", exists: true)))
        send(.model(ModelOverview(name: "starter", details: "5.8 M weights", card: "")))
        send(.runs([]))
        lines = []
        effects = []
    }

    private mutating func send(_ event: WorkbenchEvent) {
        let answer = plain.handle(event)
        lines += answer.lines
        effects += answer.effects
        exitCode = answer.exitCode ?? exitCode
    }

    private mutating func type(_ line: String) { send(.input(.paste(line))) }

    private mutating func job(_ kind: BakeEvent.Kind) {
        send(.job(BakeEvent(kind, time: TestWorkbench.time)))
    }

    @Test mutating func `anything else than a number shows the numbered choices`() {
        type("help")
        #expect(lines.contains("5 bake"))
        #expect(lines.contains("14 quit"))
        #expect(lines.contains { $0.hasPrefix("model starter") })
    }

    @Test mutating func `a bake is told in sentences`() {
        type("5")
        #expect(
            effects == [
                .start(.bake, JobRequest(promptPath: "prompt.md", promptText: "You are a pirate."))
            ])
        send(.jobStarted(.bake))
        job(
            .runStarted(
                RunStarted(
                    run: "prompt-1", directory: "/runs/prompt-1", resumed: false, fromStep: 0,
                    configuration: BakeConfiguration())))
        for completed in 0...100 {
            job(
                .generationProgress(
                    GenerationProgress(
                        completed: completed, failed: 0, total: 100, tokensPerSecond: 9)))
        }
        // A tenth each, not a line a response.
        #expect(lines.count { $0.hasPrefix("generated") } == 11)
        for step in 1...10 {
            job(
                .step(
                    BakeStep(
                        step: step, steps: 64, epoch: 1, kl: TestWorkbench.kl(step), loss: 1,
                        learningRate: 1e-3, gradientNorm: 1, tokens: 9, seconds: 0.1)))
        }
        job(.evaluation(BakeEvaluation(step: 10, heldOutKL: 2, baseKL: 4, gapClosed: 0.5)))
        #expect(lines.last?.hasPrefix("kl ") == true)
        #expect(lines.last?.contains("50 % of the gap closed") == true)
    }

    @Test mutating func `a reply comes whole`() {
        type("6")
        type("Who are you?")
        guard case .ask(let question) = effects.last else {
            Issue.record("nothing was asked")
            return
        }
        #expect(question.message == "Who are you?" && question.arms == [.prompted])
        lines = []
        send(.reply(id: question.id, .piece(.prompted, text: "Arr! ")))
        #expect(lines.isEmpty)
        let reply = Chat.Reply(text: "Arr! I be Gertrude.", tokenCount: 7, stop: .end)
        send(.reply(id: question.id, .finished(.prompted, reply)))
        #expect(lines == ["prompted: Arr! I be Gertrude."])
        send(.replyEnded(id: question.id, failure: nil))
        type("")
        #expect(lines.contains("14 quit"))
    }

    @Test mutating func `a prompt can be written in lines and is saved`() {
        type("3")
        type("You are a butler.")
        type("Be polite.")
        type(".")
        #expect(
            effects.contains(
                .savePrompt(path: "prompt.md", text: "You are a butler.\nBe polite.\n", revision: 0)
            ))
    }

    @Test mutating func `a setting is chosen by its number and typed`() {
        send(
            .settings([
                SettingRow(
                    name: "rank", value: "32", source: "default", help: "LoRA's rank.",
                    expectation: "a whole number", choices: [], isChanged: false)
            ]))
        type("10")
        #expect(lines.contains("1 rank is 32, from default"))
        type("1")
        type("8")
        #expect(effects.contains(.set(setting: "rank", to: "8")))
    }

    @Test mutating func `the end of the input ends the program`() {
        send(.signal(0))
        #expect(exitCode == 0)
    }

    @Test mutating func `an interrupt ends it with its code`() {
        send(.signal(2))
        #expect(exitCode == 130)
    }

    @Test(arguments: hostileTexts) mutating func `hostile text has no control characters`(
        text: String
    ) {
        send(.notice(.error, text))
        send(.prompt(PromptFile(path: text, text: text, exists: true)))
        type("1")
        type("6")
        type(text)
        if case .ask(let question) = effects.last {
            let reply = Chat.Reply(text: text, tokenCount: 1, stop: .end)
            send(.reply(id: question.id, .finished(.prompted, reply)))
        }
        let scalars = lines.joined().unicodeScalars
        #expect(!lines.isEmpty)
        #expect(scalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
        #expect(!scalars.contains { (0x202A...0x202E).contains($0.value) })
    }
}
