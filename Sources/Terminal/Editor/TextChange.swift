/// What makes one text of another: the part between their common beginning and end.
struct TextChange {
    /// Of the first text, in its UTF-8; on boundaries between scalars.
    let range: Range<Int>
    let inserted: String

    /// nil where the texts are the same, byte for byte.
    init?(from old: String, to new: String) {
        let (range, length) = old.withBytes { old in
            new.withBytes { new in
                let shared = min(old.count, new.count)
                var start = 0
                while start < shared && old[start] == new[start] { start += 1 }
                while start > 0, Self.isInside(old, start) || Self.isInside(new, start) {
                    start -= 1
                }
                var end = 0
                while end < shared - start && old[old.count - 1 - end] == new[new.count - 1 - end] {
                    end += 1
                }
                while end > 0 && Self.isInside(old, old.count - end) { end -= 1 }
                return (start..<old.count - end, new.count - end - start)
            }
        }
        guard !range.isEmpty || length > 0 else { return nil }
        self.range = range
        inserted = String(new[utf8Offsets: range.lowerBound..<range.lowerBound + length])
    }

    /// Whether a place lies within a scalar.
    private static func isInside(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Bool {
        offset < bytes.count && bytes[offset] & 0xC0 == 0x80
    }
}

extension String {
    /// With a space in place of each line break, CR LF being one.
    var withoutLineBreaks: String {
        let isWhole = withBytes { bytes in
            bytes.indices.allSatisfy { bytes.lineBreakLength(at: $0) == 0 }
        }
        guard !isWhole else { return self }
        return String(map { $0.isLineBreak ? " " : $0 })
    }

    /// As text is pasted: CR LF and CR become `lineEnd`.
    func withLineBreaks(_ lineEnd: String) -> String {
        if lineEnd == "\n", !utf8.contains(0x0D) { return self }
        var text = ""
        text.reserveCapacity(utf8.count)
        for character in self {
            if character == "\r\n" || character == "\r" || character == "\n" {
                text += lineEnd
            } else {
                text.append(character)
            }
        }
        return text
    }
}

extension Character {
    /// The same as for ``SafeText``: a lone carriage return is none.
    var isLineBreak: Bool {
        switch self {
        case "\n", "\r\n", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
