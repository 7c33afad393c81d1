/// A key of the keyboard with the keys held down with it.
package struct Key: Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// What it types without Control and Alt: lower case with Control.
        case character(Character)
        case enter, escape, tab, backspace, delete, insert
        case up, down, left, right, home, end, pageUp, pageDown
        /// F1 is 1.
        case function(Int)
    }

    package struct Modifiers: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let control = Modifiers(rawValue: 1)
        package static let alt = Modifiers(rawValue: 2)
        package static let shift = Modifiers(rawValue: 4)
    }

    package var code: Code
    package var modifiers: Modifiers

    package init(_ code: Code, _ modifiers: Modifiers = []) {
        self.code = code
        self.modifiers = modifiers
    }

    package static func character(_ character: Character) -> Key { Key(.character(character)) }
    package static func control(_ character: Character) -> Key {
        Key(.character(character), .control)
    }
    package static func alt(_ character: Character) -> Key { Key(.character(character), .alt) }

    private static let names: [(name: String, code: Code, sign: String, word: String)] = [
        ("enter", .enter, "Enter", "Enter"), ("esc", .escape, "Esc", "Esc"),
        ("tab", .tab, "Tab", "Tab"), ("backspace", .backspace, "Backspace", "Backspace"),
        ("delete", .delete, "Del", "Del"), ("insert", .insert, "Ins", "Ins"),
        ("up", .up, "↑", "Up"), ("down", .down, "↓", "Down"), ("left", .left, "←", "Left"),
        ("right", .right, "→", "Right"), ("home", .home, "Home", "Home"),
        ("end", .end, "End", "End"), ("pageup", .pageUp, "PgUp", "PgUp"),
        ("pagedown", .pageDown, "PgDn", "PgDn"),
        ("space", .character(" "), "Space", "Space"),
    ]

    /// From a name as it stands in a file: `ctrl-p`, `alt-1`, `shift-tab`, `f1`, `pageup`, `?`; nil for
    /// what is no key.
    package init?(_ name: String) {
        var modifiers: Modifiers = []
        var rest = Substring(name)
        let prefixes: [(String, Modifiers)] = [
            ("ctrl-", .control), ("alt-", .alt), ("shift-", .shift),
        ]
        while let (prefix, modifier) = prefixes.first(where: {
            rest.lowercased().hasPrefix($0.0) && rest.count > $0.0.count
        }) {
            guard !modifiers.contains(modifier) else { return nil }
            modifiers.insert(modifier)
            rest = rest.dropFirst(prefix.count)
        }
        let word = rest.lowercased()
        if let named = Self.names.first(where: { $0.name == word }) {
            self.init(named.code, modifiers)
        } else if word.first == "f", let number = Int(word.dropFirst()), (1...24).contains(number) {
            self.init(.function(number), modifiers)
        } else if rest.count == 1, let character = rest.first,
            String(character).terminalSafeLine() == String(character)
        {
            let typed = modifiers.contains(.control) ? Character(character.lowercased()) : character
            self.init(.character(typed), modifiers)
        } else {
            return nil
        }
    }

    /// As it stands in a file.
    package var name: String {
        var text = ""
        if modifiers.contains(.control) { text += "ctrl-" }
        if modifiers.contains(.alt) { text += "alt-" }
        if modifiers.contains(.shift) { text += "shift-" }
        if let named = Self.names.first(where: { $0.code == code }) { return text + named.name }
        switch code {
        case .function(let number): return text + "f\(number)"
        case .character(let character): return text + String(character)
        default: return text
        }
    }

    /// As a person reads it: `^P`, `⇧Tab`, `F1`; in words (`Ctrl-P`) where those signs will not do.
    package func shown(inWords: Bool = false) -> String {
        let isLetter: Bool
        let sign: String
        switch code {
        case .function(let number): (sign, isLetter) = ("F\(number)", false)
        case .character(let character) where character != " ":
            isLetter = true
            sign = modifiers.isEmpty ? String(character) : character.uppercased()
        default:
            isLetter = false
            let named = Self.names.first { $0.code == code }
            sign = (inWords ? named?.word : named?.sign) ?? ""
        }
        var prefix = ""
        if modifiers.contains(.control) { prefix += inWords || !isLetter ? "Ctrl-" : "^" }
        if modifiers.contains(.alt) { prefix += "Alt-" }
        if modifiers.contains(.shift) { prefix += inWords ? "Shift-" : "⇧" }
        return prefix + sign
    }
}

/// What a mouse did.
package struct MouseEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The left button went down.
        case press
        /// It moved while the button was down.
        case drag
        case release
        case wheelUp, wheelDown
    }

    package var kind: Kind
    package var at: Point
    package var modifiers: Key.Modifiers

    package init(_ kind: Kind, at: Point, modifiers: Key.Modifiers = []) {
        self.kind = kind
        self.at = at
        self.modifiers = modifiers
    }
}

/// What a person did, or the terminal by itself.
package enum InputEvent: Hashable, Sendable {
    case key(Key)
    /// Text that came in one piece, its lines ended by line feeds; not safe.
    case paste(String)
    case mouse(MouseEvent)
    case resize(Size)
    /// Whether the terminal's window has the focus now.
    case focus(Bool)
}
