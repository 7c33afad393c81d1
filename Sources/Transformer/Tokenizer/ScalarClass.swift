/// What the split patterns ask about a character, as a set of bits.
struct ScalarClass: OptionSet {
    let rawValue: UInt8

    /// `\p{L}`
    static let letter = ScalarClass(rawValue: 1)
    /// `\p{N}`
    static let number = ScalarClass(rawValue: 2)
    /// `\s`: Unicode's White_Space.
    static let space = ScalarClass(rawValue: 4)
    /// `[\r\n]`
    static let lineEnd = ScalarClass(rawValue: 8)
    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
    static let upper = ScalarClass(rawValue: 16)
    /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
    static let lower = ScalarClass(rawValue: 32)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(of scalar: Unicode.Scalar) {
        let properties = scalar.properties
        var bits: ScalarClass =
            switch properties.generalCategory {
            case .uppercaseLetter, .titlecaseLetter: [.letter, .upper]
            case .lowercaseLetter: [.letter, .lower]
            case .modifierLetter, .otherLetter: [.letter, .upper, .lower]
            case .nonspacingMark, .spacingMark, .enclosingMark: [.upper, .lower]
            case .decimalNumber, .letterNumber, .otherNumber: .number
            default: []
            }
        if properties.isWhitespace { bits.insert(.space) }
        if scalar == "\r" || scalar == "\n" { bits.insert(.lineEnd) }
        self = bits
    }

    /// The classes of the first 65,536 code points; nothing for surrogates.
    static let table: [ScalarClass] = (0..<0x10000).map { number in
        Unicode.Scalar(UInt32(number)).map(ScalarClass.init(of:)) ?? []
    }
}

/// A text's characters from its bytes; positions are byte offsets at the start of a character.
struct ScalarReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let classes: UnsafePointer<ScalarClass>

    /// The class of the character at `position`, and the position after it; no class at the end.
    @inline(__always)
    func read(at position: Int) -> (class: ScalarClass, next: Int) {
        guard position < bytes.count else { return ([], position) }
        let lead = bytes[position]
        if lead < 0x80 { return (classes[Int(lead)], position + 1) }
        let (scalar, next) = decode(at: position)
        return scalar < 0x10000
            ? (classes[Int(scalar)], next)
            : (Unicode.Scalar(scalar).map(ScalarClass.init(of:)) ?? [], next)
    }

    /// The character at `position`, which must be inside the text, and the position after it.
    @inline(__always)
    func decode(at position: Int) -> (scalar: UInt32, next: Int) {
        Self.decode(bytes, at: position)
    }

    /// The character at `position` of valid UTF-8, and the position after it.
    @inline(__always)
    static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: Int
    ) -> (scalar: UInt32, next: Int) {
        let lead = UInt32(bytes[position])
        let continuation = { (offset: Int) in UInt32(bytes[position + offset] & 0x3F) }
        if lead < 0x80 { return (lead, position + 1) }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | continuation(1), position + 2) }
        if lead < 0xF0 {
            return ((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2), position + 3)
        }
        let upper = (lead & 0x07) << 18 | continuation(1) << 12
        return (upper | continuation(2) << 6 | continuation(3), position + 4)
    }

    /// The position after the characters from `position` on whose class is not disjoint with `any`.
    @inline(__always)
    func skip(_ any: ScalarClass, from position: Int) -> Int {
        var position = position
        while position < bytes.count {
            let (found, next) = read(at: position)
            if found.isDisjoint(with: any) { break }
            position = next
        }
        return position
    }
}
