/// Walks over the Characters of a text with the cells that each takes.
///
/// A run of ASCII is read byte by byte, since a boundary lies between any two of them but CR LF; the
/// rest goes through `String`. A megabyte of ASCII takes about a millisecond that way.
struct EditorScanner {
    enum Kind {
        /// Something that a line is not broken behind.
        case text
        /// A space or a tab: a line may end behind it.
        case space
        /// A character of two cells: a line may end on both sides of it.
        case wide
        /// What ends a line: the same as for ``SafeText``.
        case lineBreak
    }

    /// One Character, by its place in the text's UTF-8.
    struct Item {
        var start: Int
        var end: Int
        /// 0 for a line break, else at least 1.
        var cells: Int
        var kind: Kind
    }

    private let text: String
    private let bytes: UnsafeBufferPointer<UInt8>
    private let isASCII: Bool
    /// Where the next Character begins.
    var offset: Int

    /// - Parameters:
    ///   - bytes: The UTF-8 of `text`.
    ///   - offset: A boundary between Characters.
    init(_ text: String, bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool, at offset: Int) {
        self.text = text
        self.bytes = bytes
        self.isASCII = isASCII
        self.offset = offset
    }

    /// - Parameter column: Where it stands in its line, which says how wide a tab is.
    mutating func next(column: Int) -> Item? {
        guard offset < bytes.count else { return nil }
        let start = offset
        let byte = bytes[start]
        let following = start + 1 < bytes.count ? bytes[start + 1] : 0
        if byte < 0x80 && following < 0x80 {
            offset = byte == 0x0D && following == 0x0A ? start + 2 : start + 1
            return asciiItem(start: start, column: column)
        }
        if let item = plainItem() {
            offset = item.end
            return item
        }
        // In a substring that begins here nobody looks back for the Character's start, which would
        // take quadratic time in a long row of flags.
        let rest = text[text.index(utf8Offset: start)...]
        let behind = rest.index(after: rest.startIndex)
        offset = max(text.utf8Offset(of: behind), start + 1)
        if byte < 0x80 && offset == start + 1 { return asciiItem(start: start, column: column) }
        return otherItem(start: start, from: rest.startIndex, to: behind)
    }

    private func asciiItem(start: Int, column: Int) -> Item {
        let byte = bytes[start]
        var item = Item(start: start, end: offset, cells: 1, kind: .text)
        switch byte {
        case 0x20: item.kind = .space
        case 0x09: (item.kind, item.cells) = (.space, 4 - column % 4)
        case 0x0A: (item.kind, item.cells) = (.lineBreak, 0)
        case 0x0D where offset == start + 2: (item.kind, item.cells) = (.lineBreak, 0)
        case 0x00..<0x20, 0x7F: item.cells = isASCII ? 2 : 1
        default: break
        }
        return item
    }

    private func otherItem(start: Int, from place: String.Index, to behind: String.Index) -> Item {
        var item = Item(start: start, end: offset, cells: 1, kind: .text)
        if bytes.lineBreakLength(at: start) > 0 {
            (item.kind, item.cells) = (.lineBreak, 0)
            return item
        }
        let source = text[place..<behind]
        item.cells = EditorCharacter(source, isASCII: isASCII).cells
        if item.cells == 2 { item.kind = .wide }
        return item
    }

    /// A letter that is shown as it is, with its accents, before something that begins anew: found
    /// without `String`, which takes several times as long.
    private func plainItem() -> Item? {
        guard !isASCII, let base = bytes.scalar(at: offset), Self.isPlain(base) else { return nil }
        var end = offset + UTF8.width(base)
        while let scalar = bytes.scalar(at: end) {
            if (0x300...0x34E).contains(scalar.value) {
                end += UTF8.width(scalar)
            } else if scalar.isASCII || Self.isPlain(scalar) {
                break
            } else {
                return nil
            }
        }
        let cells = base.cellCount
        guard cells > 0 else { return nil }
        return Item(start: offset, end: end, cells: cells, kind: cells == 2 ? .wide : .text)
    }

    /// Whether it is surely shown as it is: most letters of most languages, to be quick with them.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0x2FF, 0x370...0x482, 0x48A...0x52F, 0x3001...0x3029,
            0x3041...0x3096, 0x30A0...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFF01...0xFF60:
            true
        default: false
        }
    }
}

/// How one Character that is no tab and no line break is shown.
struct EditorCharacter {
    /// Safe text; of at least one cell, so that each place of the cursor is another cell.
    var text: String
    var cells: Int
    /// Whether it stands for something that cannot be shown.
    var isSubstitute: Bool

    init(_ source: Substring, isASCII: Bool) {
        text = String(source).terminalSafe(isASCII: isASCII)
        cells = text.cellCount
        let first = source.unicodeScalars.first
        isSubstitute = text.unicodeScalars.first != first
        if cells == 0, let first {
            // Elsewhere it is left out; whoever edits a text must see it to be able to delete it.
            let digits = String(first.value, radix: 16, uppercase: true)
            text = isASCII ? "<\(digits)>" : "⟨\(digits)⟩"
            cells = text.cellCount
            isSubstitute = true
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The scalar that begins at a place of valid UTF-8; nil at the end.
    func scalar(at offset: Int) -> Unicode.Scalar? {
        guard offset < count else { return nil }
        let first = UInt32(self[offset])
        if first < 0x80 { return Unicode.Scalar(first) }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard offset + length <= count else { return nil }
        var value = first & (0x7F >> UInt32(length))
        for index in 1..<length { value = value << 6 | UInt32(self[offset + index]) & 0x3F }
        return Unicode.Scalar(value)
    }

    /// Bytes of the line break at a place: LF, CR LF, U+0085, U+2028, U+2029; 0 where none begins.
    func lineBreakLength(at offset: Int) -> Int {
        guard offset < count else { return 0 }
        switch self[offset] {
        case 0x0A: return 1
        case 0x0D: return offset + 1 < count && self[offset + 1] == 0x0A ? 2 : 0
        case 0xC2: return offset + 1 < count && self[offset + 1] == 0x85 ? 2 : 0
        case 0xE2:
            guard offset + 2 < count, self[offset + 1] == 0x80 else { return 0 }
            return self[offset + 2] == 0xA8 || self[offset + 2] == 0xA9 ? 3 : 0
        default: return 0
        }
    }

    /// Whether a line break ends right before a place.
    func isLineBreak(before offset: Int) -> Bool {
        if offset >= 1, self[offset - 1] == 0x0A { return true }
        if offset >= 2, lineBreakLength(at: offset - 2) == 2 { return true }
        return offset >= 3 && lineBreakLength(at: offset - 3) == 3
    }
}

extension String {
    func index(utf8Offset offset: Int) -> Index { utf8.index(startIndex, offsetBy: offset) }

    func utf8Offset(of index: Index) -> Int { utf8.distance(from: startIndex, to: index) }

    subscript(utf8Offsets range: Range<Int>) -> Substring {
        self[index(utf8Offset: range.lowerBound)..<index(utf8Offset: range.upperBound)]
    }

    /// The text's UTF-8 in one piece.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(utf8).withUnsafeBufferPointer(body)
    }
}
