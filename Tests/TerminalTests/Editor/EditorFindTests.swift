import Testing

@testable import Terminal

@Suite struct EditorFindTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    @Test(arguments: [
        ("One one ONE", "one", [0..<3, 4..<7, 8..<11]), ("One one ONE", "One", [0..<3]),
        ("aaaa", "aa", [0..<2, 2..<4]), ("abc", "", []), ("", "a", []), ("abc", "abcd", []),
        ("Ärger ärger", "ärger", [0..<6, 7..<13]), ("ДА да", "да", [0..<4, 5..<9]),
        ("e\u{301}e", "e", [3..<4]), ("a\r\nb", "\n", []), ("a\nb", "a\nb", [0..<3]),
        ("🇩🇪🇫🇷", "🇪🇫", []), ("aab", "ab", [1..<3]),
    ])
    func `matches are whole Characters, small letters match capitals`(
        text: String, pattern: String, ranges: [Range<Int>]
    ) {
        #expect(EditorFind(pattern, in: text, origin: 0).matches == ranges)
    }

    @Test func `a search goes with its pattern and around the text`() {
        var editor = TextEditor(marked: "cat |car cart")
        #expect(editor.look(for: "ca") == true)
        #expect(editor.selectedText == "ca" && editor.find?.label == "2/3")
        #expect(editor.look(for: "cart") == true)
        #expect(editor.marked == "cat car ^cart|" && editor.find?.label == "1/1")
        #expect(editor.look(for: "ca") == true)
        #expect(editor.cursor == 6)
        #expect(editor.perform(.findNext, width: 20, height: 5) == true)
        #expect(editor.find?.label == "3/3")
        editor.findNext()
        #expect(editor.marked == "^ca|t car cart" && editor.find?.label == "1/3")
        editor.findPrevious()
        #expect(editor.find?.label == "3/3")
        #expect(editor.look(for: "dog") == false)
        #expect(editor.find?.label == "0/0" && editor.marked == "cat |car cart")
    }

    @Test func `a search that is cancelled goes back`() {
        var editor = TextEditor(marked: "|a b")
        editor.look(for: "b")
        editor.endFind(isCancelled: true)
        #expect(editor.marked == "|a b" && editor.find == nil)
        editor.look(for: "b")
        editor.endFind()
        #expect(editor.marked == "a ^b|")
    }

    @Test func `matches follow edits`() {
        var editor = TextEditor(text: "a b a")
        editor.look(for: "a")
        editor.insert("aa")
        #expect(editor.find?.matches == [0..<1, 1..<2, 5..<6] && editor.find?.label == "0/3")
        editor.setText("")
        #expect(editor.find?.label == "0/0")
        #expect(editor.findNext() == false)
        #expect(editor.findPrevious() == false)
    }

    @Test func `there is a limit to matches`() {
        let find = EditorFind("a", in: String(repeating: "a", count: 20_000), origin: 0)
        #expect(find.label == "0/10000+")
    }

    @Test(arguments: [
        ("\u{301}", "\u{301}", 0), ("🇩", "🇩🇩🇩", 0), ("🇩", "🇩🇩", 10_000), ("👩\u{200D}", "👩", 0),
    ])
    func `a long row of what joins is searched in one go`(
        piece: String, pattern: String, count: Int
    ) {
        let text = String(repeating: piece, count: 100_000)
        #expect(EditorFind(pattern, in: text, origin: 0).matches.count == count)
    }
}
