import Testing

@testable import Terminal

@Suite struct MarkdownTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private func text(_ source: String, width: Int = 40, isASCII: Bool = false) -> [String] {
        Markdown.lines(source, width: width, isASCII: isASCII).map(\.text)
    }

    /// Every span with a letter for its role and signs for bold and italic.
    private func looks(_ source: String, base: Role = .text) -> String {
        let signs: [Role: String] = [
            .text: "t", .markdownHeading: "h", .markdownStrong: "s", .markdownEmphasis: "e",
            .markdownCode: "c", .markdownQuote: "q", .markdownLink: "l", .markdownList: "m",
            .muted: "a", .chatBaked: "b",
        ]
        return Markdown.lines(source, width: 60, look: base).map { line in
            line.spans.map { span in
                let bold = span.look.attributes.contains(.bold) ? "!" : ""
                let italic = span.look.attributes.contains(.italic) ? "/" : ""
                return (signs[span.look.role] ?? "?") + bold + italic + "(\(span.text))"
            }.joined()
        }.joined(separator: "|")
    }

    @Test(arguments: [
        ("plain", "t(plain)"), ("a **b** c", "t(a )s!(b)t( c)"), ("a *b* c", "t(a )e/(b)t( c)"),
        ("__b__ _e_", "s!(b)t( )e/(e)"), ("***b***", "s!/(b)"),
        ("**a *b* c**", "s!(a )s!/(b)s!( c)"),
        ("`x*y*z`", "c(x*y*z)"), ("`` a`b ``", "c(a`b)"), ("**a `b` c**", "s!(a )c(b)s!( c)"),
        ("# Title", "h(Title)"), ("### a **b** #", "h(a )h!(b)"), ("####### no", "t(####### no)"),
        ("#no", "t(#no)"), ("> said *so*", "q(│ )q(said )q/(so)"),
        ("[text](http://a.b/c_d_e)", "l(text)a( (http://a.b/c_d_e))"),
        ("[http://a](http://a)", "l(http://a)"), ("<https://a.b>", "l(https://a.b)"),
        ("![pic](p.png \"title\")", "l(pic)a( (p.png))"), ("[a](b(c)d)e", "l(a)a( (b(c)d))t(e)"),
        ("\\*a\\*", "t(*a*)"), ("snake_case_name", "t(snake_case_name)"),
        ("2 * 3 * 4", "t(2 * 3 * 4)"),
        ("a*b*c", "t(a)e/(b)t(c)"), ("*a\nb*", "e/(a)|e/(b)"), ("<b>x</b>", "t(<b>x</b>)"),
        ("- *a*", "m(• )e/(a)"), ("**[a](b)**", "l!(a)a( (b))"), ("* a * b", "m(• )t(a * b)"),
    ])
    func `markup becomes looks`(source: String, looks: String) {
        #expect(self.looks(source) == looks)
    }

    @Test(arguments: [
        "**bold", "**bold*", "*it", "`code", "``code`", "[text", "[text]", "[text](",
        "[text](http://a",
        "***a**", "__a_", "[a](b \"c", "<https://a", "#", "-", "1.", "``", "a [b] c", "\\",
    ])
    func `what is not finished stays as it was written`(source: String) {
        #expect(looks(source) == "t(\(source))")
    }

    @Test func `plain text has the look that was asked for`() {
        #expect(looks("a **b**", base: .chatBaked) == "b(a )s!(b)")
    }

    @Test(arguments: [
        ("- one two three\n- four", 9, ["• one two", "  three", "• four"]),
        ("1. a\n2. b\n10) c", 20, ["1. a", "2. b", "10) c"]),
        ("- a\n  - b\n    - c c c\n- d", 11, ["• a", "  • b", "    • c c c", "• d"]),
        ("1. a\n  - b", 20, ["1. a", "   • b"]), ("- a\nlazy", 20, ["• a", "  lazy"]),
        ("- a\n\n  more\n\nout", 20, ["• a", "", "  more", "", "out"]),
        ("one\n\n\n\ntwo\n\n", 20, ["one", "", "two"]), ("In\n1984. It", 20, ["In", "1984. It"]),
        ("> a b c\n> d", 6, ["│ a b", "│ c", "│ d"]), (">> deep", 20, ["│ │ deep"]),
        ("> a\n>\n> b", 20, ["│ a", "│", "│ b"]), ("> - a", 20, ["│ • a"]),
        ("a\n---\nb", 5, ["a", "─────", "b"]), ("---", 5, ["---"]),
        (
            "```swift\nlet a  = 1\n\n  b\n```\nend", 20,
            ["swift", "  let a  = 1", "  ", "    b", "end"]
        ),
        ("```\nabcdefgh\n```", 6, ["  abcd", "  efgh"]), ("~~~\n```\n~~~\nx", 9, ["  ```", "x"]),
        ("- a\n  ```\n  b\n  ```", 20, ["• a", "    b"]), ("> ```\n> a\nb", 20, ["│   a", "b"]),
        ("```\nopen *x*", 20, ["  open *x*"]), ("水水水 水", 4, ["水水", "水", "水"]),
        ("ab水", 3, ["ab", "水"]),
        ("水", 1, ["水"]), ("  indented", 20, ["  indented"]), ("", 5, []), ("\n\n", 5, []),
        ("- a", 1, ["a"]), ("a\tb", 20, ["a   b"]),
    ])
    func `blocks become lines`(source: String, width: Int, lines: [String]) {
        let shown = text(source, width: width).map { line in
            line.allSatisfy { $0 == " " } ? line : line.trimmingEnd
        }
        #expect(shown == lines)
    }

    @Test func `without UTF-8 all of it is ASCII`() {
        #expect(text("- a\n\n> é\n\n---\n\nb", isASCII: true).prefix(3) == ["* a", "", "| <E9>"])
        let lines = text("- ü\n> q\n***\n`c`\n", isASCII: true)
        #expect(lines.joined().unicodeScalars.allSatisfy { $0.isASCII })
    }

    @Test func `what is shown of a stream changes its look seldom`() {
        // A prefix shows each word plain until its markup ends, and then for good.
        let source = "Some **strong words** and *slanted ones*, `code`, [a](http://b) and so on."
        var changes = 0
        var last: [Unicode.Scalar: [Look]] = [:]
        var shown = ""
        for end in source.indices {
            let line = Markdown.lines(String(source[...end]), width: 200).first ?? StyledLine()
            var looks: [Unicode.Scalar: [Look]] = [:]
            for span in line.spans {
                for scalar in span.text.unicodeScalars where scalar.properties.isAlphabetic {
                    looks[scalar, default: []].append(span.look)
                }
            }
            for (scalar, before) in last {
                for (old, new) in zip(before, looks[scalar] ?? []) where old != new { changes += 1 }
            }
            last = looks
            shown = line.text
        }
        #expect(shown == "Some strong words and slanted ones, code, a (http://b) and so on.")
        // The letters of the five stretches, once each.
        #expect(changes <= "strongwordsslantedonescodeahttpb".count)
    }

    // MARK: Hostile text

    private static let hostile = [
        "\u{1B}]52;c;aGk=\u{07}", "\u{1B}]0;title\u{07}", "\u{1B}[2J", "\u{1B}[6n", "\u{1B}c",
        "\u{1B}P1$r\u{1B}\\", "\u{9B}31m", "good\rbad", String(repeating: "\u{08}", count: 10_000),
        "\u{202E}evil", "**\u{1B}[1m**", "`\u{1B}`", "# \u{07}", "- \t\u{0B}", "> \u{85}\u{2028}x",
        "```\u{0C}\n\u{1B}[2J\n\u{7F}", "[a\u{1B}](b\u{9B})", "\u{E0041}\u{E007F}",
        "a\u{301}\u{301}",
        "\u{301}\u{301}\u{301}\u{301}\u{301}", "👍\u{1F3FD}❤\u{FE0F}", "<https://\u{1B}>",
    ]

    @Test(arguments: hostile, [1, 2, 7, 80])
    func `hostile text comes out safe and can be drawn`(source: String, width: Int) {
        for isASCII in [false, true] {
            let lines = Markdown.lines(source, width: width, isASCII: isASCII)
            let shown = lines.map(\.text).joined()
            #expect(shown.terminalSafeLine(isASCII: isASCII) == shown)
            // A control character would stop the program here.
            var surface = Surface(Size(columns: width, rows: min(50, lines.count)))
            for (y, line) in lines.prefix(50).enumerated() { surface.put(line, x: 0, y: y) }
            if width > 1 { #expect(lines.allSatisfy { $0.cellCount <= width }) }
        }
    }

    @Test(arguments: [
        "a", "a ", "*", "*a", "*a*", "**a", "_a_", "`", "`a`` ", "[", "[a](", "](a", "[a](b)", "](",
        ">", "> ", "- ", "\\", "#", "# ", "水", "\u{08}", "<", "<https://a", "(", "[(", "e\u{301}",
        "~",
        "![", "*_", "1. ", "\t", "***a** ",
    ])
    func `a megabyte without a line feed is no trouble`(piece: String) {
        let source = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        let lines = Markdown.lines(source, width: 80)
        #expect(lines.allSatisfy { $0.cellCount <= 80 })
    }

    @Test(arguments: ["- a\n", "> a\n", "\n", "```\n", "**a\n", "# a\n", "[a\n", ">", "1. \n\n"])
    func `a megabyte of lines is no trouble`(piece: String) {
        let source = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        #expect(Markdown.lines(source, width: 80).allSatisfy { $0.cellCount <= 80 })
    }

    @Test func `deep nesting stays within the line`() {
        let quotes = String(repeating: ">", count: 10_000) + " a"
        let lists = (0..<500).map { String(repeating: "  ", count: $0) + "- a" }
            .joined(separator: "\n")
        for width in [3, 20, 80] {
            for source in [quotes, lists] {
                let lines = Markdown.lines(source, width: width)
                #expect(lines.allSatisfy { $0.cellCount <= width })
                #expect(lines.allSatisfy { $0.text.contains("a") })
            }
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}

@Suite struct MarkdownCacheTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private static let pieces = [
        "word ", "**", "*", "`", "```\n", "\n", "\n\n", "- ", "  - ", "1. ", "> ", "# ", "[a](b)",
        "水",
        "\r", "\r\n", "\u{1B}[2J", "e", "\u{301}", "~~~\n", "---", "\t", "_", "\\", "    ", "](",
        ">",
    ]

    private func randomText(_ numbers: inout SeededNumbers) -> String {
        (0..<Int.random(in: 0...60, using: &numbers))
            .map { _ in Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &numbers)] }
            .joined()
    }

    @Test func `however a reply is cut, its lines are those of the whole`() {
        var numbers = SeededNumbers(state: 23)
        for _ in 0..<400 {
            let text = randomText(&numbers)
            let width = Int.random(in: 1...50, using: &numbers)
            let scalars = Array(text.unicodeScalars)
            var cache = MarkdownCache(look: .chatBaked)
            var start = 0
            while start < scalars.count {
                let end = min(scalars.count, start + Int.random(in: 1...15, using: &numbers))
                cache.append(String(String.UnicodeScalarView(scalars[start..<end])))
                start = end
                let soFar = String(String.UnicodeScalarView(scalars[..<end]))
                let whole = Markdown.lines(soFar, width: width, look: .chatBaked)
                #expect(cache.lines(width: width) == whole)
            }
            let other = Int.random(in: 1...50, using: &numbers)
            #expect(
                cache.lines(width: other) == Markdown.lines(text, width: other, look: .chatBaked))
        }
    }

    @Test func `asking twice changes nothing`() {
        var cache = MarkdownCache()
        cache.append("a\n\n- b\n")
        let lines = cache.lines(width: 10)
        #expect(cache.lines(width: 10) == lines)
        #expect(cache.lines(width: 5) == Markdown.lines("a\n\n- b\n", width: 5))
        #expect(cache.lines(width: 10) == lines)
        cache.append("")
        #expect(cache.lines(width: 10) == lines)
    }

    @Test func `a long reply is not rendered again for each piece`() {
        // Each of 20 000 pieces would cost the whole reply otherwise.
        var cache = MarkdownCache()
        for number in 0..<20_000 {
            cache.append("Paragraph \(number) with **some** words.\n\n")
            if number % 10 == 0 { #expect(!cache.lines(width: 80).isEmpty) }
        }
        #expect(cache.lines(width: 80).count == 39_999)
    }
}
