extension TextEditor {
    /// Puts typed text in place of the selection.
    @discardableResult
    package mutating func insert(_ typed: String) -> Bool {
        isKilling = false
        let typed = isMultiline ? typed : typed.withoutLineBreaks
        return replace(
            selection ?? cursor..<cursor, with: typed, selection == nil ? .typing : .single)
    }

    /// Begins a new line; nothing in a field of one line.
    @discardableResult
    package mutating func insertNewline() -> Bool {
        isMultiline && insert(lineEnd)
    }

    /// Puts a pasted text in place of the selection, in one step. CR LF and CR become line breaks;
    /// tabs and other control characters stay as they are.
    @discardableResult
    package mutating func paste(_ pasted: String) -> Bool {
        isKilling = false
        let pasted = pasted.withLineBreaks(isMultiline ? lineEnd : " ")
        return replace(
            selection ?? cursor..<cursor, with: isMultiline ? pasted : pasted.withoutLineBreaks,
            .single)
    }

    /// Takes away the selection, if there is one.
    @discardableResult
    package mutating func deleteSelection() -> Bool {
        isKilling = false
        guard let selection else { return false }
        return replace(selection, with: "", .single)
    }

    /// Takes away the Character before the cursor, or the selection.
    @discardableResult
    package mutating func deleteBack() -> Bool {
        if selection != nil { return deleteSelection() }
        isKilling = false
        return replace(place(before: cursor)..<cursor, with: "", .deletingBack)
    }

    /// Takes away the Character behind the cursor, or the selection.
    @discardableResult
    package mutating func deleteForward() -> Bool {
        if selection != nil { return deleteSelection() }
        isKilling = false
        return replace(cursor..<place(after: cursor), with: "", .deletingForward)
    }

    mutating func deleteWordBack() -> Bool {
        if selection != nil { return deleteSelection() }
        isKilling = false
        return replace(wordStart(before: cursor)..<cursor, with: "", .single)
    }

    mutating func deleteWordForward() -> Bool {
        if selection != nil { return deleteSelection() }
        isKilling = false
        return replace(cursor..<wordEnd(after: cursor), with: "", .single)
    }

    /// Takes a part of the text away and keeps it for yank. Kills one after the other make one text.
    mutating func kill(_ range: Range<Int>, isBack: Bool) -> Bool {
        guard !range.isEmpty else { return false }
        let piece = String(text[utf8Offsets: range])
        if isKilling {
            killed = isBack ? piece + killed : killed + piece
        } else {
            killed = piece
        }
        let isChanged = replace(range, with: "", .single)
        isKilling = true
        return isChanged
    }

    mutating func killLineStart() -> Bool {
        kill(lineStart(of: cursor)..<cursor, isBack: true)
    }

    /// To the end of the text's own line; at the end, the line break.
    mutating func killLineEnd() -> Bool {
        let end = lineEnd(of: cursor)
        return kill(cursor..<(end > cursor ? end : place(after: cursor)), isBack: false)
    }

    /// Back to the white space before, as readline does.
    mutating func killWordBack() -> Bool {
        kill(chunkStart(before: cursor)..<cursor, isBack: true)
    }

    mutating func killWordForward() -> Bool {
        kill(cursor..<wordEnd(after: cursor), isBack: false)
    }

    mutating func yank() -> Bool {
        isKilling = false
        guard !killed.isEmpty else { return false }
        let text = isMultiline ? killed : killed.withoutLineBreaks
        return replace(selection ?? cursor..<cursor, with: text, .single)
    }

    mutating func selectAll() -> Bool {
        guard !isEmpty, selection != 0..<byteCount else { return false }
        select(0..<byteCount)
        return true
    }

    /// Drops the selection; the cursor stays.
    @discardableResult
    package mutating func dropSelection() -> Bool {
        history.close()
        isKilling = false
        defer { anchor = nil }
        return selection != nil
    }
}
