import Terminal
import Testing

@testable import Baking
@testable import Workbench

/// Lines of complete turns are kept; what is shown must not tell.
@Suite struct DrawnTurnsTests {
    private func talk() throws -> TestWorkbench {
        var bench = TestWorkbench(columns: 120, rows: 40)
        bench.press("alt-4")
        for number in 1...6 {
            bench.type("Question \(number)")
            bench.press("enter")
            try bench.answer(.prompted, "Reply **\(number)** of many words that wrap around.")
            let id = try #require(bench.state.chat.openQuestion)
            bench.send(.replyEnded(id: id, failure: nil))
        }
        return bench
    }

    private func expectSameAnew(_ bench: TestWorkbench) {
        var anew = bench.state
        anew.chat.drawnTurns = []
        #expect(anew.draw() == bench.screen)
    }

    @Test func `kept turns are those laid out anew`() throws {
        let bench = try talk()
        #expect(bench.state.chat.drawnTurns.count == 6)
        #expect(bench.text.contains("Question 6"))
        expectSameAnew(bench)
    }

    @Test func `another size lays them out again`() throws {
        var bench = try talk()
        bench.send(.input(.resize(Size(columns: 80, rows: 24))))
        expectSameAnew(bench)
        bench.send(.input(.resize(Size(columns: 160, rows: 48))))
        expectSameAnew(bench)
    }

    @Test func `a turn whose answer is coming is not kept`() throws {
        var bench = try talk()
        bench.type("One more")
        bench.press("enter")
        try bench.answer(.prompted, "It comes.")
        #expect(bench.state.chat.drawnTurns.count == 6)
        #expect(bench.text.contains("It comes."))
        expectSameAnew(bench)
    }

    @Test func `another try takes the place of the last turn`() throws {
        var bench = try talk()
        let last = bench.state.chat.turns.count - 1
        bench.send(.transcript(cut(bench.state.chat.transcript, to: last)))
        #expect(bench.state.chat.drawnTurns.count == last)
        #expect(!bench.text.contains("Question 6"))
        expectSameAnew(bench)
    }

    private func cut(_ transcript: Transcript, to count: Int) -> Transcript {
        var transcript = transcript
        transcript.apply(.cut(turnCount: count))
        return transcript
    }
}
