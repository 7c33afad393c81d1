import Foundation
import Terminal
import Testing

@testable import Baking
@testable import Workbench

// MARK: The way through

@Test func `on a first start Enter bakes the prompt`() {
    var workbench = TestWorkbench(isWelcomed: false)
    #expect(workbench.text.contains("Enter"))
    workbench.press("enter")
    let request = JobRequest(promptPath: "prompt.md", promptText: "You are a pirate.")
    #expect(workbench.effects.contains(.start(.bake, request)))
    #expect(workbench.state.overlays.isEmpty)
    #expect(workbench.state.focus == .bake)
}

@Test func `a prompt that is not saved is saved before it is baked`() throws {
    var workbench = TestWorkbench()
    workbench.type("Ahoy! ")
    workbench.effects = []
    workbench.press("f5")
    let effects = workbench.takeEffects()
    guard case .savePrompt(_, let saved, _) = effects.first,
        case .start(.bake, let request) = effects.dropFirst().first
    else {
        Issue.record("\(effects)")
        return
    }
    #expect(saved == "Ahoy! You are a pirate.")
    #expect(request.promptText == saved)
}

@Test func `an empty prompt is not baked, and the person is told`() {
    var workbench = TestWorkbench(prompt: " \n")
    workbench.press("f5")
    #expect(!workbench.effects.contains { if case .start = $0 { true } else { false } })
    #expect(workbench.text.contains("the prompt is empty"))
    #expect(workbench.state.focus == .prompt)
}

@Test func `when a bake that was watched ends, the chat has the keys`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 64)
    workbench.now = 30
    workbench.send(.jobEnded(.finished))
    #expect(workbench.state.focus == .chat)
    #expect(workbench.state.isWriting)
    #expect(workbench.state.chat.arm == .baked)
}

@Test func `a bake that ends while keys are pressed leaves the focus where it is`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 64)
    workbench.now = 30
    workbench.press("s")
    workbench.now = 30.5
    workbench.send(.jobEnded(.finished))
    #expect(workbench.state.focus == .bake)
}

@Test func `a bake that ends elsewhere leaves the focus where it is`() {
    var workbench = TestWorkbench()
    workbench.press("f5", "alt-1")
    workbench.bake(to: 64)
    workbench.send(.jobEnded(.finished))
    #expect(workbench.state.focus == .prompt)
}

// MARK: Keys

@Test func `letters go into a text and are commands elsewhere`() {
    var workbench = TestWorkbench()
    workbench.type("b1?")
    #expect(workbench.state.prompt.editor.text.hasPrefix("b1?"))
    workbench.press("alt-5", "1")
    #expect(workbench.state.focus == .prompt)
}

@Test func `every pane can be reached by number and by Tab`() {
    var workbench = TestWorkbench()
    for pane in Pane.allCases {
        workbench.press("alt-\(pane.rawValue + 1)")
        #expect(workbench.state.focus == pane)
    }
    for _ in Pane.allCases { workbench.press("tab") }
    #expect(workbench.state.focus == .runs)
    workbench.press("shift-tab")
    #expect(workbench.state.focus == .chat)
}

@Test func `a paste is one edit and sends nothing`() {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.effects = []
    workbench.send(.input(.paste("one\ntwo\r\nthree")))
    #expect(!workbench.effects.contains { if case .ask = $0 { true } else { false } })
    #expect(workbench.state.chat.input.text == "one\ntwo\nthree")
    workbench.press("ctrl-_")
    #expect(workbench.state.chat.input.isEmpty)
}

@Test(arguments: [
    Size(columns: 1, rows: 1), Size(columns: 10, rows: 2), Size(columns: 400, rows: 120),
])
func `any size can be drawn in any state`(size: Size) throws {
    var workbench = TestWorkbench()
    func check() {
        for other in [size, Size(columns: 40, rows: 10), Size(columns: 100, rows: 28)] {
            workbench.send(.input(.resize(other)))
            #expect(workbench.screen.size == other)
        }
    }
    check()
    workbench.press("f5")
    workbench.bake(to: 30)
    for keys in ["f1", "ctrl-p", "f2", "ctrl-q"] {
        workbench.press(keys)
        check()
        workbench.press("esc")
    }
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    try workbench.answer(.baked, "Arr!")
    for pane in Pane.allCases {
        workbench.state.go(to: pane)
        check()
    }
}

@Test func `what lies over the panes keeps their commands away`() {
    var workbench = TestWorkbench()
    workbench.press("f2", "tab", "alt-5", "f5", "ctrl-p")
    #expect(workbench.state.focus == .prompt)
    #expect(workbench.state.overlays.count == 1)
    #expect(workbench.effects.isEmpty)
}

@Test func `going to the runs reads them again`() {
    var workbench = TestWorkbench()
    workbench.press("alt-5")
    #expect(workbench.takeEffects() == [.listRuns])
}

// MARK: Leaving

@Test func `Ctrl-C quits only when it comes twice`() {
    var workbench = TestWorkbench()
    workbench.press("ctrl-c")
    #expect(workbench.takeEffects().isEmpty)
    workbench.now = 5
    workbench.press("ctrl-c")
    #expect(workbench.takeEffects().isEmpty)
    workbench.now = 6
    workbench.press("ctrl-c")
    #expect(workbench.takeEffects() == [.quit(code: 0)])
}

@Test func `Ctrl-C clears a draft and keeps it in the history`() {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("ctrl-c")
    #expect(workbench.state.chat.input.isEmpty)
    workbench.press("up")
    #expect(workbench.state.chat.input.text == "Hello")
}

@Test func `Ctrl-C stops an answer first`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    let id = try #require(workbench.state.chat.openQuestion)
    workbench.send(.reply(id: id, .piece(.prompted, text: "Arr, half a")))
    workbench.effects = []
    workbench.press("ctrl-c")
    #expect(workbench.effects.contains(.cancelReply(id: id)))
    #expect(workbench.text.contains("Arr, half a"))
    #expect(workbench.text.contains("stopped"))
    // What was said is kept, also by half.
    #expect(
        workbench.effects.contains {
            if case .record(let changes) = $0 { !changes.isEmpty } else { false }
        })
}

@Test func `quitting during a bake asks`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 10)
    workbench.effects = []
    workbench.press("ctrl-q")
    #expect(workbench.effects.isEmpty)
    #expect(workbench.text.contains("A bake is running."))
    workbench.press("s")
    #expect(workbench.effects.isEmpty)
    #expect(workbench.state.overlays.isEmpty)
    workbench.press("ctrl-q", "c")
    #expect(workbench.takeEffects() == [.stop(afterCheckpoint: true)])
    workbench.send(.jobEnded(.stopped))
    #expect(workbench.takeEffects() == [.quit(code: 0)])
}

@Test func `a second Ctrl-C within two seconds stops after a checkpoint`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 10)
    workbench.effects = []
    workbench.now = 10
    workbench.press("ctrl-c")
    #expect(workbench.text.contains("A bake is running."))
    workbench.now = 11
    workbench.press("ctrl-c")
    #expect(workbench.takeEffects() == [.stop(afterCheckpoint: true)])
}

@Test func `a signal stops the work in order, then ends with its code`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 10)
    workbench.effects = []
    workbench.send(.signal(15))
    #expect(workbench.takeEffects() == [.stop(afterCheckpoint: false)])
    workbench.send(.jobEnded(.stopped))
    #expect(workbench.takeEffects() == [.quit(code: 143)])
}

// MARK: The bake

@Test func `pause and go on are one key`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 10)
    workbench.effects = []
    workbench.press("p")
    #expect(workbench.takeEffects() == [.pause(true)])
    #expect(workbench.text.contains("paused"))
    workbench.press("p")
    #expect(workbench.takeEffects() == [.pause(false)])
}

@Test func `the watched query is asked at every evaluation`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 25)
    let asked = workbench.effects.compactMap { effect -> Question? in
        if case .ask(let question) = effect { question } else { nil }
    }
    #expect(asked.map(\.message) == ["Who are you?", "Who are you?", "Who are you?"])
    #expect(asked.allSatisfy { $0.arms == [.baked] && $0.temperature == 0 })
    workbench.send(.reply(id: asked[1].id, .began(.baked, step: 10)))
    workbench.send(
        .reply(
            id: asked[1].id,
            .finished(.baked, Chat.Reply(text: "Arr, Gertrude!", tokenCount: 4, stop: .end))))
    #expect(workbench.text.contains("step 10   Arr, Gertrude!"))
}

@Test func `a resumed run replaces the steps above where it begins again`() {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 30)
    workbench.job(
        .runStarted(
            RunStarted(
                run: "prompt-1", directory: "/runs/prompt-1", resumed: true, fromStep: 20,
                configuration: BakeConfiguration())))
    #expect(workbench.state.bake.chart.series.steps.last == 20)
    #expect(workbench.state.bake.history.step == 20)
}

@Test func `a figure that is no number leaves the chart with a word for it`() {
    var workbench = TestWorkbench(columns: 100, rows: 24)
    workbench.press("f5")
    workbench.bake(to: 5)
    workbench.job(
        .step(
            BakeStep(
                step: 6, steps: 64, epoch: 1, kl: .nan, loss: .nan, learningRate: 1e-3,
                gradientNorm: .nan, tokens: 4, seconds: 0.1)))
    #expect(workbench.text.contains("not finite at step 6"))
}

// MARK: Rows

@Test func `a row can be struck out and put back, but not while a job runs`() {
    var workbench = TestWorkbench()
    workbench.send(.rows([.sample("a"), .sample("b", state: .struck)], startingOver: true))
    workbench.press("alt-2", "x")
    #expect(workbench.takeEffects().contains(.strikeRow(id: "a")))
    workbench.press("j", "x")
    #expect(workbench.takeEffects().contains(.restoreRow(id: "b")))
    workbench.send(.jobStarted(.generate))
    workbench.press("x")
    #expect(workbench.takeEffects().isEmpty)
}

@Test func `an edited response replaces the row's`() {
    var workbench = TestWorkbench()
    workbench.send(.rows([.sample("a")], startingOver: true))
    workbench.press("alt-2", "e")
    workbench.type(" More.")
    workbench.press("enter")
    #expect(workbench.effects.contains(.editRow(id: "a", response: "Arr! More.")))
}

@Test func `rows are searched in queries and responses`() {
    var workbench = TestWorkbench()
    let rows = (0..<50).map { DatasetRow.sample("row \($0)", query: "Query \($0)") }
    workbench.send(.rows(rows, startingOver: true))
    workbench.press("alt-2", "/")
    workbench.type("query 37")
    workbench.press("enter")
    #expect(workbench.state.data.selectedRow?.query == "Query 37")
    #expect(workbench.text.contains("Query 37"))
}

// MARK: Runs

@Test func `deleting a run asks and the answer no is the first`() {
    var workbench = TestWorkbench()
    workbench.send(.runs([.sample("prompt-1")]))
    workbench.press("alt-5", "d", "enter")
    #expect(!workbench.effects.contains(.deleteRun("prompt-1")))
    workbench.press("d", "y")
    #expect(workbench.effects.contains(.deleteRun("prompt-1")))
}

@Test func `a run is renamed through a field that begins with its name`() {
    var workbench = TestWorkbench()
    workbench.send(.runs([.sample("prompt-1")]))
    workbench.press("alt-5", "R")
    workbench.type("b")
    workbench.press("enter")
    #expect(workbench.effects.contains(.renameRun("prompt-1", to: "prompt-1b")))
}

@Test func `the newest run is opened at the start`() {
    let workbench = {
        var workbench = TestWorkbench()
        workbench.state.runs = RunsState()
        workbench.send(.runs([.sample("new"), .sample("old")]))
        return workbench
    }()
    #expect(workbench.effects.contains(.openRun("new")))
}

// MARK: Settings

@Test func `a setting with few values goes to the next with Enter`() {
    var workbench = TestWorkbench()
    workbench.send(
        .settings([
            SettingRow(
                name: "loss", value: "tail", source: "default", help: "What is minimised.",
                expectation: "one of tail, full", choices: ["tail", "full"], isChanged: false)
        ]))
    workbench.press("f2")
    #expect(workbench.text.contains("What is minimised."))
    #expect(workbench.text.contains("default"))
    workbench.press("enter")
    #expect(workbench.effects.contains(.set(setting: "loss", to: "full")))
}

@Test func `a theme is shown while it is looked at and goes back with Esc`() {
    var workbench = TestWorkbench()
    workbench.press("ctrl-p")
    workbench.type("choose the theme")
    workbench.press("enter")
    workbench.effects = []
    workbench.press("up")
    #expect(workbench.effects == [.useTheme("nord")])
    workbench.send(.theme(name: "nord", .monochrome))
    workbench.press("esc")
    #expect(workbench.effects.last == .useTheme("oven-dark"))
}

// MARK: Messages

@Test func `errors stay until they are dismissed and all messages are kept`() {
    var workbench = TestWorkbench()
    workbench.send(.notice(.error, "the disk is full"))
    workbench.send(.notice(.info, "hello"))
    workbench.now = 10
    workbench.send(.tick)
    #expect(workbench.text.contains("error the disk is full"))
    #expect(!workbench.text.contains("hello"))
    workbench.press("esc")
    #expect(!workbench.text.contains("the disk is full"))
    workbench.press("ctrl-p")
    workbench.type("messages")
    workbench.press("enter")
    #expect(workbench.text.contains("the disk is full"))
    #expect(workbench.text.contains("hello"))
}

extension DatasetRow {
    static func sample(
        _ id: String, query: String = "Who are you?", state: State = .kept
    ) -> DatasetRow {
        var row = DatasetRow(
            Example(
                messages: [], id: id, query: "q", group: "g", split: .train, turn: 1,
                temperature: 0.7, seed: 0, tokens: [], stop: .end, generator: "model", prompt: "",
                model: "", template: "", sampling: ""))
        row.query = query
        row.response = "Arr!"
        row.tokenCount = 3
        row.state = state
        row.isEdited = false
        return row
    }
}

extension RunRow {
    static func sample(_ name: String, state: Run.State = .finished) -> RunRow {
        RunRow(
            summary: RunSummary(
                run: name, directory: "/runs/\(name)", state: state, step: 64, steps: 64,
                kl: 0.1205, gapClosed: 0.969, model: "starter"),
            curve: (1...32).map { TestWorkbench.kl(2 * $0) })
    }
}
