/// How many colours may be used.
package enum ColourDepth: Int, Hashable, Sendable, Comparable, CaseIterable {
    /// No sequences at all: not a terminal, or one that knows none.
    case plain
    /// Bold, underline and reverse, but no colours.
    case attributes
    case eight, sixteen, many, full

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Chooses, in this order: the setting `color` unless it is `auto`, `NO_COLOR`, a terminal
    /// without colours, `COLORTERM`, what terminfo says.
    ///
    /// - Parameters:
    ///   - setting: `auto`, `never`, `16`, `256` or `true`.
    ///   - isTerminal: Whether the output is one; nothing else is ever coloured.
    ///   - terminfoColours: What terminfo knows of `TERM`; 0 for none.
    package static func choose(
        setting: String, environment: [String: String], isTerminal: Bool, terminfoColours: Int
    ) -> ColourDepth {
        guard isTerminal else { return .plain }
        let terminal = environment["TERM"] ?? ""
        let isDumb = ["", "dumb", "unknown"].contains(terminal)
        switch setting {
        case "never": return isDumb ? .plain : .attributes
        case "16": return .sixteen
        case "256": return .many
        case "true": return .full
        default: break
        }
        if isDumb { return .plain }
        if environment["NO_COLOR"]?.isEmpty == false { return .attributes }
        if terminfoColours < 8 { return .attributes }
        if ["truecolor", "24bit"].contains(environment["COLORTERM"]) { return .full }
        if terminfoColours >= 256 { return .many }
        return terminfoColours >= 16 ? .sixteen : .eight
    }
}
