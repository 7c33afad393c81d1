/// A look for every role.
package struct Theme: Hashable, Sendable {
    package enum Appearance: String, Hashable, Sendable, CaseIterable {
        case dark, light
    }

    package let name: String
    package let appearance: Appearance
    private let styles: [Role: Style]
    private let fewColours: [Role: Style]

    init(
        name: String, appearance: Appearance, styles: [String: Style],
        fewColours: [String: Style]
    ) {
        self.name = name
        self.appearance = appearance
        func resolved(_ role: Role, _ tables: [[String: Style]]) -> Style {
            for name in role.fallbacks {
                for table in tables {
                    if let style = table[name] { return style }
                }
            }
            return Style()
        }
        self.styles = Dictionary(
            uniqueKeysWithValues: Role.allCases.map { ($0, resolved($0, [styles])) })
        self.fewColours = Dictionary(
            uniqueKeysWithValues: Role.allCases.map { ($0, resolved($0, [fewColours, styles])) })
    }

    /// How `role` looks with so many colours.
    package func style(_ role: Role, depth: ColourDepth = .full) -> Style {
        (depth <= .sixteen ? fewColours : styles)[role] ?? Style()
    }

    /// Attributes alone, for when no theme can be read.
    package static let monochrome = Theme(
        name: "monochrome", appearance: .dark,
        styles: [
            "title": Style(attributes: .bold), "error": Style(attributes: .bold),
            "warning": Style(attributes: .bold), "key": Style(attributes: .bold),
            "border.focused": Style(attributes: .bold), "selection": Style(attributes: .reverse),
            "cursor": Style(attributes: .reverse), "match": Style(attributes: .underline),
            "diff.only": Style(attributes: .underline),
        ], fewColours: [:])
}
