/// Reading of UTF-8 and of JSON's escapes straight from bytes.
enum UTF8Bytes {
    /// The length of the valid UTF-8 sequence that begins at `at`, `nil` if there is none.
    static func sequenceLength(in bytes: UnsafeBufferPointer<UInt8>, at: Int) -> Int? {
        let lead = bytes[at]
        let count: Int
        var range: ClosedRange<UInt8> = 0x80...0xBF  // of the second byte
        switch lead {
        case 0..<0x80: return 1
        case 0xC2...0xDF: count = 2
        case 0xE0...0xEF:
            count = 3
            if lead == 0xE0 { range = 0xA0...0xBF }
            if lead == 0xED { range = 0x80...0x9F }
        case 0xF0...0xF4:
            count = 4
            if lead == 0xF0 { range = 0x90...0xBF }
            if lead == 0xF4 { range = 0x80...0x8F }
        default: return nil
        }
        guard at + count <= bytes.count, range.contains(bytes[at + 1]) else { return nil }
        for index in (at + 2)..<max(at + 2, at + count) where bytes[index] & 0xC0 != 0x80 {
            return nil
        }
        return count
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
