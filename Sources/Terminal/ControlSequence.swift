/// What a finished sequence of a terminal of xterm's kind means.
enum ControlSequence {
    enum Meaning: Hashable {
        case key(Key)
        case event(InputEvent)
        case pasteStart
    }

    /// `ESC [`, `bytes`, `final`; nil for what is not used.
    static func event(_ bytes: [UInt8], final: UInt8) -> Meaning? {
        let final = Character(Unicode.Scalar(final))
        if bytes.first == UInt8(ascii: "<") {
            return mouse(bytes.dropFirst(), final: final).map { .event($0) }
        }
        // Answers to questions that are not asked.
        guard bytes.first.map({ !(0x3C...0x3F).contains($0) }) ?? true else { return nil }
        let numbers = numbers(bytes[...])
        let first = numbers.first?.first
        let isRelease = numbers.count > 1 && numbers[1].count > 1 && numbers[1][1] == 3
        if isRelease { return nil }
        let modifiers = Key.Modifiers(xterm: numbers.count > 1 ? numbers[1].first ?? 1 : 1)
        switch final {
        case "I" where bytes.isEmpty: return .event(.focus(true))
        case "O" where bytes.isEmpty: return .event(.focus(false))
        case "Z": return .key(Key(.tab, modifiers.union(.shift)))
        case "u": return first.flatMap { typed($0, modifiers) }.map { .key($0) }
        case "~" where first == 200: return .pasteStart
        case "~" where first == 27:
            guard numbers.count > 2, let code = numbers[2].first else { return nil }
            return typed(code, modifiers).map { .key($0) }
        case "~": return first.flatMap { numbered[$0] }.map { .key(Key($0, modifiers)) }
        default: return lettered[final].map { .key(Key($0, modifiers)) }
        }
    }

    /// `ESC O` and a byte: cursor and function keys, and the number pad.
    static func shiftThree(_ byte: UInt8) -> Key? {
        let character = Character(Unicode.Scalar(byte))
        if let code = lettered[character] { return Key(code) }
        switch byte {
        case UInt8(ascii: "M"): return Key(.enter)
        case UInt8(ascii: "I"): return Key(.tab)
        case UInt8(ascii: "j")...UInt8(ascii: "y"):
            return .character(Character(Unicode.Scalar(byte - 0x40)))
        case UInt8(ascii: "X"): return .character("=")
        default: return nil
        }
    }

    /// `ESC [ M` and three bytes, each 32 more than what it says.
    static func oldMouse(_ bytes: [UInt8]) -> InputEvent? {
        let numbers = bytes.map { max(0, Int($0) - 32) }
        // A release does not say of which button.
        let isRelease = numbers[0] & 0b110_0011 == 3
        return mouse(
            isRelease ? numbers[0] & ~3 : numbers[0], x: numbers[1], y: numbers[2],
            isRelease: isRelease)
    }

    private static func mouse(_ bytes: ArraySlice<UInt8>, final: Character) -> InputEvent? {
        let numbers = numbers(bytes)
        guard numbers.count == 3, final == "M" || final == "m", let button = numbers[0].first,
            let x = numbers[1].first, let y = numbers[2].first
        else { return nil }
        return mouse(button, x: x, y: y, isRelease: final == "m")
    }

    private static func mouse(_ button: Int, x: Int, y: Int, isRelease: Bool) -> InputEvent? {
        let kind: MouseEvent.Kind
        switch button & 0b1110_0011 {
        case 0: kind = isRelease ? .release : .press
        case 32: kind = isRelease ? .release : .drag
        case 64: kind = .wheelUp
        case 65: kind = .wheelDown
        default: return nil
        }
        var modifiers: Key.Modifiers = []
        if button & 4 != 0 { modifiers.insert(.shift) }
        if button & 8 != 0 { modifiers.insert(.alt) }
        if button & 16 != 0 { modifiers.insert(.control) }
        let at = Point(x: max(0, x - 1), y: max(0, y - 1))
        return .mouse(MouseEvent(kind, at: at, modifiers: modifiers))
    }

    /// A key named by what it types, as `CSI u` and xterm's `CSI 27` do.
    private static func typed(_ code: Int, _ modifiers: Key.Modifiers) -> Key? {
        switch code {
        case 8, 127: return Key(.backspace, modifiers)
        case 9: return Key(.tab, modifiers)
        case 13, 57414: return Key(.enter, modifiers)
        case 27: return Key(.escape, modifiers)
        // Keys without text that are not used, such as those of a media player.
        case 57344...63743: return nil
        default: break
        }
        guard code >= 32, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init),
            scalar.properties.generalCategory != .control
        else { return nil }
        let character = Character(scalar)
        if modifiers.contains(.control) {
            return Key(
                .character(Character(first: character.lowercased(), or: character)), modifiers)
        }
        // Shift is in the letter, as it is when the letter comes as such.
        guard modifiers.contains(.shift) else { return Key(.character(character), modifiers) }
        return Key(
            .character(Character(first: character.uppercased(), or: character)),
            modifiers.subtracting(.shift))
    }

    /// Numbers between semicolons, each with its parts between colons; one left out is 1, one that
    /// is none is 0.
    private static func numbers(_ bytes: ArraySlice<UInt8>) -> [[Int]] {
        guard !bytes.isEmpty else { return [] }
        return bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
            $0.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
                $0.isEmpty ? 1 : Int(String(decoding: $0, as: UTF8.self)) ?? 0
            }
        }
    }

    private static let lettered: [Character: Key.Code] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "P": .function(1),
        "Q": .function(2), "R": .function(3), "S": .function(4),
    ]

    private static let numbered: [Int: Key.Code] = [
        1: .home, 2: .insert, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
        11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4), 15: .function(5),
        17: .function(6), 18: .function(7), 19: .function(8), 20: .function(9), 21: .function(10),
        23: .function(11), 24: .function(12),
    ]
}

extension Character {
    /// The only character of `text`; `other` when it is not one alone, as ß in upper case.
    fileprivate init(first text: String, or other: Character) {
        self = text.count == 1 ? text.first ?? other : other
    }
}
