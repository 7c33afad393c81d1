internal import Foundation

/// Takes keys out of what is shown: those it was told, and what stands where keys stand.
struct Redaction: Sendable {
    /// What is shown in place of a key.
    static let mark = "(key)"

    /// Fields of JSON whose text is a key.
    private static let fields: [[UInt8]] = [
        "jwt", "access_token", "refresh_token", "id_token", "api_key", "apiKey", "client_secret",
        "password",
    ].map { Array($0.utf8) }
    /// Parts of the names of query items whose value is a key.
    private static let queryNames = [
        "key", "token", "sig", "secret", "password", "credential", "policy", "auth", "jwt",
    ]

    /// Longest first, without those that are part of the mark's own text.
    private var needles: [[UInt8]] = []

    /// From now on `secret` is taken out: as it is, escaped for JSON or an address, and as the
    /// password of basic authentication.
    mutating func hide(_ secret: Secret) {
        secret.withText { text in
            add(text)
            add(Self.base64("api:" + text))
            add(Self.base64(text))
            // A key that is itself the text of basic authentication.
            if let data = Data(base64Encoded: text), let colon = data.firstIndex(of: 0x3A) {
                let password = data[(colon + 1)...]
                if password.count >= 8, password.allSatisfy({ (0x21...0x7E).contains($0) }) {
                    add(String(decoding: password, as: UTF8.self))
                }
            }
        }
    }

    private static func base64(_ text: String) -> String {
        // The padding may be left off.
        Data(text.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
    }

    private mutating func add(_ text: String) {
        let needle = Array(text.utf8)
        guard !needle.isEmpty, !needles.contains(needle) else { return }
        needles.append(needle)
        needles.sort { $0.count > $1.count }
    }

    /// `text` without keys.
    func redacted(_ text: String) -> String {
        String(decoding: redacted(Array(text.utf8), isCut: false), as: UTF8.self)
    }

    /// `bytes` without keys.
    ///
    /// - Parameter isCut: Whether more followed: then a key's beginning at the end is taken out too.
    func redacted(_ bytes: [UInt8], isCut: Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        let mark = Array(Self.mark.utf8)
        var index = 0
        while index < bytes.count {
            if let end = keyEnd(bytes, at: index, isCut: isCut) {
                result += mark
                index = end
            } else if let value = Self.valueRange(bytes, at: index) {
                result += bytes[index..<value.lowerBound]
                result += mark
                index = value.upperBound
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    // MARK: Keys that are known

    private func keyEnd(_ bytes: [UInt8], at start: Int, isCut: Bool) -> Int? {
        for needle in needles {
            for isEscaped in [false, true] {
                let end = Self.end(of: needle, in: bytes, at: start, isEscaped, isCut: isCut)
                if let end { return end }
            }
        }
        return nil
    }

    /// Where `needle`, which begins at `start`, ends.
    private static func end(
        of needle: [UInt8], in bytes: [UInt8], at start: Int, _ isEscaped: Bool, isCut: Bool
    ) -> Int? {
        var index = start
        for byte in needle {
            guard index < bytes.count else { return isCut ? index : nil }
            if isEscaped, let count = escape(of: byte, in: bytes, at: index, isCut: isCut) {
                index = min(index + count, bytes.count)
            } else if bytes[index] == byte {
                index += 1
            } else {
                return nil
            }
        }
        return index
    }

    /// How many bytes at `index` stand for `byte`: `\u0041`, `\/`, `%41`.
    private static func escape(
        of byte: UInt8, in bytes: [UInt8], at index: Int, isCut: Bool
    ) -> Int? {
        guard bytes[index] == UInt8(ascii: "\\") || bytes[index] == UInt8(ascii: "%") else {
            return nil
        }
        let rest = bytes[index...]
        let hexadecimal = String(UInt32(byte) + 0x1_0000, radix: 16).suffix(4)
        let escapes = [
            Array("\\u\(hexadecimal)".utf8), Array("%\(hexadecimal.suffix(2))".utf8),
            [UInt8(ascii: "\\"), byte],
        ]
        for escape in escapes {
            let found = rest.prefix(escape.count)
            let isShort = found.count < escape.count
            guard !isShort || isCut else { continue }
            let isSame = zip(found, escape).enumerated().allSatisfy { position, pair in
                // Digits come in both cases; an escaped character itself does not.
                position == 0 || escape.count == 2
                    ? pair.0 == pair.1 : lowercased(pair.0) == pair.1
            }
            if isSame { return escape.count }
        }
        return nil
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    // MARK: Places of keys

    /// The value of a field or query item that begins at `start`, if a key stands there.
    private static func valueRange(_ bytes: [UInt8], at start: Int) -> Range<Int>? {
        switch bytes[start] {
        case UInt8(ascii: "\""): fieldValue(bytes, at: start)
        case UInt8(ascii: "?"), UInt8(ascii: "&"): queryValue(bytes, at: start + 1)
        case UInt8(ascii: "\\") where bytes[start...].starts(with: Array("\\u0026".utf8)):
            queryValue(bytes, at: start + 6)
        case UInt8(ascii: ":") where bytes[start...].starts(with: Array("://".utf8)):
            userInformation(bytes, at: start + 3)
        default: nil
        }
    }

    /// Of `"jwt": "…"`, also where the quotes are escaped.
    private static func fieldValue(_ bytes: [UInt8], at start: Int) -> Range<Int>? {
        let backslash = UInt8(ascii: "\\")
        let quote = UInt8(ascii: "\"")
        let name = fields.first { bytes[(start + 1)...].starts(with: $0) }
        guard let name else { return nil }
        var index = start + 1 + name.count
        var isNested = false
        func skip(_ wanted: (UInt8) -> Bool) {
            while index < bytes.count, wanted(bytes[index]) { index += 1 }
        }
        if index < bytes.count, bytes[index] == backslash {
            isNested = true
            index += 1
        }
        guard index < bytes.count, bytes[index] == quote else { return nil }
        index += 1
        skip { $0 <= 0x20 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        skip { $0 <= 0x20 || (isNested && $0 == backslash) }
        guard index < bytes.count, bytes[index] == quote else { return nil }
        index += 1
        let value = index
        while index < bytes.count, bytes[index] != quote {
            if bytes[index] == backslash {
                if isNested { break }
                index += 1
            }
            index += 1
        }
        return value..<min(index, bytes.count)
    }

    private static func queryValue(_ bytes: [UInt8], at start: Int) -> Range<Int>? {
        let end = bytes[start...].prefix(100).firstIndex(of: UInt8(ascii: "="))
        guard let end else { return nil }
        let isName = bytes[start..<end].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "%"), UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
        guard isName else { return nil }
        let name = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
        guard queryNames.contains(where: { name.contains($0) }) else { return nil }
        let stops = Set("&#\"'<>\\ \t\r\n".utf8)
        let value = end + 1
        let stop = bytes[value...].firstIndex { stops.contains($0) } ?? bytes.count
        return value..<stop
    }

    /// Of `://user:password@host`.
    private static func userInformation(_ bytes: [UInt8], at start: Int) -> Range<Int>? {
        let stops = Set("/?#\"'<>\\ \t\r\n@".utf8)
        let stop = bytes[start...].prefix(1000).firstIndex { stops.contains($0) }
        guard let stop, bytes[stop] == UInt8(ascii: "@"), stop > start else { return nil }
        return start..<stop
    }
}
