import Foundation
import Testing

@testable import Terminal

/// On real pseudo-terminals; one screen at a time.
@Suite(.serialized) struct NcursesScreenTests {
    private let size = Size(columns: 80, rows: 24)

    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private func options(
        _ terminal: PseudoTerminal, _ name: String = "xterm-256color",
        depth: ColourDepth = .many, isASCII: Bool = false, hasMouse: Bool = true
    ) -> NcursesScreen.Options {
        var options = NcursesScreen.Options(
            depth: depth, isASCII: isASCII, hasMouse: hasMouse, environment: ["TERM": name])
        options.input = terminal.slave
        options.output = terminal.slave
        return options
    }

    private func surface(_ text: String, _ look: Look = Look(.text), size: Size? = nil) -> Surface {
        var surface = Surface(size ?? self.size)
        surface.put(text, x: 0, y: 0, look)
        return surface
    }

    /// Everything that the screen writes from its start to its end.
    private func session(
        _ name: String = "xterm-256color", depth: ColourDepth = .many, isASCII: Bool = false,
        hasMouse: Bool = true, size: Size = Size(columns: 80, rows: 24),
        _ body: (NcursesScreen, PseudoTerminal) throws -> Void
    ) throws -> String {
        let terminal = try #require(PseudoTerminal(size.columns, size.rows))
        let screen = try NcursesScreen(
            options: options(
                terminal, name, depth: depth, isASCII: isASCII, hasMouse: hasMouse))
        try body(screen, terminal)
        screen.end()
        _ = write(terminal.slave, "<end>", 5)
        return terminal.output(upTo: "<end>")
    }

    private let theme = Theme(
        name: "test", appearance: .dark,
        styles: [
            "text": Style(foreground: Colour("#ebdbb2"), background: Colour("#282828")),
            "error": Style(foreground: Colour("#fb4934"), attributes: .bold),
            "selection": Style(background: Colour("#3c3836")),
        ], fewColours: [:])

    /// Parameters of all sequences that set colours and attributes.
    private func graphics(_ output: String) -> [Int] {
        output.matches(of: /\u{1B}\[([0-9;:]*)m/).flatMap { match in
            match.1.split(whereSeparator: { $0 == ";" || $0 == ":" }).compactMap { Int($0) }
        }
    }

    @Test func `the terminal's modes are those from before the start`() throws {
        let terminal = try #require(PseudoTerminal())
        let before = terminal.modes
        let screen = try NcursesScreen(options: options(terminal))
        #expect(!terminal.isCanonical)
        screen.present(surface("hello"), theme: theme)
        screen.end()
        #expect(terminal.modes == before && terminal.isCanonical)
        screen.end()
        screen.present(surface("gone"), theme: theme)
        screen.ring()
        _ = write(terminal.slave, "<end>", 5)
        let output = terminal.output(upTo: "<end>")
        #expect(output.contains("hello") && !output.contains("gone"))
        for mode in ["1049", "2004", "1002", "1006", "1004"] {
            let on = try #require(output.ranges(of: "\u{1B}[?\(mode)h").last)
            let off = try #require(output.ranges(of: "\u{1B}[?\(mode)l").last)
            #expect(on.upperBound <= off.lowerBound, "\(mode)")
        }
        #expect(
            output.ranges(of: "\u{1B}[?2026h").count == output.ranges(of: "\u{1B}[?2026l").count - 1
        )
    }

    @Test(arguments: ["linux", "vt100", "screen", "screen-256color"])
    func `a terminal that is not known to understand them gets no sequences of ours`(
        name: String
    ) throws {
        let output = try session(name) { screen, _ in
            screen.present(surface("hello"), theme: theme)
            screen.setTitle("title")
            #expect(!screen.copy("text"))
        }
        #expect(output.contains("hello"))
        #expect(!output.contains(/\?(2004|2026|1002|1004|1006)/))
        #expect(!output.contains("\u{1B}]"))
    }

    @Test func `the mouse can be left alone`() throws {
        let output = try session(hasMouse: false) { _, _ in }
        #expect(output.contains("?2004h") && !output.contains(/\?100[0236]/))
    }

    @Test func `a terminal without a placeable cursor is refused, and one without a description`()
        throws
    {
        let terminal = try #require(PseudoTerminal())
        let before = terminal.modes
        #expect(throws: ScreenError.noCursorAddressing("dumb")) {
            try NcursesScreen(options: options(terminal, "dumb"))
        }
        for name in ["no-such-terminal", ""] {
            #expect(throws: ScreenError.unknownTerminal(name)) {
                try NcursesScreen(options: options(terminal, name))
            }
        }
        let screen = try NcursesScreen(options: options(terminal))
        #expect(throws: ScreenError.isTaken) {
            try NcursesScreen(options: options(terminal))
        }
        screen.end()
        #expect(terminal.modes == before)
        let pipe = WakePipe()
        var piped = options(terminal)
        piped.input = pipe.descriptor
        #expect(throws: ScreenError.noTerminal) { try NcursesScreen(options: piped) }
    }

    @Test(
        arguments: [
            ("a", [InputEvent.key(.character("a"))]), ("水", [.key(.character("水"))]),
            ("\r", [.key(Key(.enter))]), ("\n", [.key(.control("j"))]),
            ("\u{3}", [.key(.control("c"))]),
            (
                "\u{11}\u{13}\u{1A}",
                [.key(.control("q")), .key(.control("s")), .key(.control("z"))]
            ),
            ("\u{1B}", [.key(Key(.escape))]), ("\u{1B}x", [.key(.alt("x"))]),
            ("\u{1B}OA", [.key(Key(.up))]), ("\u{1B}[A", [.key(Key(.up))]),
            ("\u{1B}\u{1B}OA", [.key(Key(.up, .alt))]),
            ("\u{1B}[1;5D", [.key(Key(.left, .control))]),
            ("\u{1B}[1;2B", [.key(Key(.down, .shift))]),
            ("\u{1B}[1;6C", [.key(Key(.right, [.control, .shift]))]),
            ("\u{1B}[3;5~", [.key(Key(.delete, .control))]),
            ("\u{1B}[Z", [.key(Key(.tab, .shift))]),
            ("\u{1B}[17;2~", [.key(Key(.function(6), .shift))]),
            ("\u{1B}OP", [.key(Key(.function(1)))]),
            ("\u{1B}[13;2u", [.key(Key(.enter, .shift))]), ("\u{7F}", [.key(Key(.backspace))]),
            ("\u{1B}[27;2;13~", [.key(Key(.enter, .shift))]),
            ("\u{1B}\r", [.key(Key(.enter, .alt))]),
            (
                "\u{1B}[<0;3;2M\u{1B}[<0;3;2m",
                [
                    .mouse(MouseEvent(.press, at: Point(x: 2, y: 1))),
                    .mouse(MouseEvent(.release, at: Point(x: 2, y: 1))),
                ]
            ),
            ("\u{1B}[<64;3;2M", [.mouse(MouseEvent(.wheelUp, at: Point(x: 2, y: 1)))]),
            ("\u{1B}[I\u{1B}[O", [.focus(true), .focus(false)]),
            (
                "\u{1B}[200~a\u{1B}[Ab\r\u{1B}[201~x",
                [.paste("a\u{1B}[Ab\n"), .key(.character("x"))]
            ),
        ] as [(String, [InputEvent])])
    func `bytes of a terminal become events`(bytes: String, events: [InputEvent]) throws {
        for name in ["xterm-256color", "tmux-256color", "screen"] {
            _ = try session(name) { screen, terminal in
                terminal.type(bytes)
                #expect(screen.readInput() == events, "\(name)")
                #expect(screen.inputDeadline == nil)
                #expect(!screen.isClosed)
            }
        }
    }

    @Test func `a terminal's own keys come by its description`() throws {
        _ = try session("linux") { screen, terminal in
            terminal.type("\u{1B}[[A\u{1B}[25~\u{1B}\u{9}")
            #expect(
                screen.readInput() == [
                    .key(Key(.function(1))), .key(Key(.function(1), .shift)),
                    .key(Key(.tab, .shift)),
                ])
        }
    }

    @Test func `a resize is noticed and everything drawn anew`() throws {
        let output = try session { screen, terminal in
            #expect(screen.size == size)
            screen.present(surface("before"), theme: theme)
            for (columns, rows) in [(1, 1), (10, 2), (200, 50), (30, 8)] {
                terminal.resize(columns, rows)
                let size = Size(columns: columns, rows: rows)
                #expect(screen.readInput() == [.resize(size)])
                #expect(screen.size == size)
                // The old surface is still presented now and then.
                screen.present(surface("before"), theme: theme)
                screen.present(surface("after", size: size), theme: theme)
                #expect(screen.readInput() == [])
                screen.ring()
                _ = terminal.output(upTo: "\u{7}")
            }
        }
        #expect(output.hasSuffix("<end>"))
    }

    @Test func `only what changed is written`() throws {
        _ = try session { screen, terminal in
            var surface = surface("number 1")
            screen.present(surface, theme: theme)
            screen.ring()
            #expect(terminal.output(upTo: "\u{7}").contains("number 1"))
            screen.present(surface, theme: theme)
            screen.ring()
            #expect(terminal.output(upTo: "\u{7}") == "\u{7}")
            surface.put("2", x: 7, y: 0, Look(.text))
            screen.present(surface, theme: theme)
            screen.ring()
            let change = terminal.output(upTo: "\u{7}")
            #expect(change.contains("2") && change.utf8.count < 60)
            surface.cursor = Point(x: 3, y: 3)
            screen.present(surface, theme: theme)
            screen.ring()
            #expect(terminal.output(upTo: "\u{7}").contains("\u{1B}[?25h"))
            screen.redraw()
            screen.ring()
            #expect(terminal.output(upTo: "\u{7}").contains("number 2"))
        }
    }

    @Test(arguments: [ColourDepth.attributes, .plain])
    func `without colours no colour is written, and attributes stay`(depth: ColourDepth) throws {
        let output = try session(depth: depth) { screen, _ in
            var surface = surface("bold", Look(.error))
            surface.put("under", x: 0, y: 1, Look(.text, attributes: .underline))
            screen.present(surface, theme: theme)
        }
        let numbers = graphics(output)
        #expect(numbers.contains(1) && numbers.contains(4))
        #expect(numbers.allSatisfy { $0 < 30 })
    }

    @Test(arguments: [
        ("xterm-256color", ColourDepth.many), ("linux", .eight), ("vt100", .attributes),
    ])
    func `colours are those that the terminal has`(name: String, depth: ColourDepth) throws {
        let output = try session(name, depth: depth) { screen, _ in
            #expect(screen.depth == depth)
            screen.present(surface("text", Look(.error, on: .selection)), theme: theme)
        }
        let text = output.replacing(/\u{1B}\(B/, with: "")
        switch depth {
        case .many:
            // Bold, #fb4934 and #3c3836 by their nearest of 256.
            let foreground = try #require(Colour("#fb4934")?.nearestOf256)
            let background = try #require(Colour("#3c3836")?.nearestOf256)
            #expect(text.contains("\u{1B}[38;5;\(foreground)m"))
            #expect(text.contains("48;5;\(background)m"))
        case .eight:
            #expect(graphics(text).contains(31) && graphics(text).allSatisfy { $0 < 50 })
        default: #expect(graphics(text).allSatisfy { $0 < 30 })
        }
    }

    @Test func `full colour falls back where the terminal's description is missing`() throws {
        let output = try session(depth: .full) { screen, _ in
            #expect(screen.depth >= .many)
            screen.present(surface("text", Look(.error)), theme: theme)
        }
        #expect(output.contains(/38[;:](5[;:]203|2[;:]+251[;:]73[;:]52)m/))
    }

    @Test func `a hostile cell cannot reach the terminal`() throws {
        let hostile = "\u{1B}]52;c;x\u{7}\u{1B}[2J\u{9B}31m\u{202E}\r\u{7F}"
        let output = try session { screen, _ in
            screen.present(surface(hostile.terminalSafeLine()), theme: theme)
            screen.setTitle(hostile + String(repeating: "long", count: 50))
        }
        #expect(!output.contains("\u{1B}]52") && !output.contains("\u{9B}"))
        #expect(!output.contains("\u{202E}") && !output.contains("\u{7F}"))
        let title = try #require(output.firstMatch(of: /\u{1B}\]2;([^\u{7}]*)\u{7}/)?.1)
        #expect(String(title).cellCount <= 80)
        #expect(title.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }

    @Test func `wide characters and marks are kept whole`() throws {
        let output = try session { screen, _ in
            var surface = surface("水e\u{301}x")
            screen.present(surface, theme: theme)
            surface.put("ab", x: 1, y: 0, Look(.text))
            surface.put("水", x: 78, y: 23, Look(.text))
            screen.present(surface, theme: theme)
        }
        #expect(output.contains("水e\u{301}x"))
        #expect(output.ranges(of: "水").count == 2)
    }

    @Test func `in ASCII nothing else is written`() throws {
        let output = try session(isASCII: true) { screen, _ in
            screen.present(surface("é水x"), theme: theme)
        }
        #expect(output.utf8.allSatisfy { $0 < 0x80 })
        #expect(output.contains("x"))
    }

    @Test func `more pairs of colours than the terminal has are no harm`() throws {
        let roles = Role.allCases
        var styles: [String: Style] = [:]
        for (index, role) in roles.enumerated() {
            styles[role.rawValue] = Style(
                foreground: .terminal(index % 8), background: .terminal(index / 8 % 8))
        }
        let theme = Theme(name: "many", appearance: .dark, styles: styles, fewColours: [:])
        let output = try session("linux") { screen, _ in
            var surface = Surface(size)
            for (index, role) in roles.enumerated() {
                for (row, other) in roles.prefix(20).enumerated() {
                    surface.put("x", x: index, y: row, Look(role, on: other))
                }
            }
            screen.present(surface, theme: theme)
            surface.put("last", x: 0, y: 23, Look(.heatHigh))
            screen.present(surface, theme: theme)
        }
        #expect(output.contains("last"))
    }

    @Test func `another program has the terminal as it was`() throws {
        let output = try session { screen, terminal in
            screen.present(surface("mine"), theme: theme)
            let result = screen.runOutside {
                _ = write(terminal.slave, "theirs", 6)
                terminal.resize(60, 20)
                return terminal.isCanonical
            }
            #expect(result)
            #expect(!terminal.isCanonical)
            #expect(screen.readInput() == [.resize(Size(columns: 60, rows: 20))])
        }
        let theirs = try #require(output.firstRange(of: "theirs"))
        let before = output[..<theirs.lowerBound]
        let after = output[theirs.upperBound...]
        #expect(before.contains("\u{1B}[?2004l") && before.contains("\u{1B}[?1049l"))
        #expect(after.contains("\u{1B}[?2004h") && after.contains("\u{1B}[?1049h"))
        #expect(after.contains("mine"))
    }

    @Test func `a terminal that goes away is noticed`() throws {
        let terminal = try #require(PseudoTerminal())
        let screen = try NcursesScreen(options: options(terminal))
        screen.present(surface("hello"), theme: theme)
        #expect(screen.readInput() == [] && !screen.isClosed)
        terminal.hangUp()
        #expect(screen.readInput() == [] && screen.isClosed)
        screen.present(surface("gone"), theme: theme)
        screen.end()
    }

    @Test func `the clipboard is set in the terminal's own words`() throws {
        let output = try session { screen, _ in
            #expect(screen.copy("a\u{1B}\tb\n\u{9B}"))
            #expect(!screen.copy(String(repeating: "x", count: 60_000)))
        }
        #expect(output.contains("\u{1B}]52;c;YQliCg==\u{7}"))
        #expect(output.ranges(of: "]52;").count == 1)
        let wrapped = try #require(ClipboardSequence.bytes(for: "a", isTmux: true))
        #expect(
            String(decoding: wrapped, as: UTF8.self)
                == "\u{1B}]52;c;YQ==\u{7}\u{1B}Ptmux;\u{1B}\u{1B}]52;c;YQ==\u{7}\u{1B}\\")
    }

    @Test func `another program's end is told as a shell tells it`() throws {
        #expect(try Ncurses.run(["true"]) == 0)
        #expect(try Ncurses.run(["sh", "-c", "exit $1", "sh", "7"]) == 7)
        #expect(try Ncurses.run(["sh", "-c", "kill -TERM $$"]) == 143)
        #expect(
            throws: ScreenError.cannotRun("no-such-program", reason: "No such file or directory")
        ) {
            try Ncurses.run(["no-such-program"])
        }
    }
}
