/// Colours text for output line by line. Backgrounds are left to the terminal.
package struct Painter: Sendable {
    package let theme: Theme
    package let depth: ColourDepth

    package init(theme: Theme, depth: ColourDepth) {
        self.theme = theme
        self.depth = depth
    }

    /// `text`, which must be safe, in the look of `role`.
    package func paint(_ text: String, _ role: Role) -> String {
        let codes = codes(theme.style(role, depth: depth))
        guard !codes.isEmpty, !text.isEmpty else { return text }
        return "\u{1B}[\(codes.joined(separator: ";"))m\(text)\u{1B}[0m"
    }

    private func codes(_ style: Style) -> [String] {
        guard depth > .plain else { return [] }
        let attributes: [(Style.Attributes, String)] = [
            (.bold, "1"), (.dim, "2"), (.italic, "3"), (.underline, "4"), (.reverse, "7"),
        ]
        let codes = attributes.filter { style.attributes.contains($0.0) }.map(\.1)
        return codes + (style.foreground.flatMap(code).map { [$0] } ?? [])
    }

    private func code(_ colour: Colour) -> String? {
        switch depth {
        case .plain, .attributes: return nil
        case .eight: return colour.nearestOf16(count: 8).map(Self.basic)
        case .sixteen: return colour.nearestOf16().map(Self.basic)
        case .many:
            if case .terminal(let index) = colour { return Self.basic(index) }
            return colour.nearestOf256.map { "38;5;\($0)" }
        case .full:
            if case .terminal(let index) = colour { return Self.basic(index) }
            guard case .rgb(let red, let green, let blue) = colour else { return nil }
            return "38;2;\(red);\(green);\(blue)"
        }
    }

    private static func basic(_ index: Int) -> String {
        String(index < 8 ? 30 + index : 82 + index)
    }
}
