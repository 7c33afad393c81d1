/// What the names of keys in terminfo and curses mean.
enum KeyNames {
    /// From a name such as `KEY_UP`, `KEY_F(5)`, `KEY_SLEFT` or `kLFT5`; nil for a key that is not
    /// used here.
    static func key(_ name: String) -> Key? {
        if let key = plain[name] { return key }
        if name.hasPrefix("KEY_F("), let number = Int(name.dropFirst(6).dropLast()) {
            return function(number)
        }
        return extended(name)
    }

    /// Terminals of xterm's kind count F1 with Shift as F13, with Control as F25, and so on.
    private static func function(_ number: Int) -> Key? {
        guard (1...63).contains(number) else { return nil }
        let modifiers: [Key.Modifiers] = [
            [], .shift, .control, [.control, .shift], .alt, [.alt, .shift],
        ]
        return Key(.function((number - 1) % 12 + 1), modifiers[(number - 1) / 12])
    }

    /// The extended names of ncurses: a key with xterm's number for the modifiers; none is Shift.
    private static func extended(_ name: String) -> Key? {
        for (prefix, code) in stems where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if rest.isEmpty { return Key(code, .shift) }
            guard let number = Int(rest), (2...8).contains(number) else { continue }
            return Key(code, Key.Modifiers(xterm: number))
        }
        return nil
    }

    private static let stems: [(String, Key.Code)] = [
        ("kUP", .up), ("kDN", .down), ("kLFT", .left), ("kRIT", .right), ("kHOM", .home),
        ("kEND", .end), ("kPRV", .pageUp), ("kNXT", .pageDown), ("kDC", .delete), ("kIC", .insert),
    ]

    private static let plain: [String: Key] = [
        "KEY_UP": Key(.up), "KEY_DOWN": Key(.down), "KEY_LEFT": Key(.left),
        "KEY_RIGHT": Key(.right), "KEY_HOME": Key(.home), "KEY_END": Key(.end),
        "KEY_FIND": Key(.home), "KEY_SELECT": Key(.end), "KEY_LL": Key(.end),
        "KEY_PPAGE": Key(.pageUp), "KEY_NPAGE": Key(.pageDown), "KEY_DC": Key(.delete),
        "KEY_IC": Key(.insert), "KEY_BACKSPACE": Key(.backspace), "KEY_ENTER": Key(.enter),
        "KEY_A1": Key(.home), "KEY_A3": Key(.pageUp), "KEY_C1": Key(.end), "KEY_C3": Key(.pageDown),
        "KEY_BTAB": Key(.tab, .shift), "kcbt2": Key(.tab, .shift), "KEY_SR": Key(.up, .shift),
        "KEY_SF": Key(.down, .shift), "KEY_SLEFT": Key(.left, .shift),
        "KEY_SRIGHT": Key(.right, .shift), "KEY_SHOME": Key(.home, .shift),
        "KEY_SEND": Key(.end, .shift), "KEY_SPREVIOUS": Key(.pageUp, .shift),
        "KEY_SNEXT": Key(.pageDown, .shift), "KEY_SDC": Key(.delete, .shift),
        "KEY_SIC": Key(.insert, .shift), "KEY_HELP": Key(.function(1)),
    ]
}

extension Key.Modifiers {
    /// From xterm's number: one more than 1 for Shift, 2 for Alt, 4 for Control. Higher bits, such
    /// as that of a lock, do not count.
    init(xterm number: Int) {
        let bits = max(0, number - 1)
        self = []
        if bits & 1 != 0 { insert(.shift) }
        if bits & 2 != 0 { insert(.alt) }
        if bits & 4 != 0 { insert(.control) }
    }
}
