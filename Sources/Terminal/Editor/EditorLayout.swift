/// A line of the screen that shows a part of a text, by places in the text's UTF-8.
struct EditorLine: Hashable, Sendable {
    var start: Int
    /// Behind the last Character shown: before the line break, or where the next line begins.
    var end: Int
    /// The text's own line that it is a part of, from 0.
    var number: Int
}

/// Where each Character of a text stands when the text is wrapped to a width.
///
/// Lines are broken behind spaces and around wide characters; what has neither is cut. The text takes
/// one column less than there is, so that the cursor has room behind it; one space may stand there.
/// The lines tile the text: each ends where the next begins. Places are offsets in the text's
/// UTF-8 and lie on boundaries between Characters.
struct EditorLayout: Hashable, Sendable {
    /// Cells of a line with the cursor; nil does not wrap.
    let width: Int?
    /// Characters are measured as ``SafeText`` shows them.
    let isASCII: Bool
    /// At least one.
    private(set) var lines: [EditorLine] = []
    /// Of the text's UTF-8.
    private(set) var byteCount = 0

    init(_ text: String, width: Int?, isASCII: Bool) {
        self.width = width.map { max(1, $0) }
        self.isASCII = isASCII
        byteCount = text.utf8.count
        lines.reserveCapacity(byteCount / 64 + 1)
        text.withBytes { bytes in
            var scanner = EditorScanner(text, bytes: bytes, isASCII: isASCII, at: 0)
            var number = 0
            while true {
                let (line, ending) = nextLine(&scanner, bytes: bytes, number: number)
                lines.append(line)
                if ending == .text { break }
                if ending == .line { number += 1 }
            }
        }
    }

    /// Follows a change of the text, working out only the lines that it may have moved.
    ///
    /// - Parameters:
    ///   - text: As it is now.
    ///   - offset: Where the change began.
    ///   - removed: Bytes that stood there before.
    ///   - inserted: Bytes that stand there now.
    mutating func update(_ text: String, at offset: Int, removed: Int, inserted: Int) {
        let delta = inserted - removed
        byteCount = text.utf8.count
        // Where a line breaks depends on what stands up to two lines behind it.
        let first = max(0, lineIndex(at: offset) - 3)
        var tail = first
        var fresh: [EditorLine] = []
        var number = lines[first].number
        text.withBytes { bytes in
            var scanner = EditorScanner(
                text, bytes: bytes, isASCII: isASCII, at: lines[first].start)
            while true {
                let (line, ending) = nextLine(&scanner, bytes: bytes, number: number)
                fresh.append(line)
                if ending == .line { number += 1 }
                if ending == .text {
                    tail = lines.count
                    break
                }
                let start = scanner.offset
                guard start >= offset + inserted else { continue }
                while tail < lines.count && lines[tail].start + delta < start { tail += 1 }
                // From a line that begins where one began before, all goes on as before.
                if tail < lines.count && lines[tail].start + delta == start
                    && lines[tail].start >= offset + removed
                {
                    break
                }
            }
        }
        if tail < lines.count {
            let numberDelta = number - lines[tail].number
            if delta != 0 || numberDelta != 0 {
                for index in tail..<lines.count {
                    lines[index].start += delta
                    lines[index].end += delta
                    lines[index].number += numberDelta
                }
            }
        }
        lines.replaceSubrange(first..<tail, with: fresh)
    }

    private enum Ending {
        /// Broken by the width, by the text's own line break, or by its end.
        case width, line, text
    }

    /// Finds the line that begins at the scanner's place and moves the scanner to the next.
    private func nextLine(
        _ scanner: inout EditorScanner, bytes: UnsafeBufferPointer<UInt8>, number: Int
    ) -> (EditorLine, Ending) {
        let room = width.map { max(1, $0 - 1) } ?? Int.max
        var line = EditorLine(start: scanner.offset, end: scanner.offset, number: number)
        var column = 0
        var breakOffset: Int?
        while let item = scanner.next(column: column) {
            if item.kind == .lineBreak {
                line.end = item.start
                return (line, .line)
            }
            if item.cells > room - column && item.start > line.start {
                if item.kind == .space {
                    line.end = item.end
                    let length = bytes.lineBreakLength(at: item.end)
                    if length > 0 { scanner.offset = item.end + length }
                    return (line, length > 0 ? .line : item.end == bytes.count ? .text : .width)
                }
                line.end = item.kind == .wide ? item.start : breakOffset ?? item.start
                scanner.offset = line.end
                return (line, .width)
            }
            column += item.cells
            if item.kind != .text { breakOffset = item.end }
        }
        line.end = bytes.count
        return (line, .text)
    }

    /// The line that shows a place.
    func lineIndex(at offset: Int) -> Int {
        var low = 0
        var high = lines.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lines[middle].start <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// The part of the text that a line stands for, its line break included.
    func range(ofLine index: Int) -> Range<Int> {
        lines[index].start..<(index + 1 < lines.count ? lines[index + 1].start : byteCount)
    }

    /// Whether a line begins one of the text's own lines.
    func isFirst(_ index: Int) -> Bool {
        index == 0 || lines[index - 1].number != lines[index].number
    }

    /// Whether a line goes on in the next without a line break.
    private func isBroken(_ index: Int) -> Bool {
        index + 1 < lines.count && lines[index + 1].number == lines[index].number
    }

    /// The last place that a line shows: its end, or before its last Character where the end is
    /// the next line's start.
    func lastPlace(ofLine index: Int, in text: String) -> Int {
        let line = lines[index]
        guard isBroken(index), line.end > line.start else { return line.end }
        return text.utf8Offset(of: text.index(before: text.index(utf8Offset: line.end)))
    }

    /// The column and the line of a place. The column may lie behind the width at the end of a line
    /// that is full.
    func cell(at offset: Int, in text: String) -> Point {
        let index = lineIndex(at: offset)
        var column = 0
        text.withBytes { bytes in
            var scanner = EditorScanner(
                text, bytes: bytes, isASCII: isASCII, at: lines[index].start)
            while scanner.offset < offset, let item = scanner.next(column: column) {
                guard item.end <= offset else { break }
                column += item.cells
            }
        }
        return Point(x: column, y: index)
    }

    /// The place whose Character covers a cell, or the nearest: cells outside are brought inside.
    func offset(at cell: Point, in text: String) -> Int {
        if cell.y < 0 { return 0 }
        if cell.y >= lines.count { return byteCount }
        let line = lines[cell.y]
        return text.withBytes { bytes in
            var scanner = EditorScanner(text, bytes: bytes, isASCII: isASCII, at: line.start)
            var column = 0
            var last = line.start
            while scanner.offset < line.end, let item = scanner.next(column: column) {
                column += item.cells
                if column > cell.x { return item.start }
                last = item.start
            }
            return isBroken(cell.y) ? last : line.end
        }
    }
}
