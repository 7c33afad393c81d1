import Testing

@testable import Terminal

@Suite struct TextLayoutTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("水", 2), ("é", 1), ("e\u{301}", 1), ("🇩🇪", 2), ("▸✓", 2),
    ])
    func `width is counted in cells`(text: String, cells: Int) {
        #expect(text.cellCount == cells)
    }

    @Test(arguments: [
        ("short", 10, "short"), ("a longer text", 8, "a longe…"), ("水水水", 4, "水…"), ("ab", 1, "…"),
        ("ab", 0, ""),
    ])
    func `text too long ends in an ellipsis`(text: String, width: Int, shown: String) {
        #expect(text.truncated(to: width) == shown)
    }

    @Test(arguments: [
        ("", 5, [""]), ("one two three", 7, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("a\n\nb", 5, ["a", "", "b"]), ("水水水", 4, ["水水", "水"]), ("水", 1, ["水"]),
        ("go  far", 20, ["go  far"]), ("ab abcdef c", 4, ["ab", "abcd", "ef c"]),
    ])
    func `lines break at spaces where there are some`(text: String, width: Int, lines: [String]) {
        #expect(text.wrapped(to: width) == lines)
    }

    @Test func `no line is wider than asked and no character is lost`() {
        var numbers = SeededNumbers(state: 3)
        let letters = Array("ab水 é\n")
        for _ in 0..<500 {
            let text = String(
                (0..<Int.random(in: 0...60, using: &numbers)).map { _ in
                    letters[Int.random(in: 0..<letters.count, using: &numbers)]
                })
            let width = Int.random(in: 2...12, using: &numbers)
            let lines = text.wrapped(to: width)
            #expect(lines.allSatisfy { $0.cellCount <= width })
            let spaces: Set<Character> = [" ", "\n"]
            #expect(
                lines.joined().filter { !spaces.contains($0) }
                    == text.filter { !spaces.contains($0) })
        }
    }

    @Test func `columns are as wide as their widest cell`() {
        let table = TextTable(
            header: ["name", "kl"], rows: [["水", "0.1"], ["longer", "12.25"]], rightColumns: [1])
        #expect(table.lines == ["name       kl", "水        0.1", "longer  12.25"])
    }

    @Test(arguments: 0...120)
    func `a bar fits its line at every width`(width: Int) {
        let bar = ProgressBar(
            label: "bake", completed: 20, total: 52, note: "kl 0.0840", rate: "0.41 s/step",
            secondsLeft: 13)
        let line = bar.line(width: width).map(\.text).joined()
        #expect(line.cellCount <= width)
        if width >= 80 {
            #expect(line.hasSuffix("20/52  kl 0.0840  0.41 s/step  13 s left"))
            #expect(line.contains("━") && line.contains("─"))
        }
    }

    @Test(arguments: [(0, 0), (5, 0), (7, 5), (-1, 5), (5, 5)])
    func `a bar survives odd counts`(completed: Int, total: Int) {
        let bar = ProgressBar(label: "x", completed: completed, total: total)
        #expect(bar.line(width: 40, isASCII: true).map(\.text).joined().cellCount <= 40)
    }

    @Test(arguments: [
        (0.4, "0 s"), (59, "59 s"), (125, "2:05 min"), (3720, "1:02 h"), (.infinity, "?"),
        (.nan, "?"),
        (-1, "?"), (1e300, "?"),
    ])
    func `durations are short`(seconds: Double, text: String) {
        #expect(ProgressBar.duration(seconds) == text)
    }

    @Test(arguments: [
        ([0, 1, 2, 3, 4, 5, 6, 7.0], 8, "▁▂▃▄▅▆▇█"), ([5, 5], 8, "▁▁"), ([], 8, ""),
        ([.nan, 1, .infinity, 0], 8, "█▁"), ([8, 8, 0, 0], 2, "█▁"), ([1, 2], 0, ""),
    ])
    func `a sparkline goes from the smallest to the largest`(
        values: [Double], width: Int, text: String
    ) {
        #expect(Sparkline.text(values, width: width) == text)
    }
}
