import Foundation
import TestSupport
import Testing

@testable import Terminal

@Suite struct KeyMapTests {
    private static let commands = [
        Command(
            "app.quit", "Quit", scope: "everywhere", keys: ["ctrl-q"], hint: "quit", hintOrder: 9),
        Command("app.help", "Help", scope: "everywhere", keys: ["f1", "?"], hintOrder: 8),
        Command("app.redraw", "Redraw", scope: "everywhere"),
        Command(
            "chart.zoomIn", "Zoom in", scope: "chart", keys: ["+"], hint: "zoom", hintOrder: 1),
        Command("chart.zoomOut", "Zoom out", scope: "chart", keys: ["-"]),
        Command("chart.panLeft", "Pan left", scope: "chart", keys: ["shift-left", "H"]),
        Command("editor.find", "Find", scope: "editor", keys: ["ctrl-f"], hintOrder: 1),
        Command("editor.mark", "Mark", scope: "editor", keys: ["?"], hintOrder: 2),
    ]

    private func map(_ text: String) throws -> KeyMap {
        try KeyMap(commands: Self.commands, overrides: KeyMapFile(text: text, file: "keys.yaml"))
    }

    @Test func `the innermost scope that has a key gets it`() {
        let map = KeyMap(commands: Self.commands)
        let question = Key.character("?")
        #expect(map.command(for: question, in: ["editor", "everywhere"]) == "editor.mark")
        #expect(map.command(for: question, in: ["chart", "everywhere"]) == "app.help")
        #expect(map.command(for: .character("+"), in: ["editor", "everywhere"]) == nil)
        #expect(map.command(for: question, in: []) == nil)
        #expect(map.command(named: "app.help")?.title == "Help")
        #expect(map.keys(for: "nothing").isEmpty)
    }

    @Test(arguments: [
        ("bindings: {chart.zoomIn: [\"*\", ctrl-up]}", ["*", "ctrl-up"]),
        ("chart.zoomIn: \"*\"", ["*"]), ("chart.zoomIn: [\"*\", \"*\"]", ["*"]),
        ("chart.zoomIn: []", []), ("bindings:\n  chart.zoomIn: [F5]\n", ["f5"]),
        ("", ["+"]), ("# nothing\n", ["+"]), ("bindings:\n", ["+"]), ("bindings: {}", ["+"]),
        ("chart.zoomIn: [0, y, \"~\", \"#\"]", ["0", "y", "~", "#"]),
    ])
    func `a user's keys take the place of the table's`(text: String, keys: [String]) throws {
        let map = try map(text)
        #expect(map.keys(for: "chart.zoomIn").map(\.name) == keys)
        #expect(map.keys(for: "chart.zoomOut").map(\.name) == ["-"])
        for key in keys {
            let key = try #require(Key(key))
            #expect(map.command(for: key, in: ["chart"]) == "chart.zoomIn")
        }
        if keys != ["+"] { #expect(map.command(for: .character("+"), in: ["chart"]) == nil) }
    }

    @Test func `two commands may change their keys with each other`() throws {
        let map = try map("chart.zoomIn: \"-\"\nchart.zoomOut: \"+\"\n")
        #expect(map.command(for: .character("+"), in: ["chart"]) == "chart.zoomOut")
        #expect(map.command(for: .character("-"), in: ["chart"]) == "chart.zoomIn")
    }

    @Test func `a key of another scope is no conflict`() throws {
        let map = try map("chart.zoomIn: ctrl-f")
        #expect(map.command(for: .control("f"), in: ["chart"]) == "chart.zoomIn")
        #expect(map.command(for: .control("f"), in: ["editor"]) == "editor.find")
    }

    @Test(arguments: [
        (
            "\nchart.zoomin2: \"*\"",
            "no command chart.zoomin2; did you mean chart.zoomIn? (keys.yaml:2)"
        ),
        ("nothing.like.it: a", "no command nothing.like.it (keys.yaml:1)"),
        ("chart.zoomIn:\n - a\n - ctl-x", "chart.zoomIn: \"ctl-x\" is no key"),
        ("chart.zoomIn:\n - a\n - ctl-x", "(keys.yaml:3)"),
        ("chart.zoomIn: #", "chart.zoomIn: the key is empty: quote it"),
        ("chart.zoomIn: [~]", "quote it, as in \"#\"; [] is for none (keys.yaml:1)"),
        (
            "a: b\nbindings: {}", "a stands beside bindings (keys.yaml:1)"
        ),
        ("- a", "expected a map (keys.yaml:1)"), ("chart.zoomIn: {a: b}", "expected a text"),
        ("chart.zoomIn: [", "not a list of keys"), ("app.quit: a\napp.quit: b", "twice"),
        (
            "chart.zoomOut: []\nchart.zoomIn: H",
            "H is bound to both chart.zoomIn and chart.panLeft in chart (keys.yaml:2)"
        ),
        (
            "chart.zoomIn: H\nchart.panLeft: [left,\n H]",
            "H is bound to both chart.zoomIn and chart.panLeft in chart (keys.yaml:3)"
        ),
        (
            "chart.zoomIn: tab\nchart.zoomOut: ctrl-i",
            "tab is bound to both chart.zoomIn and chart.zoomOut in chart (keys.yaml:2)"
        ),
        ("chart.zoomIn: shift-h", "H is bound to both"),
    ])
    func `a mistake in a key file is named with its line`(text: String, message: String) throws {
        let error = try #require(throws: KeyMapError.self) { try map(text) }
        #expect("\(error)".contains(message), "\(error)")
        #expect(!"\(error)".contains("\n"))
    }

    @Test func `a key file that is not there or not text is an error`() throws {
        let directory = try TemporaryDirectory()
        let missing = directory.url.appending(path: "none.yaml")
        #expect(throws: KeyMapError.unreadable(file: missing.path, why: "cannot be opened")) {
            try KeyMapFile(missing)
        }
        let file = try directory.file("keys.yaml", "app.quit: f12\n")
        let map = try KeyMap(commands: Self.commands, overrides: KeyMapFile(file))
        #expect(map.keys(for: "app.quit") == [Key(.function(12))])
    }

    @Test func `a terminal's other name for a key reaches the same command`() throws {
        let map = try map("chart.zoomIn: [ctrl-m, shift-z]")
        #expect(map.command(for: Key(.enter), in: ["chart"]) == "chart.zoomIn")
        #expect(map.command(for: .character("Z"), in: ["chart"]) == "chart.zoomIn")
        #expect(map.command(for: Key(.character("z"), .shift), in: ["chart"]) == "chart.zoomIn")
        #expect(map.command(for: .character("z"), in: ["chart"]) == nil)
    }

    @Test func `the bottom line names what has a place in it, in its order`() throws {
        let map = KeyMap(commands: Self.commands)
        let hints = map.hints(scopes: ["editor", "everywhere"], inWords: true)
        #expect(hints.map(\.key) == ["Ctrl-F", "?", "F1", "Ctrl-Q"])
        #expect(hints.map(\.title) == ["Find", "Mark", "Help", "quit"])
        let chart = map.hints(scopes: ["chart", "everywhere"])
        #expect(chart.map(\.key) == ["+", "F1", "^Q"])
        let unbound = try self.map("app.help: []").hints(scopes: ["everywhere"])
        #expect(unbound.map(\.title) == ["quit"])
    }

    @Test func `help has every command and only the keys that reach it`() {
        let map = KeyMap(commands: Self.commands, titles: ["everywhere": "Everywhere"])
        let help = map.help(scopes: ["editor", "everywhere"])
        #expect(help.map(\.title) == ["editor", "Everywhere"])
        #expect(help[1].commands.map(\.title) == ["Quit", "Help", "Redraw"])
        #expect(help[1].commands.map(\.keys) == ["^Q", "F1", ""])
        let chart = map.help(scopes: ["chart", "everywhere"])
        #expect(chart[0].commands.map(\.keys) == ["+", "-", "⇧← H"])
        #expect(chart[1].commands.map(\.keys) == ["^Q", "F1 ?", ""])
    }

    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "ABC", 0), ("abc", "", 3), ("kitten", "sitting", 3),
        ("chart.zomIn", "chart.zoomIn", 1),
    ])
    func `edits are counted`(first: String, second: String, count: Int) {
        #expect(EditDistance.between(first, second) == count)
        #expect(EditDistance.between(second, first) == count)
    }

    @Test func `a name that is far from all has no nearest`() {
        #expect(EditDistance.nearest(to: "xyzzy", in: ["chart", "editor"]) == nil)
        #expect(EditDistance.nearest(to: "chrat", in: ["editor", "chart"]) == "chart")
        #expect(EditDistance.nearest(to: "chart", in: []) == nil)
    }

    @Test(arguments: ["\u{1B}", "ctrl-\u{7}", "\u{9B}", "\u{202E}", "\n", "e\u{200B}"])
    func `what cannot be typed or shown is no key`(name: String) {
        #expect(Key(name) == nil)
    }
}
