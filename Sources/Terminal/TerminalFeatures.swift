/// What a terminal is known to understand beyond its description, by its name.
///
/// Sequences that a terminal does not know may show as rubbish, so an unknown name gets none.
struct TerminalFeatures: Hashable, Sendable {
    /// The value of `TERM`.
    let terminal: String
    /// Whether it runs inside tmux, which takes some sequences only in its own wrapping.
    let isTmux: Bool

    init(environment: [String: String]) {
        terminal = environment["TERM"] ?? ""
        isTmux = environment["TMUX"]?.isEmpty == false || terminal.hasPrefix("tmux")
    }

    /// Bracketed paste, focus, mouse, the clipboard and the title.
    var isModern: Bool {
        if isTmux { return true }
        // GNU screen, the consoles and the old terminals do without.
        let kinds = [
            "xterm", "kitty", "foot", "wezterm", "ghostty", "alacritty", "rxvt-unicode", "st-",
            "konsole", "vte", "iterm", "mintty", "contour", "rio",
        ]
        return terminal == "st" || kinds.contains { terminal.hasPrefix($0) }
    }

    /// Frames that are shown at once.
    var isSynchronised: Bool {
        let kinds = ["xterm", "tmux", "kitty", "foot", "wezterm", "ghostty", "alacritty"]
        return kinds.contains { terminal.hasPrefix($0) }
    }

    /// Names of descriptions that may know so many colours, the best first; `TERM` itself comes
    /// last.
    func descriptions(for depth: ColourDepth) -> [String] {
        guard depth >= .many, !terminal.isEmpty else { return [terminal] }
        var stem = terminal
        for ending in ["-256color", "-16color", "-88color"] where stem.hasSuffix(ending) {
            stem.removeLast(ending.count)
        }
        var names: [String] = []
        if depth == .full {
            // xterm-kitty is described as kitty-direct.
            let kind = stem.hasPrefix("xterm-") ? [String(stem.dropFirst("xterm-".count))] : []
            names += ([stem] + kind).map { "\($0)-direct" }
            if stem.hasPrefix("xterm") { names.append("xterm-direct") }
        }
        if stem == terminal { names.append("\(stem)-256color") }
        var seen: Set<String> = [terminal]
        return names.filter { seen.insert($0).inserted } + [terminal]
    }
}
