import Testing

@testable import Terminal

@Suite struct EditorLayoutTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private func lines(_ text: String, _ width: Int, isASCII: Bool = false) -> [String] {
        let layout = EditorLayout(text, width: width, isASCII: isASCII)
        return layout.lines.map { String(text[utf8Offsets: $0.start..<$0.end]) }
    }

    @Test(arguments: [
        ("", 5, [""]), ("one two three", 8, ["one two ", "three"]),
        ("a\n\nb\n", 9, ["a", "", "b", ""]),
        ("abcdefgh", 4, ["abc", "def", "gh"]), ("abc d", 4, ["abc ", "d"]), ("abc ", 4, ["abc "]),
        ("abc \nd", 4, ["abc ", "d"]), ("abc  d", 4, ["abc ", " d"]), ("水水水", 5, ["水水", "水"]),
        ("ab水水", 4, ["ab", "水", "水"]), ("水", 1, ["水"]), ("水水", 1, ["水", "水"]),
        ("a\r\nb\u{85}c\u{2028}d", 9, ["a", "b", "c", "d"]), ("a\tb\tc", 7, ["a\tb\t", "c"]),
        ("a b", 1, ["a ", "b"]), ("x\u{202E}y", 5, ["x", "\u{202E}", "y"]),
    ])
    func `lines break behind spaces and around wide characters`(
        text: String, width: Int, expected: [String]
    ) {
        #expect(lines(text, width) == expected)
    }

    @Test func `ASCII takes the cells that its substitutes take`() {
        #expect(lines("é\u{1B}a", 7) == ["é\u{1B}a"])
        #expect(lines("é\u{1B}a", 7, isASCII: true) == ["é\u{1B}", "a"])
    }

    private func check(_ text: String, width: Int?, isASCII: Bool, places: [Int]) {
        let layout = EditorLayout(text, width: width, isASCII: isASCII)
        var end = 0
        for index in layout.lines.indices {
            let range = layout.range(ofLine: index)
            #expect(range.lowerBound == end && layout.lines[index].end <= range.upperBound)
            end = range.upperBound
        }
        #expect(end == text.utf8.count)
        var cells = Set<Point>()
        for place in places {
            let cell = layout.cell(at: place, in: text)
            cells.insert(cell)
            #expect(layout.offset(at: cell, in: text) == place)
        }
        #expect(cells.count == places.count)
    }

    @Test(arguments: 0..<80)
    func `lines tile the text and each place has a cell of its own`(seed: Int) {
        var numbers = SeededNumbers(state: UInt64(seed))
        let text = EditorSamples.text(pieces: 60, &numbers)
        for width in [1, 2, 3, 5, 11, 40, nil] {
            check(
                text, width: width, isASCII: seed % 4 == 0, places: EditorSamples.places(in: text))
        }
    }

    @Test(arguments: EditorSamples.hostile)
    func `hostile text keeps its places`(text: String) {
        for width in [1, 9, 80] {
            let places = EditorSamples.places(in: text)
            check(text, width: width, isASCII: false, places: Array(places.prefix(500)))
        }
    }

    @Test(arguments: 0..<40)
    func `no line is wider than the screen where its Characters are not`(seed: Int) {
        var numbers = SeededNumbers(state: UInt64(seed))
        let text = EditorSamples.text(pieces: 80, &numbers)
        let layout = EditorLayout(text, width: 12, isASCII: false)
        for index in layout.lines.indices {
            let last = layout.lastPlace(ofLine: index, in: text)
            #expect(layout.cell(at: last, in: text).x <= 12)
            #expect(layout.lineIndex(at: last) == index)
        }
    }

    @Test func `a cell outside is the nearest place`() {
        let text = "one two three\nx"
        let layout = EditorLayout(text, width: 8, isASCII: false)
        #expect(layout.offset(at: Point(x: 99, y: 0), in: text) == 7)
        #expect(layout.offset(at: Point(x: 99, y: 1), in: text) == 13)
        #expect(layout.offset(at: Point(x: -3, y: 2), in: text) == 14)
        #expect(layout.offset(at: Point(x: 0, y: 3), in: text) == 15)
        #expect(layout.offset(at: Point(x: 5, y: -1), in: text) == 0)
    }

    @Test(arguments: ["a", "a b ", "水", "🇩🇪", "\u{08}", "e\u{301}", "\n"])
    func `a megabyte is laid out as it is typed into`(piece: String) {
        let text = String(repeating: piece, count: (1 << 20) / piece.utf8.count)
        var editor = TextEditor(text: text)
        editor.layOut(width: 80)
        for place in [0, editor.byteCount / 2, editor.byteCount] {
            editor.moveCursor(to: place)
            editor.insert("x")
            _ = editor.perform(.newline, width: 80, height: 20)
            #expect(
                editor.currentLayout(width: 80)
                    == EditorLayout(editor.text, width: 80, isASCII: false))
        }
        _ = editor.perform(.pageUp, width: 80, height: 20)
        #expect(editor.lineCount == text.filter { $0 == "\n" }.count + 4)
    }
}
