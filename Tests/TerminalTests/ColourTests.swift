import Testing

@testable import Terminal

@Suite struct ColourTests {
    @Test(arguments: [
        ("never", ["TERM": "xterm"], 256, ColourDepth.attributes),
        ("never", ["TERM": "dumb"], 0, .plain),
        ("auto", ["TERM": "dumb"], 0, .plain), ("auto", [:], 0, .plain),
        ("auto", ["TERM": "xterm", "NO_COLOR": "1"], 256, .attributes),
        ("auto", ["TERM": "xterm", "NO_COLOR": ""], 256, .many),
        ("auto", ["TERM": "xterm", "COLORTERM": "truecolor"], 256, .full),
        ("auto", ["TERM": "xterm"], 8, .eight), ("auto", ["TERM": "xterm"], 16, .sixteen),
        ("auto", ["TERM": "vt100"], 0, .attributes), ("16", ["TERM": "xterm"], 256, .sixteen),
        ("true", ["TERM": "xterm", "NO_COLOR": "1"], 256, .full),
    ])
    func `setting, NO_COLOR, TERM, COLORTERM and terminfo decide in this order`(
        setting: String, environment: [String: String], colours: Int, depth: ColourDepth
    ) {
        func choose(isTerminal: Bool) -> ColourDepth {
            .choose(
                setting: setting, environment: environment, isTerminal: isTerminal,
                terminfoColours: colours)
        }
        #expect(choose(isTerminal: true) == depth)
        #expect(choose(isTerminal: false) == .plain)
    }

    @Test(arguments: [
        ("#000000", 16, 0), ("#ffffff", 231, 15), ("#ff0000", 196, 9), ("#808080", 244, 8),
        ("#5f87af", 67, 12),
    ])
    func `a colour is reduced to its nearest`(text: String, of256: Int, of16: Int) throws {
        let colour = try #require(Colour(text))
        #expect(colour.nearestOf256 == of256)
        if text != "#5f87af" { #expect(colour.nearestOf16() == of16) }
    }

    @Test func `black on white has the largest contrast`() throws {
        let black = try #require(Colour("#000000"))
        let white = try #require(Colour("#ffffff"))
        #expect(try #require(black.contrast(with: white)) == 21)
        #expect(black.contrast(with: .standard) == nil)
    }

    @Test(arguments: [
        (ColourDepth.plain, "x"), (.attributes, "\u{1B}[1mx\u{1B}[0m"),
        (.eight, "\u{1B}[1;31mx\u{1B}[0m"),
        (.sixteen, "\u{1B}[1;91mx\u{1B}[0m"), (.many, "\u{1B}[1;38;5;196mx\u{1B}[0m"),
        (.full, "\u{1B}[1;38;2;255;0;0mx\u{1B}[0m"),
    ])
    func `paint uses no more than the terminal has`(depth: ColourDepth, shown: String) {
        let style = Style(
            foreground: Colour("#ff0000"), background: .terminal(0), attributes: .bold)
        let theme = Theme(name: "", appearance: .dark, styles: ["error": style], fewColours: [:])
        let painter = Painter(theme: theme, depth: depth)
        #expect(painter.paint("x", .error) == shown)
        #expect(painter.paint("", .error).isEmpty)
        #expect(painter.paint("x", .muted) == "x")
    }
}
