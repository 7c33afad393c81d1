import Foundation
import TestSupport
import Testing

@testable import Terminal

@Suite struct ShippedThemeTests {
    private static let directory = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }.appending(path: "themes")
    private static let shipped = ThemeCatalogue(directories: [directory])
    private static let names = shipped.names
    /// Those that bring their own colours.
    private static let coloured = names.filter { !["terminal", "monochrome"].contains($0) }
    /// What other text may lie on.
    private static let grounds: [Role] = [
        .text, .overlay, .status, .selection, .editorLine, .editorSelection,
    ]
    private static let toRead: [Role] = [
        .muted, .title, .key, .error, .warning, .success, .info, .busy, .progress, .chatUser,
        .chatPrompted, .chatBaked, .chatBase, .markdownHeading, .markdownCode, .markdownLink,
        .diffOnly, .heatLow, .heatMiddle, .heatHigh,
    ]
    private static let runs: [Role] = [
        .chartRun1, .chartRun2, .chartRun3, .chartRun4, .chartRun5, .chartRun6,
    ]

    @Test func `all the promised themes are there and their parents are not offered`() {
        #expect(
            Self.names == [
                "catppuccin-latte", "catppuccin-mocha", "colour-blind", "dracula", "everforest",
                "gruvbox-dark", "gruvbox-light", "high-contrast", "monochrome", "nord",
                "oven-dark", "oven-light", "rose-pine", "solarized-dark", "solarized-light",
                "terminal", "tokyo-night",
            ])
    }

    @Test(arguments: names)
    func `a theme's appearance is that of its background`(name: String) throws {
        let theme = try Self.shipped.theme(name)
        guard let text = theme.style(.text).background else { return }
        let black = try #require(Colour("#000000"))
        guard let contrast = text.contrast(with: black) else { return }
        #expect((contrast < 4) == (theme.appearance == .dark))
    }

    /// The colour behind text of another role that lies on `ground`: reversed, the text's own.
    private func background(_ ground: Role, of theme: Theme, _ depth: ColourDepth) -> Colour? {
        let style = theme.style(ground, depth: depth)
        let isReversed = style.attributes.contains(.reverse)
        let own = isReversed ? nil : style.background
        return own ?? theme.style(.text, depth: depth).background
    }

    @Test(arguments: coloured)
    func `everything can be read on everything it lies on`(name: String) throws {
        let theme = try Self.shipped.theme(name)
        let least = name == "high-contrast" ? 7 : 4.5
        for ground in Self.grounds {
            let behind = try #require(background(ground, of: theme, .full))
            func contrast(_ role: Role) throws -> Double {
                try #require(theme.style(role).foreground?.contrast(with: behind))
            }
            #expect(try contrast(.text) >= least, "text on \(ground)")
            if ground != .status { #expect(try contrast(ground) >= least, "\(ground)") }
            for role in Self.toRead { #expect(try contrast(role) >= 3, "\(role) on \(ground)") }
        }
        let status = try #require(theme.style(.status).background)
        for role in [Role.status, .statusKey] {
            #expect(try #require(theme.style(role).foreground?.contrast(with: status)) >= 3)
        }
        for role in [Role.cursor, .match] {
            let style = theme.style(role)
            let behind = try #require(style.background)
            #expect(try #require(style.foreground?.contrast(with: behind)) >= 3, "\(role)")
        }
    }

    @Test(arguments: coloured)
    func `a selection stands out with many colours and with few`(name: String) throws {
        let theme = try Self.shipped.theme(name)
        for ground in [Role.text, .overlay] {
            for depth in [ColourDepth.full, .many] {
                let selection = theme.style(.selection, depth: depth)
                if selection.attributes.contains(.reverse) { continue }
                let own = try #require(selection.background)
                let other = try #require(background(ground, of: theme, depth))
                #expect(own != other)
                #expect(own.nearestOf256 != other.nearestOf256, "\(ground)")
            }
        }
        let few = theme.style(.selection, depth: .sixteen)
        #expect(few.attributes.contains(.reverse))
    }

    @Test(arguments: coloured, [16, 8])
    func `with few colours nothing has the colour it lies on`(name: String, count: Int) throws {
        let theme = try Self.shipped.theme(name)
        for ground in Self.grounds {
            let behind = try #require(
                background(ground, of: theme, .sixteen)?.nearestOf16(count: count))
            for role in Role.allCases where ![.cursor, .match].contains(role) {
                let own = theme.style(role, depth: .sixteen).foreground
                #expect(own?.nearestOf16(count: count) != behind, "\(role) on \(ground)")
            }
        }
    }

    @Test(arguments: coloured)
    func `runs are told apart and so are the series that belong together`(name: String) throws {
        let theme = try Self.shipped.theme(name)
        #expect(Set(Self.runs.map { theme.style($0).foreground }).count == 6)
        #expect(Set(Self.runs.map { theme.style($0, depth: .sixteen).foreground }).count == 6)
        let series: [Role] = [.chartRaw, .chartStudent, .chartBase, .chartTarget, .chartMark]
        #expect(Set(series.map { theme.style($0).foreground }).count == 5)
        let heat: [Role] = [.heatLow, .heatMiddle, .heatHigh]
        for depth in [ColourDepth.full, .sixteen] {
            #expect(Set(heat.map { theme.style($0, depth: depth).foreground }).count == 3)
        }
    }

    @Test(arguments: names)
    func `what differs is underlined and a focused frame differs by more than a colour`(
        name: String
    ) throws {
        let theme = try Self.shipped.theme(name)
        for depth in [ColourDepth.full, .sixteen] {
            #expect(theme.style(.diffOnly, depth: depth).attributes.contains(.underline))
            #expect(theme.style(.borderFocused, depth: depth).attributes.contains(.bold))
            #expect(theme.style(.diffOnly, depth: depth) != theme.style(.diffSame, depth: depth))
        }
    }

    // MARK: Colour-blindness

    /// What is left of a colour without red (protanopia) or green (deuteranopia) receptors: linear
    /// light through the matrices of Machado, Oliveira and Fernandes 2009 at full severity.
    private static let matrices: [[SIMD3<Double>]] = [
        [
            SIMD3(0.152286, 1.052583, -0.204868), SIMD3(0.114503, 0.786281, 0.099216),
            SIMD3(-0.003882, -0.048116, 1.051998),
        ],
        [
            SIMD3(0.367322, 0.860646, -0.227968), SIMD3(0.280085, 0.672501, 0.047413),
            SIMD3(-0.011820, 0.042940, 0.968881),
        ],
    ]

    private func seen(_ colour: Colour, _ matrix: [SIMD3<Double>]) throws -> SIMD3<Double> {
        let parts = try #require(colour.components)
        let linear = SIMD3(pow(parts[0], 2.2), pow(parts[1], 2.2), pow(parts[2], 2.2))
        let rows = matrix.map { max(0, ($0 * linear).sum()) }
        return SIMD3(pow(rows[0], 1 / 2.2), pow(rows[1], 1 / 2.2), pow(rows[2], 1 / 2.2))
    }

    @Test(arguments: [
        (Role.error, Role.success), (.warning, .success), (.busy, .success),
        (.chartStudent, .chartBase), (.chartStudent, .chartTarget), (.chartBase, .chartTarget),
        (.chartStudent, .chartRaw), (.chartBase, .chartRaw), (.chatBaked, .chatPrompted),
        (.heatLow, .heatMiddle), (.heatMiddle, .heatHigh), (.heatLow, .heatHigh),
    ])
    func `without red or green receptors the colours stay apart`(
        first: Role, second: Role
    ) throws {
        let theme = try Self.shipped.theme("colour-blind")
        for matrix in Self.matrices {
            let one = try seen(try #require(theme.style(first).foreground), matrix)
            let other = try seen(try #require(theme.style(second).foreground), matrix)
            let difference = one - other
            #expect((difference * difference).sum().squareRoot() > 0.2, "\(one) \(other)")
        }
    }

    @Test func `the colour-blind theme has no green`() throws {
        let theme = try Self.shipped.theme("colour-blind")
        for role in Role.allCases {
            guard let parts = theme.style(role).foreground?.components else { continue }
            let isGreen = parts[1] > parts[0] * 1.1 && parts[1] > parts[2] * 1.1
            #expect(!isGreen, "\(role)")
            let few = theme.style(role, depth: .sixteen).foreground
            let isFewGreen =
                [.error, .success].contains(role) || role.rawValue.hasPrefix("heat")
                || [.chartStudent, .chartBase, .chartTarget, .chartRaw].contains(role)
            if isFewGreen { #expect(![.terminal(2), .terminal(10)].contains(few), "\(role)") }
        }
    }
}

@Suite struct ThemeWatchTests {
    private func chain() throws -> (TemporaryDirectory, TemporaryDirectory, ThemeCatalogue) {
        let own = try TemporaryDirectory()
        let shipped = try TemporaryDirectory()
        _ = try shipped.file("_parent.yaml", "roles: {text: default}\n")
        _ = try shipped.file("heir.yaml", "inherits: _parent\nroles: {error: red}\n")
        return (own, shipped, ThemeCatalogue(directories: [own.url, shipped.url]))
    }

    @Test func `a theme that nobody touched has not changed`() throws {
        let (own, shipped, themes) = try chain()
        let watch = themes.watch("heir")
        #expect(!watch.hasChanged)
        #expect(watch.files.count == 4)
        withExtendedLifetime((own, shipped)) {}
    }

    @Test func `a parent that is written anew is noticed`() throws {
        let (own, shipped, themes) = try chain()
        let watch = themes.watch("heir")
        _ = try shipped.file("_parent.yaml", "roles: {text: default bold}\n")
        #expect(watch.hasChanged)
        #expect(!themes.watch("heir").hasChanged)
        withExtendedLifetime(own) {}
    }

    @Test func `a time alone is a change`() throws {
        let (own, shipped, themes) = try chain()
        let watch = themes.watch("heir")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1000)],
            ofItemAtPath: shipped.url.appending(path: "heir.yaml").path)
        #expect(watch.hasChanged)
        withExtendedLifetime(own) {}
    }

    @Test func `a file that hides another is noticed and so is one that goes away`() throws {
        let (own, shipped, themes) = try chain()
        let watch = themes.watch("heir")
        let hiding = try own.file("heir.yaml", "roles: {error: blue}\n")
        #expect(watch.hasChanged)
        let other = themes.watch("heir")
        try FileManager.default.removeItem(at: hiding)
        #expect(other.hasChanged)
        withExtendedLifetime(shipped) {}
    }

    @Test func `a broken theme is watched until it is mended`() throws {
        let (own, shipped, themes) = try chain()
        _ = try own.file("heir.yaml", "roles: [")
        let watch = themes.watch("heir")
        #expect(!watch.hasChanged)
        _ = try own.file("heir.yaml", "roles: {}")
        #expect(watch.hasChanged)
        withExtendedLifetime(shipped) {}
    }
}
