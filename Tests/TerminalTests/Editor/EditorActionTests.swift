import Testing

@testable import Terminal

@Suite struct EditorActionTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    /// Twelve columns and three rows.
    @Test(arguments: [
        (EditorAction.left, "ab|c", "a|bc"), (.left, "|abc", "|abc"), (.left, "a^bc|d", "a|bcd"),
        (.left, "e\u{301}|", "|e\u{301}"), (.left, "x👩‍👩‍👧|", "x|👩‍👩‍👧"), (.left, "a\r\n|b", "a|\r\nb"),
        (.right, "ab|c", "abc|"), (.right, "abc|", "abc|"), (.right, "a^b|c", "ab|c"),
        (.right, "a|^b", "a|^b".replacing("^", with: "").replacing("|b", with: "b|")),
        (.right, "|🇩🇪🇫🇷", "🇩🇪|🇫🇷"), (.right, "a|\r\nb", "a\r\n|b"),
        (.wordLeft, "one two|", "one |two"), (.wordLeft, "one, |two", "|one, two"),
        (.wordRight, "|one two", "one| two"), (.wordRight, "one|, two", "one, two|"),
        (.up, "abc\nde|f", "ab|c\ndef"), (.up, "ab|c\ndef", "ab|c\ndef"),
        (.down, "ab|c\nd", "abc\nd|"), (.down, "abc\nd|", "abc\nd|"),
        (.down, "|one two three four", "one two \n|".replacing("\n", with: "") + "three four"),
        (.up, "水水|\nabcd", "水水|\nabcd"), (.down, "水|水\nabcd", "水水\nab|cd"),
        (.lineStart, "ab\ncd|e", "ab\n|cde"), (.lineEnd, "a|b\ncd", "ab|\ncd"),
        (.lineEnd, "|one two three four", "one two| three four"),
        (.lineEnd, "one two| three four", "one two three four|"),
        (.lineStart, "one two th|ree four", "one two |three four"),
        (.lineStart, "one two |three four", "|one two three four"),
        (.pageDown, "a|\nb\nc\nd", "a\nb\nc|\nd"), (.pageDown, "a\n|bcd", "a\nbcd|"),
        (.pageUp, "a\nb\nc\nd|", "a\nb|\nc\nd"), (.pageUp, "ab|c", "|abc"),
        (.textStart, "a\nb|", "|a\nb"), (.textEnd, "|a\nb", "a\nb|"),
        (.selectLeft, "ab|c", "a|b^c"), (.selectRight, "a|bc", "a^b|c"),
        (.selectRight, "a^b|c", "a^bc|"), (.selectLeft, "a^b|c", "a|bc"),
        (.selectWordLeft, "one two|", "one |two^"), (.selectWordRight, "|one two", "^one| two"),
        (.selectUp, "a\nb|", "a|\nb^"), (.selectUp, "ab|c", "|ab^c"),
        (.selectDown, "|a\nb", "^a\n|b"), (.selectDown, "a|bc", "a^bc|"),
        (.selectLineStart, "a\nbc|", "a\n|bc^"), (.selectLineEnd, "a|bc\n", "a^bc|\n"),
        (.selectPageUp, "a\nb\nc|", "a|\nb\nc^"), (.selectPageDown, "|a\nb\nc", "^a\nb\n|c"),
        (.selectTextStart, "a\nb|", "|a\nb^"), (.selectTextEnd, "|a\nb", "^a\nb|"),
        (.selectAll, "a|b", "^ab|"), (.selectAll, "|", "|"), (.dropSelection, "^ab|", "ab|"),
        (.newline, "a|b", "a\n|b"), (.newline, "a\r\nb|", "a\r\nb\r\n|"),
        (.newline, "^a|b", "\n|b"),
        (.deleteBack, "ab|", "a|"), (.deleteBack, "|a", "|a"), (.deleteBack, "a^b|c", "a|c"),
        (.deleteBack, "xe\u{301}|", "x|"), (.deleteBack, "x👩‍👩‍👧|", "x|"),
        (.deleteBack, "a\r\n|b", "a|b"),
        (.deleteForward, "|ab", "|b"), (.deleteForward, "a|", "a|"), (.deleteForward, "|a^b", "|b"),
        (.deleteForward, "|🇩🇪x", "|x"), (.deleteForward, "a|\r\nb", "a|b"),
        (.deleteWordBack, "one-two|", "one-|"), (.deleteWordForward, "one| two", "one|"),
        (.deleteWordBack, "^one two|", "|"), (.deleteWordForward, "^on|e", "|e"),
        (.killLineStart, "a\nbc|d", "a\n|d"), (.killLineStart, "a\n|b", "a\n|b"),
        (.killLineEnd, "a|bc\nd", "a|\nd"), (.killLineEnd, "a|\r\nb", "a|b"),
        (.killLineEnd, "a|", "a|"), (.killWordBack, "one-two |", "|"),
        (.killWordBack, "a one-two|", "a |"), (.killWordForward, "|one two", "| two"),
        (.yank, "a|", "a|"), (.undo, "a|", "a|"), (.redo, "a|", "a|"), (.findNext, "a|", "a|"),
        (.findPrevious, "a|", "a|"),
    ])
    func `an action does what it says`(action: EditorAction, from: String, to: String) {
        var editor = TextEditor(marked: from)
        let before = editor
        let isChanged = editor.perform(action, width: 12, height: 3)
        #expect(editor.marked == to)
        let isDifferent =
            editor.text != before.text || editor.cursor != before.cursor
            || editor.selection != before.selection
        #expect(isChanged == isDifferent)
    }

    @Test func `every action has a title, a name and a place in the table of keys`() {
        let listed = EditorAction.defaultKeys.map(\.0)
        #expect(Set(listed) == Set(EditorAction.allCases) && listed.count == Set(listed).count)
        for action in EditorAction.allCases {
            #expect(action.rawValue.hasPrefix("editor.") && !action.title.contains("\n"))
        }
        #expect(Set(EditorAction.allCases.map(\.title)).count == EditorAction.allCases.count)
    }

    @Test(arguments: [EditorAction.defaultKeys, EditorAction.inputKeys, EditorAction.fieldKeys])
    func `no key means two things and each has a name`(table: [(EditorAction, [Key])]) {
        let keys = table.flatMap(\.1)
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(Key(key.name) == key) }
    }

    @Test func `Enter is a new line in an editor and free in an input`() {
        func keys(_ table: [(EditorAction, [Key])]) -> [Key] {
            table.first { $0.0 == .newline }?.1 ?? []
        }
        #expect(keys(EditorAction.defaultKeys).contains(Key(.enter)))
        #expect(!keys(EditorAction.inputKeys).contains(Key(.enter)))
        #expect(keys(EditorAction.inputKeys).contains(.control("j")))
        #expect(keys(EditorAction.fieldKeys).isEmpty)
    }

    @Test func `moves up and down keep to their column`() {
        var editor = TextEditor(marked: "abcde|f\nx\n\nabcdef")
        for _ in 0..<3 { _ = editor.perform(.down, width: 20, height: 9) }
        #expect(editor.marked == "abcdef\nx\n\nabcde|f")
        _ = editor.perform(.left, width: 20, height: 9)
        for _ in 0..<3 { _ = editor.perform(.up, width: 20, height: 9) }
        #expect(editor.marked == "abcd|ef\nx\n\nabcdef")
    }

    @Test func `kills one after the other are yanked as one`() {
        var editor = TextEditor(marked: "one two|\nthree")
        _ = editor.perform(.killLineEnd, width: 20, height: 9)
        _ = editor.perform(.killWordBack, width: 20, height: 9)
        #expect(editor.marked == "one |three" && editor.killed == "two\n")
        _ = editor.perform(.textEnd, width: 20, height: 9)
        _ = editor.perform(.yank, width: 20, height: 9)
        #expect(editor.marked == "one threetwo\n|")
        _ = editor.perform(.killWordBack, width: 20, height: 9)
        #expect(editor.killed == "threetwo\n")
    }

    @Test func `a paste has one kind of line break and keeps the rest`() {
        var editor = TextEditor(text: "")
        editor.paste("a\r\nb\rc\nd\te\u{1B}[2J")
        #expect(editor.text == "a\nb\nc\nd\te\u{1B}[2J")
        var other = TextEditor(text: "x\r\ny")
        other.paste("1\n2\r")
        #expect(other.text == "1\r\n2\r\nx\r\ny")
    }

    @Test func `a field of one line has no line breaks`() {
        var field = TextEditor(text: "a\r\nb\u{2028}c", isMultiline: false)
        #expect(field.marked == "a b c|")
        field.paste("\n1\r\n2\r3\u{85}4")
        #expect(field.text == "a b c 1 2 3 4")
        #expect(field.insertNewline() == false)
        field.setText("x\ny")
        #expect(field.text == "x y")
    }

    @Test func `the cursor stays behind what is typed when it joins its surroundings`() {
        var editor = TextEditor(marked: "e|x")
        editor.insert("\u{301}")
        #expect(editor.marked == "e\u{301}|x")
        editor = TextEditor(marked: "|\nx")
        editor.insert("\r")
        #expect(editor.marked == "\r\n|x")
    }

    @Test func `a text that becomes another keeps the cursor by its words`() {
        var editor = TextEditor(marked: "one two |three")
        #expect(editor.setText("one 2 and a half three") == true)
        #expect(editor.marked == "one 2 and a half |three")
        #expect(editor.setText("one 2 and a half three") == false)
        editor.undo()
        #expect(editor.marked == "one two |three")
        #expect(editor.setText("水ö") == true)
        #expect(editor.setText("水é") == true)
        #expect(editor.text == "水é")
    }

    @Test func `an outside editor's last line break goes where there was none`() {
        var editor = TextEditor(text: "a")
        #expect(editor.replaceAll(with: "a\n") == false)
        #expect(editor.replaceAll(with: "b\r\n") == true)
        #expect(editor.text == "b")
        editor = TextEditor(text: "a\n")
        #expect(editor.replaceAll(with: "a\n") == false)
        #expect(editor.replaceAll(with: "a\nb\n") == true)
        #expect(editor.text == "a\nb\n")
    }

    @Test func `the cursor's line and column are those of the text`() {
        let editor = TextEditor(marked: "a\r\nb水e\u{301}|x")
        #expect(editor.cursorPlace == (1, 3))
        #expect(editor.lineCount == 2)
        #expect(TextEditor(text: "").cursorPlace == (0, 0))
    }

    @Test func `what is not edited is kept byte for byte`() {
        let text = "\u{FEFF}a\r\nb\rc\u{0}e\u{301}\u{e9}\n\u{2028}"
        var editor = TextEditor(text: text)
        _ = editor.perform(.textEnd, width: 5, height: 2)
        editor.insert("x")
        editor.deleteBack()
        #expect(Array(editor.text.utf8) == Array(text.utf8))
    }
}
