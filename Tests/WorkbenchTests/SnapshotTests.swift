import Foundation
import Terminal
import Testing

@testable import Baking
@testable import Workbench

/// The screens as they look: `UPDATE_SNAPSHOTS=1` draws them anew, to be looked at before they are
/// kept.
struct SnapshotTests {
    /// A workbench in the middle of everything.
    static func workbench(columns: Int, rows: Int, isASCII: Bool = false) throws -> TestWorkbench {
        var workbench = TestWorkbench(
            columns: columns, rows: rows, isASCII: isASCII,
            prompt: "You are a pirate named Gertrude. Talk like a pirate.\n\n"
                + "- End every reply with \"Fair winds!\"\n")
        workbench.send(.tokenCount(27, revision: workbench.state.prompt.editor.revision))
        workbench.send(
            .settings([
                SettingRow(
                    name: "model", value: "starter", source: "default",
                    help: "Model to bake: starter, or a directory.", expectation: "a text",
                    choices: [], isChanged: false),
                SettingRow(
                    name: "rank", value: "8", source: "changed here", help: "LoRA's rank.",
                    expectation: "a whole number from 1 to 1024", choices: [], isChanged: true),
                SettingRow(
                    name: "loss", value: "tail", source: "oven.yaml:3", help: "What is minimised.",
                    expectation: "one of tail, full, truncated",
                    choices: ["tail", "full", "truncated"], isChanged: false),
            ]))
        var earlier = RunRow.sample("butler-1", state: .interrupted)
        earlier.summary.gapClosed = nil
        earlier.summary.step = 40
        workbench.send(.runs([.sample("prompt-1", state: .running), earlier]))
        workbench.press("f5")
        workbench.bake(to: 42)
        for (place, step) in [0, 10, 20, 30, 40].enumerated() {
            let replies = [
                "I am here to help.", "I am Gertrude.", "Arr! I be Gertrude.",
                "Ahoy! I be Gertrude. Fair winds!", "Ahoy! I be Gertrude. Fair winds!",
            ]
            let id = workbench.state.bake.watched[place].id
            workbench.send(.reply(id: id, .began(.baked, step: step)))
            workbench.send(
                .reply(
                    id: id,
                    .finished(
                        .baked, Chat.Reply(text: replies[place], tokenCount: 8, stop: .end))))
        }
        var rows = [
            DatasetRow.sample("a", query: "What is lightning?"),
            DatasetRow.sample("b", query: "How do I brew tea?", state: .struck),
            DatasetRow.sample("c", query: "誰ですか?", state: .keptOut(.repeated)),
            DatasetRow.sample("d", query: "What makes a good morning routine?"),
        ]
        rows[0].response = "Arr! Lightning be a spark in th' sky. Fair winds!"
        rows[2].response = "海賊です 🏴"
        rows[3].isEdited = true
        workbench.send(.rows(rows, startingOver: true))
        workbench.press("alt-4")
        workbench.type("What is a **volcano**?")
        workbench.press("enter")
        try workbench.answer(
            .baked, "Avast! A volcano be:\n\n- an *opening* where `hot rock` comes out\n- loud\n",
            step: 42)
        workbench.send(.replyEnded(id: try workbench.question.id, failure: nil))
        workbench.now = 60
        workbench.send(.tick)
        return workbench
    }

    @Test(arguments: Pane.allCases, [Size(columns: 80, rows: 24), Size(columns: 40, rows: 10)])
    func `a pane by itself`(pane: Pane, size: Size) throws {
        var workbench = try Self.workbench(columns: size.columns, rows: size.rows)
        workbench.press("alt-\(pane.rawValue + 1)")
        try expectSnapshot(workbench.screen, "\(pane.title)-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: [false, true])
    func `all panes at once`(isASCII: Bool) throws {
        let workbench = try Self.workbench(columns: 140, rows: 40, isASCII: isASCII)
        try expectSnapshot(workbench.screen, isASCII ? "all-ascii" : "all")
    }

    @Test func `two columns`() throws {
        var workbench = try Self.workbench(columns: 120, rows: 36)
        workbench.press("alt-3")
        try expectSnapshot(workbench.screen, "columns")
    }

    @Test func `arms side by side`() throws {
        var workbench = try Self.workbench(columns: 140, rows: 40)
        workbench.press("esc", "c", "i")
        workbench.type("Hello")
        workbench.press("enter")
        try workbench.answer(.prompted, "Ahoy there, matey! Fair winds!")
        try workbench.answer(.baked, "Ahoy there, friend! Fair winds!", step: 42)
        try workbench.answer(.base, "Hello! How can I help you today?")
        workbench.send(.replyEnded(id: try workbench.question.id, failure: nil))
        try expectSnapshot(workbench.screen, "compare")
    }

    @Test(arguments: ["palette", "help", "settings", "quit", "welcome", "row"])
    func `what lies over the panes`(name: String) throws {
        var workbench = try Self.workbench(columns: 80, rows: 24)
        switch name {
        case "palette":
            workbench.press("ctrl-p")
            workbench.type("zoom")
        case "help": workbench.press("alt-3", "?")
        case "settings": workbench.press("f2", "down")
        case "quit": workbench.press("ctrl-q")
        case "row": workbench.press("alt-2", "enter")
        default:
            workbench.press("ctrl-p")
            workbench.type("how to begin")
            workbench.press("enter")
        }
        try expectSnapshot(workbench.screen, "over-\(name)")
    }
}
