import Testing

@testable import Terminal

@Suite struct EditorUndoTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private func type(_ text: String, in editor: inout TextEditor) {
        for character in text { editor.insert(String(character)) }
    }

    @Test func `typing is undone word by word`() {
        var editor = TextEditor(text: "")
        type("one two  three", in: &editor)
        var texts: [String] = []
        while editor.undo() { texts.append(editor.text) }
        #expect(texts == ["one two", "one", ""])
        while editor.redo() {}
        #expect(editor.marked == "one two  three|")
    }

    @Test func `a move between begins another step`() {
        var editor = TextEditor(text: "")
        type("ab", in: &editor)
        _ = editor.perform(.left, width: 20, height: 5)
        _ = editor.perform(.right, width: 20, height: 5)
        type("cd", in: &editor)
        editor.undo()
        #expect(editor.marked == "ab|")
    }

    @Test func `a paste is one step`() {
        var editor = TextEditor(text: "")
        type("ab", in: &editor)
        editor.paste("x")
        type("cd", in: &editor)
        editor.paste("one\ntwo three\n")
        editor.undo()
        #expect(editor.text == "abxcd")
        editor.undo()
        #expect(editor.text == "abx")
        editor.undo()
        #expect(editor.text == "ab")
    }

    @Test func `deleting one by one is undone word by word`() {
        var editor = TextEditor(marked: "one two|")
        for _ in 0..<7 { editor.deleteBack() }
        #expect(editor.isEmpty)
        editor.undo()
        #expect(editor.marked == "one |")
        editor.undo()
        #expect(editor.marked == "one two|")
        editor = TextEditor(marked: "|ab")
        editor.deleteForward()
        editor.deleteForward()
        editor.undo()
        #expect(editor.marked == "|ab")
    }

    @Test func `undo brings the selection back`() {
        var editor = TextEditor(marked: "a^bc|d")
        editor.insert("x")
        #expect(editor.text == "axd")
        editor.undo()
        #expect(editor.marked == "a^bc|d")
        editor.redo()
        #expect(editor.marked == "ax|d")
    }

    @Test func `an edit after undo ends redo`() {
        var editor = TextEditor(text: "")
        editor.paste("a")
        editor.undo()
        #expect(editor.canRedo)
        editor.insert("b")
        #expect(!editor.canRedo)
        #expect(editor.redo() == false)
        #expect(editor.text == "b")
    }

    @Test func `the steps are bounded`() {
        var editor = TextEditor(text: "")
        let megabyte = String(repeating: "x", count: 1 << 20)
        for _ in 0..<12 { editor.paste(megabyte) }
        #expect(editor.history.undoSteps.count == 8)
        editor = TextEditor(text: "")
        for _ in 0..<EditorHistory.stepLimit + 50 { editor.paste("x") }
        #expect(editor.history.undoSteps.count == EditorHistory.stepLimit)
        editor.paste(String(repeating: "x", count: EditorHistory.byteLimit + 1))
        #expect(editor.history.undoSteps.count == 1)
        editor.undo()
        #expect(editor.byteCount == EditorHistory.stepLimit + 50)
    }

    @Test(arguments: 0..<60)
    func `undoing everything gives the first text and redoing all the last`(seed: Int) {
        var numbers = SeededNumbers(state: UInt64(seed))
        let first = EditorSamples.text(pieces: seed, &numbers)
        var editor = TextEditor(text: first, glyphs: Glyphs(isASCII: seed % 5 == 4))
        var revision = 0
        for _ in 0..<120 {
            let before = editor.text
            let width = [1, 2, 7, 20][seed % 4]
            edit(&editor, width: width, &numbers)
            // Byte for byte: the same Characters may be written in other scalars.
            #expect(Array(editor.text.utf8) == Array(before.utf8) || editor.revision > revision)
            revision = editor.revision
            let places = Set(EditorSamples.places(in: editor.text))
            #expect(places.contains(editor.cursor))
            #expect(editor.anchor.map(places.contains) ?? true)
            let kept = editor.currentLayout(width: width)
            let fresh = EditorLayout(editor.text, width: width, isASCII: editor.glyphs.isASCII)
            #expect(kept == fresh)
        }
        let last = editor.text
        while editor.undo() {}
        #expect(Array(editor.text.utf8) == Array(first.utf8))
        while editor.redo() {}
        #expect(Array(editor.text.utf8) == Array(last.utf8))
    }

    private func edit(_ editor: inout TextEditor, width: Int, _ numbers: inout SeededNumbers) {
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0...2: editor.insert(EditorSamples.text(pieces: 1, &numbers))
        case 3: editor.paste(EditorSamples.text(pieces: 6, &numbers))
        case 4:
            let places = EditorSamples.places(in: editor.text)
            let place = places[Int.random(in: 0..<places.count, using: &numbers)]
            editor.moveCursor(to: place, isExtending: Bool.random(using: &numbers))
        case 5: editor.setText(EditorSamples.text(pieces: 12, &numbers))
        case 6:
            var scalars = Array(editor.text.unicodeScalars)
            if !scalars.isEmpty {
                scalars.remove(at: Int.random(in: 0..<scalars.count, using: &numbers))
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            editor.setText(String(text))
        default:
            let actions = EditorAction.allCases
            let action = actions[Int.random(in: 0..<actions.count, using: &numbers)]
            _ = editor.perform(action, width: width, height: 4)
        }
    }
}
