extension TextEditor {
    /// A way to go through the text.
    enum Move: Sendable {
        case left, right, wordLeft, wordRight, lineStart, lineEnd, up, down, pageUp, pageDown
        case textStart, textEnd
    }

    /// Moves the cursor; lines are those of the screen at `width`.
    ///
    /// - Parameter isExtending: Selects from where the cursor was.
    /// - Returns: Whether the cursor or the selection changed.
    mutating func move(_ move: Move, isExtending: Bool, width: Int, height: Int) -> Bool {
        history.close()
        isKilling = false
        isFollowing = true
        let before = (cursor: cursor, selection: selection)
        var goal: Int?
        switch move {
        case .left:
            if let selection, !isExtending {
                cursor = selection.lowerBound
            } else {
                cursor = place(before: cursor)
            }
        case .right:
            if let selection, !isExtending {
                cursor = selection.upperBound
            } else {
                cursor = place(after: cursor)
            }
        case .wordLeft: cursor = wordStart(before: cursor)
        case .wordRight: cursor = wordEnd(after: cursor)
        case .textStart: cursor = 0
        case .textEnd: cursor = byteCount
        case .lineStart, .lineEnd:
            layOut(width: width)
            cursor = lineEdge(isEnd: move == .lineEnd, width: width)
        case .up, .down, .pageUp, .pageDown:
            layOut(width: width)
            let page = max(1, height - 1)
            let lines =
                switch move {
                case .up: -1
                case .down: 1
                case .pageUp: -page
                default: page
                }
            goal = moveLines(
                lines, isToEdge: isExtending || move == .pageUp || move == .pageDown, width: width)
        }
        goalColumn = goal
        find?.current = nil
        if isExtending {
            if anchor == nil { anchor = before.cursor }
        } else {
            anchor = nil
        }
        return cursor != before.cursor || selection != before.selection
    }

    /// - Parameter isToEdge: On the first and last line, goes to the text's start or end.
    /// - Returns: The column to keep to.
    private mutating func moveLines(_ count: Int, isToEdge: Bool, width: Int) -> Int {
        let layout = currentLayout(width: width)
        let cell = layout.cell(at: cursor, in: text)
        let goal = goalColumn ?? cell.x
        let line = min(max(0, cell.y + count), layout.lines.count - 1)
        if line == cell.y {
            if isToEdge { cursor = count < 0 ? 0 : byteCount }
        } else {
            cursor = layout.offset(at: Point(x: goal, y: line), in: text)
        }
        return goal
    }

    /// The edge of the screen's line; of the text's own line where the cursor stands there already.
    private func lineEdge(isEnd: Bool, width: Int) -> Int {
        let layout = currentLayout(width: width)
        let line = layout.lineIndex(at: cursor)
        let place = isEnd ? layout.lastPlace(ofLine: line, in: text) : layout.lines[line].start
        guard place == cursor else { return place }
        return isEnd ? lineEnd(of: cursor) : lineStart(of: cursor)
    }

    /// The cursor goes to a place, rounded to a Character.
    package mutating func moveCursor(to offset: Int, isExtending: Bool = false) {
        history.close()
        isKilling = false
        isFollowing = true
        goalColumn = nil
        find?.current = nil
        anchor = isExtending ? anchor ?? cursor : nil
        cursor = boundary(from: offset)
    }

    /// Selects a part of the text, the cursor at its end.
    package mutating func select(_ range: Range<Int>) {
        moveCursor(to: range.lowerBound)
        moveCursor(to: range.upperBound, isExtending: true)
    }

    // MARK: - Places

    func place(before offset: Int) -> Int {
        guard offset > 0 else { return 0 }
        return text.utf8Offset(of: text.index(before: text.index(utf8Offset: offset)))
    }

    func place(after offset: Int) -> Int {
        guard offset < byteCount else { return byteCount }
        return text.utf8Offset(of: text.index(after: text.index(utf8Offset: offset)))
    }

    /// The start of the text's own line.
    func lineStart(of offset: Int) -> Int {
        text.withBytes { bytes in
            var place = offset
            while place > 0 && !bytes.isLineBreak(before: place) { place -= 1 }
            return place
        }
    }

    /// The end of the text's own line, before its line break.
    func lineEnd(of offset: Int) -> Int {
        text.withBytes { bytes in
            var place = offset
            while place < bytes.count && bytes.lineBreakLength(at: place) == 0 { place += 1 }
            return place
        }
    }

    /// The start of the word before a place; words are letters and numbers.
    func wordStart(before offset: Int) -> Int {
        let start = skip(before: offset) { !$0.isPartOfWord }
        return characterStart(skip(before: start, while: \.isPartOfWord))
    }

    /// The end of the word behind a place.
    func wordEnd(after offset: Int) -> Int {
        let tail = text.unicodeScalars[text.index(utf8Offset: offset)...]
        let word = tail.drop { !$0.isPartOfWord }
        let end = word.firstIndex { !$0.isPartOfWord } ?? text.endIndex
        return boundary(from: text.utf8Offset(of: end))
    }

    /// The start of what is not white space before a place.
    func chunkStart(before offset: Int) -> Int {
        let start = skip(before: offset, while: \.properties.isWhitespace)
        return characterStart(skip(before: start) { !$0.properties.isWhitespace })
    }

    /// Goes back scalar by scalar: by Characters it would take quadratic time in a row of flags.
    private func skip(before offset: Int, while isSkipped: (Unicode.Scalar) -> Bool) -> Int {
        let scalars = text.unicodeScalars
        var index = text.index(utf8Offset: offset)
        while index > text.startIndex {
            let before = scalars.index(before: index)
            guard isSkipped(scalars[before]) else { break }
            index = before
        }
        return text.utf8Offset(of: index)
    }

    /// The start of the Character that a scalar at a place is a part of.
    private func characterStart(_ offset: Int) -> Int {
        let end = boundary(from: offset)
        return end == offset ? offset : place(before: end)
    }
}

extension Unicode.Scalar {
    fileprivate var isPartOfWord: Bool {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
        case 0..<0x80: return false
        default: break
        }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            return true
        default: return false
        }
    }
}
