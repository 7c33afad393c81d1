import Foundation
import Terminal
import Testing

@testable import Baking
@testable import Workbench

@Test func `a message is asked of the baked model once there is one`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    #expect(try workbench.question.arms == [.prompted])
    try workbench.answer(.prompted, "Arr!")
    workbench.send(.replyEnded(id: 1, failure: nil))
    workbench.press("alt-3", "f5")
    workbench.bake(to: 10)
    workbench.press("alt-4")
    workbench.type("Again")
    workbench.press("enter")
    #expect(try workbench.question.arms == [.baked])
    #expect(try workbench.question.transcript.turns.count == 1)
}

@Test func `a reply says which step answered`() throws {
    var workbench = TestWorkbench()
    workbench.press("f5")
    workbench.bake(to: 30)
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    try workbench.answer(.baked, "Arr!", step: 30)
    #expect(workbench.text.contains("baked, step 30"))
}

@Test func `comparing asks all arms at once with one seed and marks words that differ`() throws {
    var workbench = TestWorkbench(columns: 140, rows: 36)
    workbench.press("f5")
    workbench.bake(to: 10)
    workbench.press("alt-4", "esc", "c", "i")
    workbench.type("Hello")
    workbench.press("enter")
    #expect(try workbench.question.arms == [.prompted, .baked, .base])
    try workbench.answer(.prompted, "Ahoy there matey")
    try workbench.answer(.baked, "Ahoy there friend")
    try workbench.answer(.base, "Hello there")
    workbench.send(.replyEnded(id: try workbench.question.id, failure: nil))
    let screen = workbench.screen
    let row = try #require(screen.lines.first { $0.contains("Ahoy there friend") })
    #expect(row.contains("Ahoy there matey") && row.contains("Hello there"))
    let y = try #require(screen.lines.firstIndex(of: row))
    let differing = (0..<140).filter { screen[$0, y].look.role == .diffOnly }
    let text = differing.map { screen[$0, y].text }.joined()
    #expect(text.contains("friend") && text.contains("Hello") && !text.contains("there"))
    // Never by colour alone.
    #expect(differing.allSatisfy { screen[$0, y].look.attributes.contains(.underline) })
}

@Test func `a comparison is stacked where it is narrow`() throws {
    var workbench = TestWorkbench(columns: 40, rows: 20)
    workbench.press("alt-4", "esc", "c", "i")
    workbench.type("Hello")
    workbench.press("enter")
    for arm in [Arm.prompted, .baked, .base] { try workbench.answer(arm, "From \(arm.rawValue)") }
    for arm in ["prompted", "baked", "base"] { #expect(workbench.text.contains("From \(arm)")) }
}

@Test func `the dial goes from -0.5 to 1.5 and the question has its strength`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4", "esc")
    for _ in 0..<30 { workbench.press(">") }
    #expect(workbench.state.chat.strength == 1.5)
    for _ in 0..<30 { workbench.press("<") }
    #expect(workbench.state.chat.strength == -0.5)
    workbench.press(">", "i")
    workbench.type("Hello")
    workbench.press("enter")
    #expect(try workbench.question.strength == -0.4)
    #expect(workbench.text.contains("-0.4"))
    workbench.press("ctrl-c", "esc", "=")
    #expect(workbench.state.chat.strength == 1)
}

@Test func `the view follows the end only while the person is there`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    for index in 0..<12 {
        workbench.type("Message \(index)")
        workbench.press("enter")
        try workbench.answer(.prompted, "Reply \(index)")
        workbench.send(.replyEnded(id: try workbench.question.id, failure: nil))
    }
    #expect(workbench.text.contains("Reply 11"))
    workbench.press("esc", "pageup")
    let frozen = workbench.screen.lines
    #expect(!workbench.text.contains("Reply 11"))
    #expect(workbench.text.contains("new lines"))
    let id = try workbench.question.id
    workbench.send(.reply(id: id, .piece(.prompted, text: "late")))
    #expect(workbench.screen.lines == frozen)
    workbench.press("end")
    #expect(workbench.text.contains("Reply 11"))
    #expect(!workbench.text.contains("new lines"))
}

@Test func `sending goes back to the end`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    for index in 0..<12 {
        workbench.type("Message \(index)")
        workbench.press("enter")
        try workbench.answer(.prompted, "Reply \(index)")
        workbench.send(.replyEnded(id: try workbench.question.id, failure: nil))
    }
    workbench.press("esc", "home", "i")
    workbench.type("The last")
    workbench.press("enter")
    #expect(workbench.text.contains("› The last"))
}

@Test func `asking again replaces the last reply and draws anew`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    let first = try workbench.question
    try workbench.answer(.prompted, "First")
    workbench.send(.replyEnded(id: first.id, failure: nil))
    workbench.press("esc", "r")
    let second = try workbench.question
    #expect(second.message == "Hello")
    #expect(first.seed == 0 && second.seed == 1, "the same at every start")
    try workbench.answer(.prompted, "Second")
    #expect(workbench.state.chat.turns.count == 1)
    #expect(!workbench.text.contains("First") && workbench.text.contains("Second"))
}

@Test func `copying takes what the model wrote, not what is shown`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    let reply =
        "**Arr**\tmatey\n\nsecond paragraph that is far too long for one line of eighty columns"
    try workbench.answer(.prompted, reply)
    workbench.press("esc", "y")
    #expect(workbench.effects.contains(.copy(reply)))
    #expect(workbench.text.contains("copied the reply"))
    workbench.press("Y")
    #expect(workbench.effects.contains(.copy("> Hello\n\n" + reply)))
}

@Test func `a message that was not sent is kept`() {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("half a mess")
    guard case .save(let state) = workbench.effects.last else {
        Issue.record("nothing is kept")
        return
    }
    #expect(state.message == "half a mess")
    var later = TestWorkbench()
    later.send(.restored(state))
    #expect(later.state.chat.input.text == "half a mess")
}

@Test func `a failed question says why`() throws {
    var workbench = TestWorkbench()
    workbench.press("alt-4")
    workbench.type("Hello")
    workbench.press("enter")
    workbench.send(.replyEnded(id: 1, failure: "nothing is baked yet; F5 bakes the prompt"))
    #expect(workbench.text.contains("✗ nothing is baked yet"))
    #expect(!workbench.state.chat.isAnswering)
}

// MARK: Hostile text

/// What would drive a terminal if it got there.
let hostileTexts = [
    "\u{1B}]52;c;aGFja2Vk\u{07}", "\u{1B}]0;title\u{07}", "\u{1B}[2J", "\u{1B}[6n", "\u{1B}c",
    "\u{1B}Pq#0;2;0;0;0\u{1B}\\", "\u{9B}31mred", "over\rwritten", "\u{202E}desrever",
    String(repeating: "\u{08}", count: 10_000), "a\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}",
    String(repeating: "x", count: 1_000_000), "\u{E0041}\u{E0042}", "tab\there",
]

@Test(arguments: hostileTexts, [false, true])
func `hostile text is harmless wherever it is shown`(text: String, isASCII: Bool) throws {
    var workbench = TestWorkbench(columns: 120, rows: 40, isASCII: isASCII, prompt: text)
    var history = RunHistory()
    history.apply(BakeEvent(.warning(Notice(text, where: text, remedy: text))))
    workbench.send(
        .run(
            OpenRun(name: text, promptText: text, history: history, hasCheckpoint: true)))
    workbench.send(.runs([.sample(text)]))
    var row = DatasetRow.sample("a", query: text)
    row.response = text
    workbench.send(.rows([row], startingOver: true))
    workbench.send(.notice(.error, text))
    workbench.send(.model(ModelOverview(name: text, details: text, card: text)))
    workbench.press("alt-4")
    workbench.send(.input(.paste(text)))
    workbench.press("enter")
    try workbench.answer(.baked, text)
    // Streamed in pieces, cut anywhere.
    if text.unicodeScalars.count < 100 {
        let id = try workbench.question.id
        for scalar in text.unicodeScalars {
            workbench.send(.reply(id: id, .piece(.baked, text: String(scalar))))
        }
    }
    workbench.send(.replyEnded(id: try workbench.question.id, failure: text))
    for pane in Pane.allCases {
        workbench.state.go(to: pane)
        check(workbench.screen, isASCII: isASCII)
    }
    workbench.press("alt-2", "enter")
    check(workbench.screen, isASCII: isASCII)
    workbench.press("esc", "f2")
    check(workbench.screen, isASCII: isASCII)
}

/// No cell has what a terminal would obey. A surface refuses control characters by itself; the order
/// of letters and what cannot be seen are looked at here.
private func check(_ surface: Surface, isASCII: Bool) {
    let dangerous = surface.cells.flatMap(\.text.unicodeScalars).filter { scalar in
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            || [0x200E, 0x200F, 0x061C].contains(scalar.value)
            || (0x202A...0x202E).contains(scalar.value)
            || (0x2066...0x2069).contains(scalar.value)
            || (0xE0000...0xE007F).contains(scalar.value) || isASCII && !scalar.isASCII
    }
    #expect(dangerous.isEmpty)
}

extension TestWorkbench {
    /// The last question that was asked.
    var question: Question {
        get throws {
            let asked = effects.compactMap { effect -> Question? in
                if case .ask(let question) = effect { question } else { nil }
            }
            return try #require(asked.last { $0.arms != [.baked] || $0.temperature > 0 })
        }
    }
}
