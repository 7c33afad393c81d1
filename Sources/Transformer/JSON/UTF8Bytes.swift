/// Reading of UTF-8 and of JSON's escapes straight from bytes.
enum UTF8Bytes {
    /// How many bytes a sequence has that begins with `lead`, and what its second may be; `nil` if
    /// none begins so.
    static func shape(of lead: UInt8) -> (count: Int, second: ClosedRange<UInt8>)? {
        switch lead {
        case 0..<0x80: (1, 0x80...0xBF)
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: nil
        }
    }

    /// The length of the valid UTF-8 sequence that begins at `at`, `nil` if there is none.
    static func sequenceLength(in bytes: UnsafeBufferPointer<UInt8>, at: Int) -> Int? {
        guard let (count, second) = shape(of: bytes[at]) else { return nil }
        guard count > 1 else { return 1 }
        guard at + count <= bytes.count, second.contains(bytes[at + 1]) else { return nil }
        for index in (at + 2)..<(at + count) where bytes[index] & 0xC0 != 0x80 { return nil }
        return count
    }

    /// How many bytes at the end of `bytes` are the start of a longer sequence, `0...3`.
    ///
    /// An encoded surrogate can never become valid; it still counts until it is whole, as in the
    /// incremental decoder that the reference data comes from.
    static func incompleteTail(of bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let tail = bytes[(bytes.count - count)...]
            guard let lead = tail.first, lead & 0xC0 != 0x80 else { continue }
            guard let (whole, second) = shape(of: lead), whole > count else { return 0 }
            let possible = lead == 0xED ? 0x80...0xBF : second
            return tail.dropFirst().prefix(1).allSatisfy(possible.contains) ? count : 0
        }
        return 0
    }

    /// The code unit that `\uXXXX` at `at` stands for.
    static func escapedUnit(in bytes: UnsafeBufferPointer<UInt8>, at: Int) -> UInt16? {
        guard at + 6 <= bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt16 = 0
        for byte in bytes[(at + 2)..<(at + 6)] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                return nil
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// Appends the text of a checked JSON string, escapes decoded.
    static func appendUnescaped(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to text: inout [UInt8]
    ) {
        var at = range.lowerBound
        while at < range.upperBound {
            guard bytes[at] == UInt8(ascii: "\\") else {
                text.append(bytes[at])
                at += 1
                continue
            }
            switch bytes[at + 1] {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var units = [escapedUnit(in: bytes, at: at) ?? 0xFFFD]
                at += 4
                if UTF16.isLeadSurrogate(units[0]) {
                    units.append(escapedUnit(in: bytes, at: at + 2) ?? 0xFFFD)
                    at += 6
                }
                text.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
            default: text.append(bytes[at + 1])
            }
            at += 2
        }
    }
}
