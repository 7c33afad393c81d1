import Testing

@testable import Terminal

@Suite struct EditorDrawingTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private func surface(
        _ editor: TextEditor, _ columns: Int, _ rows: Int, isFocused: Bool = true,
        options: EditorOptions = EditorOptions()
    ) -> Surface {
        var surface = Surface(Size(columns: columns, rows: rows))
        editor.draw(into: &surface, rect: surface.bounds, isFocused: isFocused, options: options)
        return surface
    }

    @Test func `text is wrapped and the cursor stands in it`() {
        let shown = surface(TextEditor(marked: "one two th|ree\n水\tx"), 9, 4)
        #expect(shown.lines == ["one two", "three", "水  x", ""])
        #expect(shown.cursor == Point(x: 2, y: 1))
        #expect(surface(TextEditor(text: "a"), 9, 1, isFocused: false).cursor == nil)
    }

    @Test func `selection, matches and the cursor's line have their looks`() {
        var editor = TextEditor(marked: "a^bc\nd|e b")
        editor.find = EditorFind("b", in: editor.text, origin: 0)
        let shown = surface(editor, 9, 3, options: EditorOptions(marksLine: true))
        #expect(shown[0, 0].look == Look(.text))
        #expect(shown[1, 0].look == Look(.match, on: .editorSelection))
        #expect(shown[2, 0].look == Look(.text, on: .editorSelection))
        // The line break.
        #expect(shown[3, 0].look == Look(.text, on: .editorSelection))
        #expect(shown[4, 0].look == Look(.text))
        #expect(shown[0, 1].look == Look(.text, on: .editorSelection))
        #expect(shown[1, 1].look == Look(.text, on: .editorLine))
        #expect(shown[3, 1].look == Look(.match))
        #expect(shown[8, 1].look == Look(.text, on: .editorLine))
    }

    @Test func `line numbers are those of the text`() {
        let options = EditorOptions(hasLineNumbers: true)
        let editor = TextEditor(text: "one two three four five six\nb")
        let shown = surface(editor, 24, 3, options: options)
        #expect(shown.lines == [" 1 one two three four ", "   five six", " 2 b"].map(trimmed))
        #expect(shown[1, 0].look.role == .editorNumber)
        #expect(
            editor.textRect(in: shown.bounds, options: options)
                == Rect(x: 3, y: 0, width: 21, height: 3))
        #expect(surface(editor, 10, 1, options: options).lines == ["one two"])
    }

    private func trimmed(_ line: String) -> String {
        line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? ""
    }

    @Test func `an empty text shows its placeholder, which is safe too`() {
        let options = EditorOptions(placeholder: "say\u{1B} it")
        #expect(surface(TextEditor(text: ""), 12, 2, options: options).lines == ["say␛ it", ""])
        let field = TextEditor(text: "", isMultiline: false, glyphs: Glyphs(isASCII: true))
        let shown = surface(field, 7, 1, options: options)
        #expect(shown.lines == ["say^[ ~"] && shown.cursor == Point(x: 0, y: 0))
        #expect(shown[0, 0].look.role == .editorPlaceholder)
    }

    @Test func `the view follows the cursor`() {
        var editor = TextEditor(text: (1...50).map(String.init).joined(separator: "\n"))
        _ = editor.perform(.textEnd, width: 10, height: 4)
        #expect(surface(editor, 10, 4).lines == ["47", "48", "49", "50"])
        _ = editor.perform(.up, width: 10, height: 4)
        #expect(surface(editor, 10, 4).cursor == Point(x: 2, y: 2))
        #expect(surface(editor, 10, 2).lines == ["48", "49"])
        #expect(editor.scroll(by: -40, width: 10, height: 4) == true)
        #expect(surface(editor, 10, 4).lines == ["7", "8", "9", "10"])
        #expect(surface(editor, 10, 4).cursor == nil)
        editor.insert("x")
        #expect(surface(editor, 10, 4).lines.contains("49x"))
        #expect(editor.scroll(by: 99, width: 10, height: 99) == false)
    }

    @Test func `a field scrolls sideways`() {
        var field = TextEditor(text: "abcdefghij", isMultiline: false)
        #expect(surface(field, 5, 1).lines == ["ghij"])
        #expect(surface(field, 5, 1).cursor == Point(x: 4, y: 0))
        _ = field.perform(.lineStart, width: 5, height: 1)
        #expect(surface(field, 5, 1).lines == ["abcde"])
        field = TextEditor(text: "水水水", isMultiline: false)
        #expect(surface(field, 4, 1).lines == [" 水"])
    }

    @Test func `a click puts the cursor where it points, a drag selects`() {
        var editor = TextEditor(text: "水ab\nline two")
        editor.moveCursor(toCell: Point(x: 1, y: 0), width: 20, height: 3)
        #expect(editor.cursor == 0)
        editor.moveCursor(toCell: Point(x: 3, y: 0), width: 20, height: 3)
        #expect(editor.marked == "水a|b\nline two")
        editor.moveCursor(toCell: Point(x: 4, y: 1), width: 20, height: 3, isExtending: true)
        #expect(editor.selectedText == "b\nline")
        editor.moveCursor(toCell: Point(x: -5, y: 9), width: 20, height: 3)
        #expect(editor.cursor == editor.byteCount)
    }

    @Test func `a click in a text that was scrolled goes to what is shown there`() {
        var editor = TextEditor(text: (1...50).map(String.init).joined(separator: "\n"))
        editor.scroll(by: 20, width: 10, height: 4)
        editor.moveCursor(toCell: Point(x: 1, y: 2), width: 10, height: 4)
        #expect(editor.cursorPlace == (22, 1))
        #expect(surface(editor, 10, 4).lines == ["21", "22", "23", "24"])
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060,
            0x2066...0x2069, 0xFEFF, 0xE0000...0xE01EF:
            false
        default: true
        }
    }

    @Test(arguments: EditorSamples.hostile + [String(repeating: "x", count: 1 << 20)])
    func `hostile text is drawn harmlessly`(text: String) {
        for isMultiline in [true, false] {
            var editor = TextEditor(text: text, isMultiline: isMultiline)
            for action in [EditorAction.textStart, .right, .down, .textEnd, .selectAll] {
                _ = editor.perform(action, width: 30, height: 5)
                let shown = surface(editor, 30, 5)
                #expect(shown.cursor != nil)
                #expect(
                    shown.cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(Self.isHarmless) })
            }
        }
        let ascii = TextEditor(text: text, glyphs: Glyphs(isASCII: true))
        #expect(
            surface(ascii, 30, 5).cells.allSatisfy { $0.text.unicodeScalars.allSatisfy(\.isASCII) })
    }

    @Test func `what stands for something else is muted`() {
        let shown = surface(TextEditor(text: "a\u{1B}\u{9B}x\u{200B}"), 20, 1)
        #expect(shown.lines == ["a␛⟨9B⟩x⟨200B⟩"])
        #expect(shown[0, 0].look.role == .text && shown[1, 0].look.role == .muted)
        #expect(shown[2, 0].look.role == .muted && shown[6, 0].look.role == .text)
    }

    @Test(arguments: 1...12)
    func `every size from one cell up can be drawn into and worked in`(columns: Int) {
        var numbers = SeededNumbers(state: 5)
        for rows in 0...6 {
            var editor = TextEditor(
                text: EditorSamples.text(pieces: 30, &numbers), isMultiline: rows % 3 != 2)
            for action in EditorAction.allCases {
                _ = editor.perform(action, width: columns, height: rows)
                let options = EditorOptions(hasLineNumbers: true, marksLine: true)
                let shown = surface(editor, columns, rows, options: options)
                #expect(rows == 0 || shown.cursor.map(shown.bounds.contains) == true)
            }
            // A part that hangs over the screen's edge.
            var small = Surface(Size(columns: 3, rows: 2))
            editor.draw(
                into: &small, rect: Rect(x: -1, y: -1, width: columns, height: rows + 2),
                isFocused: true)
            #expect(small.cursor.map(small.bounds.contains) ?? true)
        }
    }

    @Test func `a drawn Character stands where its place says`() {
        var numbers = SeededNumbers(state: 11)
        let words = ["a", "水", "e\u{301}", " ", "\t", "\u{1B}", "\n", "long"]
        let text = (0..<80).map { _ in words[Int.random(in: 0..<8, using: &numbers)] }.joined()
        let editor = TextEditor(text: text)
        let layout = editor.currentLayout(width: 13)
        let shown = surface(editor, 13, layout.lines.count)
        for (index, character) in zip(text.indices, text) where !character.isWhitespace {
            let cell = layout.cell(at: text.utf8Offset(of: index), in: text)
            #expect(shown[cell.x, cell.y].text == String(character).terminalSafe())
        }
    }
}
