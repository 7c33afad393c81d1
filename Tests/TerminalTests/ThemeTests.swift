import Foundation
import Testing

@testable import Terminal

@Suite struct ThemeTests {
    /// The shipped themes.
    private static let directory = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }.appending(path: "themes")
    private static let shipped = ThemeCatalogue(directories: [directory])
    private static let names = shipped.names
    private static let states: [Role] = [
        .error, .warning, .success, .info, .busy, .progress, .key, .title, .chatUser,
        .chatPrompted, .chatBaked, .chatBase, .chartStudent, .chartBase, .chartTarget,
    ]

    @Test func `the default theme is shipped`() { #expect(Self.names.contains("oven-dark")) }

    @Test(arguments: names)
    func `every shipped theme can be read on its background`(name: String) throws {
        let theme = try Self.shipped.theme(name)
        let text = theme.style(.text)
        guard let background = text.background, background.components != nil else { return }
        let contrast = { (role: Role) in
            theme.style(role).foreground?.contrast(with: background) ?? 21
        }
        let least = name == "high-contrast" ? 7 : 4.5
        #expect(contrast(.text) >= least, "text")
        #expect(contrast(.muted) >= 3, "muted")
        for role in Self.states { #expect(contrast(role) >= 3, "\(role)") }
    }

    @Test(arguments: names)
    func `the chart's series stay three colours after reduction`(name: String) throws {
        let theme = try Self.shipped.theme(name)
        let roles: [Role] = [.chartStudent, .chartBase, .chartRaw]
        guard theme.style(.chartStudent).foreground?.components != nil else { return }
        let full = roles.map { theme.style($0, depth: .many).foreground?.nearestOf256 }
        let few = roles.map { theme.style($0, depth: .sixteen).foreground?.nearestOf16() }
        #expect(Set(full).count == 3)
        #expect(Set(few).count == 3)
    }

    private func catalogue(_ files: [String: String]) throws -> (ThemeCatalogue, URL) {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "oven-themes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (name, text) in files {
            try Data(text.utf8).write(to: directory.appending(path: "\(name).yaml"))
        }
        return (ThemeCatalogue(directories: [directory]), directory)
    }

    @Test func `an heir changes colours and roles and falls back at the dots`() throws {
        let (themes, directory) = try catalogue([
            "base":
                "palette: {red: \"#ff0000\"}\nroles: {text: default, error: red bold, chart: red, error.16: light-red}\n",
            "heir":
                "inherits: base\nappearance: light\npalette: {red: \"#800000\"}\nroles: {chart.raw: blue on red}\n",
        ])
        defer { try? FileManager.default.removeItem(at: directory) }
        let theme = try themes.theme("heir")
        let red = Colour.rgb(red: 128, green: 0, blue: 0)
        #expect(theme.appearance == .light)
        #expect(theme.style(.error) == Style(foreground: red, attributes: .bold))
        #expect(theme.style(.error, depth: .sixteen) == Style(foreground: .terminal(9)))
        #expect(theme.style(.chartStudent).foreground == red)
        #expect(theme.style(.chartRaw) == Style(foreground: .terminal(4), background: red))
        #expect(theme.style(.chatUser) == Style(foreground: .standard))
    }

    @Test func `for 16 colours the names of the 16 are the terminal's own`() throws {
        let (themes, directory) = try catalogue([
            "a": "palette: {red: \"#ff8080\"}\nroles: {error: red, error.16: red}\n"
        ])
        defer { try? FileManager.default.removeItem(at: directory) }
        let theme = try themes.theme("a")
        #expect(theme.style(.error).foreground == Colour("#ff8080"))
        #expect(theme.style(.error, depth: .sixteen).foreground == .terminal(1))
    }

    @Test(arguments: [
        ("palette:\n  bg: #282828\n", "bg is empty: quote the colour"),
        ("roles:\n  text: #282828\n", "text is empty: quote the colour"),
        ("palette:\n  bg: \"#28282\"\n", "unknown colour #28282"),
        ("roles:\n  txet: red\n", "unknown role txet"), ("rolse: {}\n", "unknown field rolse"),
        ("roles:\n  text: purplish\n", "\"purplish\" is not understood"),
        ("roles:\n  text: red blue\n", "\"blue\" is not understood"),
        ("roles:\n  text: red on\n", "\"on\" is not understood"),
        ("appearance: grey\n", "unknown appearance grey"), ("inherits: a\n", "inherits itself"),
        ("inherits: none\n", "no theme none; there are a"), ("- 1\n", "expected a map"),
        ("roles: {text: [1]}\n", "expected a text"), ("a: [\n", "not a theme"), ("", "empty"),
    ])
    func `a mistake in a theme is named with its line`(text: String, message: String) throws {
        let (themes, directory) = try catalogue(["a": text])
        defer { try? FileManager.default.removeItem(at: directory) }
        let error = try #require(throws: ThemeError.self) { try themes.theme("a") }
        #expect("\(error)".contains(message), "\(error)")
    }

    @Test func `roles in files are those of the program`() {
        #expect(Role.allCases.count == 55)
        #expect(Role.chartRun6.fallbacks == ["chart.run6", "chart", "text"])
    }
}
