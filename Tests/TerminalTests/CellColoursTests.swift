import Testing

@testable import Terminal

@Suite struct CellColoursTests {
    private func style(_ text: String) throws -> Style { try Style(text, palette: [:]) }

    private func colours(
        _ look: Look, _ styles: [String: String], depth: ColourDepth = .full
    ) throws -> CellColours {
        let theme = Theme(
            name: "test", appearance: .dark, styles: try styles.mapValues(style), fewColours: [:])
        return CellColours(look, theme: theme, depth: depth)
    }

    @Test func `what a text lies on gives its background and its attributes`() throws {
        let styles = [
            "text": "#111111 on #222222", "error": "#333333 on #444444 bold",
            "selection": "#555555 on #666666 reverse", "muted": "dim", "match": "underline",
        ]
        #expect(
            try colours(Look(.error), styles)
                == CellColours(foreground: 0x333333, background: 0x444444, attributes: .bold))
        #expect(
            try colours(Look(.error, on: .selection, attributes: .italic), styles)
                == CellColours(
                    foreground: 0x333333, background: 0x666666,
                    attributes: [.bold, .reverse, .italic]))
        #expect(
            try colours(Look(.muted, on: .selection), styles)
                == CellColours(
                    foreground: 0x555555, background: 0x666666, attributes: [.dim, .reverse]))
        #expect(
            try colours(Look(.muted, on: .match), styles)
                == CellColours(
                    foreground: 0x111111, background: 0x222222, attributes: [.dim, .underline]))
    }

    @Test(arguments: [
        ("#000000", 0x000100), ("#000007", 0x000107), ("#000008", 8), ("#ffffff", 0xFFFFFF),
        ("red", 1), ("light-red", 0xFF0000), ("default", -1),
    ])
    func `full colours keep clear of the terminal's own eight`(text: String, number: Int32) throws {
        #expect(try colours(Look(.text), ["text": text]).foreground == number)
    }

    @Test(arguments: [
        (ColourDepth.plain, Int32(-1)), (.attributes, -1), (.eight, 1), (.sixteen, 9), (.many, 203),
    ])
    func `a colour becomes the nearest of those there are`(depth: ColourDepth, number: Int32) throws
    {
        let colours = try colours(Look(.text), ["text": "#fb4934"], depth: depth)
        #expect(colours.foreground == number && colours.background == -1)
    }

    @Test(arguments: [
        ("xterm-256color", ["xterm-direct", "xterm-256color"]),
        ("xterm", ["xterm-direct", "xterm-256color", "xterm"]),
        (
            "xterm-kitty",
            [
                "xterm-kitty-direct", "kitty-direct", "xterm-direct", "xterm-kitty-256color",
                "xterm-kitty",
            ]
        ),
        ("tmux-256color", ["tmux-direct", "tmux-256color"]),
        ("foot", ["foot-direct", "foot-256color", "foot"]), ("", [""]),
    ])
    func `full colour is looked for under the names it may have`(name: String, names: [String]) {
        let features = TerminalFeatures(environment: ["TERM": name])
        #expect(features.descriptions(for: .full) == names)
        #expect(features.descriptions(for: .sixteen) == [name])
    }

    @Test(
        arguments: [
            ("xterm-256color", nil, true, true), ("tmux-256color", "x", true, true),
            ("screen", nil, false, false), ("screen-256color", "/tmp/tmux", true, false),
            ("linux", nil, false, false), ("vt100", nil, false, false),
            ("alacritty", nil, true, true),
            ("st-256color", nil, true, false), ("", nil, false, false),
            ("xterm-ghostty", nil, true, true),
        ] as [(String, String?, Bool, Bool)])
    func `a terminal is known by its name`(
        name: String, tmux: String?, isModern: Bool, isSynchronised: Bool
    ) {
        let features = TerminalFeatures(environment: ["TERM": name, "TMUX": tmux ?? ""])
        #expect(features.isModern == isModern)
        #expect(features.isSynchronised == isSynchronised)
    }
}
