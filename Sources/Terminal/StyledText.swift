/// Safe text with a look for every scalar, from which lines are made.
struct StyledText {
    private(set) var scalars: [Unicode.Scalar] = []
    /// Beside each scalar, the number of its look.
    private var numbers: [UInt16] = []
    private var looks: [Look] = []

    var isEmpty: Bool { scalars.isEmpty }

    mutating func append(_ scalar: Unicode.Scalar, _ look: Look) {
        scalars.append(scalar)
        numbers.append(number(of: look))
    }

    mutating func append(_ text: some StringProtocol, _ look: Look) {
        let number = number(of: look)
        scalars.append(contentsOf: text.unicodeScalars)
        numbers.append(contentsOf: repeatElement(number, count: scalars.count - numbers.count))
    }

    private mutating func number(of look: Look) -> UInt16 {
        // Neighbours mostly look the same, and there are few looks in a text.
        if let last = numbers.last, looks[Int(last)] == look { return last }
        if let index = looks.firstIndex(of: look) { return UInt16(index) }
        looks.append(look)
        return UInt16(looks.count - 1)
    }

    /// All of it on one line.
    var line: StyledLine { line(scalars.indices) }

    private func line(_ range: Range<Int>, after prefix: StyledLine = StyledLine()) -> StyledLine {
        var line = prefix
        var start = range.lowerBound
        while start < range.upperBound {
            let end =
                numbers[start..<range.upperBound].firstIndex { $0 != numbers[start] }
                ?? range.upperBound
            let text = String(String.UnicodeScalarView(scalars[start..<end]))
            line.spans.append(StyledSpan(text, looks[Int(numbers[start])]))
            start = end
        }
        return line
    }

    /// Lines broken at line feeds and, where they would be too long, at spaces, before and behind wide
    /// characters, or else where they are full.
    ///
    /// - Parameters:
    ///   - width: Of the lines with what stands before them, at least 1. A character that is wider
    ///     stands alone.
    ///   - first: What stands before the first line.
    ///   - rest: What stands before all others.
    ///   - breaksAnywhere: For code: spaces are kept and lines are filled.
    func wrapped(
        to width: Int, first: StyledLine = StyledLine(), rest: StyledLine = StyledLine(),
        breaksAnywhere: Bool = false
    ) -> [StyledLine] {
        let firstRoom = max(1, width - first.cellCount)
        let restRoom = max(1, width - rest.cellCount)
        var lines: [StyledLine] = []
        var start = 0
        while start <= scalars.count {
            let end = scalars[start...].firstIndex(of: "\n") ?? scalars.count
            var rows = StyledRows(
                scalars: scalars, room: start == 0 ? firstRoom : restRoom, otherRoom: restRoom,
                breaksAnywhere: breaksAnywhere)
            for row in rows.rows(of: start..<end) {
                lines.append(line(row, after: lines.isEmpty ? first : rest))
            }
            start = end + 1
        }
        return lines
    }
}

/// Breaks one paragraph into rows.
private struct StyledRows {
    let scalars: [Unicode.Scalar]
    /// Cells of the row that is being filled.
    var room: Int
    /// Cells of the rows behind it.
    let otherRoom: Int
    let breaksAnywhere: Bool

    mutating func rows(of range: Range<Int>) -> [Range<Int>] {
        var rows: [Range<Int>] = []
        var start = range.lowerBound
        var cells = 0
        // Where the row may end, and where the next would begin.
        var chance: (end: Int, next: Int)?
        var wasWide = false
        var index = start
        while index < range.upperBound {
            let scalar = scalars[index]
            let count = scalar.cellCount
            let isSpace = scalar == " " && !breaksAnywhere
            if count > 0, index > start, !breaksAnywhere, wasWide || count == 2 {
                chance = (index, index)
            }
            // Spaces at the end of a row may stand beyond it: they are cut off.
            if cells + count > room, count > 0, index > start, !isSpace {
                let place = chance ?? (index, index)
                let row = trimmed(start..<place.end)
                // A row of nothing but spaces is an indentation that leaves no room.
                if !row.isEmpty {
                    rows.append(row)
                    room = otherRoom
                }
                // What stands behind the break is gone through again: less than a row.
                start = place.next
                index = start
                cells = 0
                chance = nil
                wasWide = false
                continue
            }
            if isSpace { chance = (index, index + 1) }
            if count > 0 { wasWide = count == 2 }
            cells += count
            index += 1
        }
        rows.append(trimmed(start..<range.upperBound))
        return rows
    }

    private func trimmed(_ row: Range<Int>) -> Range<Int> {
        if breaksAnywhere { return row }
        var end = row.upperBound
        while end > row.lowerBound, scalars[end - 1] == " " { end -= 1 }
        return row.lowerBound..<end
    }
}

extension Look {
    /// The same, marked as `role`: it keeps what it lies on and its own attributes.
    func marked(_ role: Role) -> Look { Look(role, on: on, attributes: attributes) }
}
