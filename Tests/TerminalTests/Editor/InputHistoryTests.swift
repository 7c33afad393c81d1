import Testing

@testable import Terminal

@Suite struct InputHistoryTests {
    @Test func `going back and forth ends at the draft`() {
        var history = InputHistory(entries: ["one", "two"])
        #expect(history.older(than: "draft") == "two")
        #expect(history.older(than: "two, edited") == "one")
        #expect(history.older(than: "one") == nil)
        #expect(history.newer() == "two")
        #expect(history.newer() == "draft")
        #expect(history.newer() == nil)
    }

    @Test func `neither nothing nor the same twice is kept`() {
        var history = InputHistory()
        for text in ["a", "a", "", "b", "a"] { history.add(text) }
        #expect(history.entries == ["a", "b", "a"])
        #expect(InputHistory(entries: ["", "x"]).entries == ["x"])
    }

    @Test func `it is bounded in entries and bytes`() {
        var history = InputHistory(entries: (0..<10).map(String.init), limit: 3)
        #expect(history.entries == ["7", "8", "9"])
        history.add("x")
        #expect(history.entries == ["8", "9", "x"])
        let large = String(repeating: "x", count: InputHistory.byteLimit + 1)
        history.add(large)
        #expect(history.entries == [large])
        history.add("y")
        #expect(history.entries == ["y"])
    }

    @Test func `a search goes from the newest to the oldest`() {
        var history = InputHistory(entries: ["bake bread", "cake", "Bake again", "chat"])
        var search = InputHistory.Search()
        #expect(search.look(for: "b", in: history) == true)
        #expect(search.look(for: "bake", in: history) == true)
        #expect(search.text(in: history) == "Bake again")
        #expect(search.older(in: history) == true)
        #expect(search.text(in: history) == "bake bread")
        #expect(search.older(in: history) == false)
        #expect(history.accept(search, current: "draft") == "bake bread")
        #expect(history.newer() == "cake")
        #expect(history.newer() == "Bake again")
        #expect(history.newer() == "chat")
        #expect(history.newer() == "draft")
        #expect(search.look(for: "nowhere", in: history) == false)
        #expect(search.text(in: history) == nil)
        #expect(history.accept(search, current: "draft") == nil)
    }

    @Test func `in an input the history lies above the first line and below the last`() {
        var history = InputHistory(entries: ["sent"])
        var input = TextEditor(marked: "two\nli|nes")
        #expect(input.perform(.up, width: 20, height: 3) == true)
        #expect(input.perform(.up, width: 20, height: 3) == false)
        #expect(input.isOnFirstLine(width: 20) && !input.isOnLastLine(width: 20))
        if let text = history.older(than: input.text) { input.setText(text) }
        #expect(input.text == "sent" && input.isOnLastLine(width: 20))
        #expect(input.perform(.down, width: 20, height: 3) == false)
        if let text = history.newer() { input.setText(text) }
        #expect(input.text == "two\nlines")
    }
}
