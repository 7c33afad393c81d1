/// A text that is being edited: its cursor, selection, undo steps, killed text and search.
///
/// Places in it are offsets in its UTF-8 and always lie on boundaries between Characters. The text is
/// kept byte for byte but for what is edited: control characters and CR LF stay. A text whose first
/// line break is CR LF gets CR LF for new lines and for those of pastes, any other gets LF.
/// What is drawn is always safe (``SafeText``).
///
/// The layout for the width last given is kept and follows each change, so that typing into a megabyte
/// takes no longer than into a page; drawing at another width works it out anew.
package struct TextEditor: Sendable {
    package private(set) var text: String
    /// Whether it has lines; a field of one line gets a space for each line break.
    package let isMultiline: Bool
    /// Signs of the terminal it is shown on; in ASCII more Characters take several cells.
    package var glyphs: Glyphs {
        didSet { if glyphs != oldValue { layout = nil } }
    }
    /// Grows with each change of the text; for saving what has changed.
    package private(set) var revision = 0
    /// Where the next text goes.
    package internal(set) var cursor = 0
    /// The other end of the selection; nil selects nothing.
    package internal(set) var anchor: Int?
    /// What was killed last; for yank.
    package internal(set) var killed = ""
    /// What is looked for; nil while nothing is.
    package internal(set) var find: EditorFind?

    var history = EditorHistory()
    /// Whether the last action killed, so that the next kill adds to the same text.
    var isKilling = false
    /// The column that moves up and down keep to.
    var goalColumn: Int?
    /// The start of the topmost line shown.
    var topOffset = 0
    /// The leftmost column shown of a field of one line.
    var leftColumn = 0
    /// Whether the view goes where the cursor is; not after scrolling by itself.
    var isFollowing = true
    /// For the width last asked for.
    private(set) var layout: EditorLayout?

    /// The cursor stands at the start of a text of lines and at the end of a field.
    package init(
        text: String, isMultiline: Bool = true, glyphs: Glyphs = Glyphs(isASCII: false)
    ) {
        self.text = isMultiline ? text : text.withoutLineBreaks
        self.text.makeContiguousUTF8()
        self.isMultiline = isMultiline
        self.glyphs = glyphs
        if !isMultiline { cursor = self.text.utf8.count }
    }

    package var isEmpty: Bool { text.isEmpty }
    package var byteCount: Int { text.utf8.count }

    /// nil when nothing is selected.
    package var selection: Range<Int>? {
        guard let anchor, anchor != cursor else { return nil }
        return min(anchor, cursor)..<max(anchor, cursor)
    }

    /// As it stands in the text, so not safe; empty when nothing is selected.
    package var selectedText: String {
        selection.map { String(text[utf8Offsets: $0]) } ?? ""
    }

    package var canUndo: Bool { !history.undoSteps.isEmpty }
    package var canRedo: Bool { !history.redoSteps.isEmpty }

    /// What a new line is in this text.
    package var lineEnd: String {
        text.withBytes { bytes in
            guard let feed = bytes.firstIndex(of: 0x0A), feed > 0 else { return "\n" }
            return bytes[feed - 1] == 0x0D ? "\r\n" : "\n"
        }
    }

    /// Lines of the text itself; at least one.
    package var lineCount: Int {
        if let last = layout?.lines.last { return last.number + 1 }
        return lineNumber(of: byteCount) + 1
    }

    /// The line of the text and the Character in it that the cursor stands on, both from 0.
    package var cursorPlace: (line: Int, column: Int) {
        let start = lineStart(of: cursor)
        let line: Int
        if let layout {
            line = layout.lines[layout.lineIndex(at: cursor)].number
        } else {
            line = lineNumber(of: cursor)
        }
        var column = 0
        text.withBytes { bytes in
            var scanner = EditorScanner(text, bytes: bytes, isASCII: false, at: start)
            while scanner.offset < cursor, scanner.next(column: 0) != nil { column += 1 }
        }
        return (line, column)
    }

    private func lineNumber(of offset: Int) -> Int {
        text.withBytes { bytes in
            var number = 0
            var index = 0
            while index < offset {
                let length = bytes.lineBreakLength(at: index)
                if length > 0 { number += 1 }
                index += max(1, length)
            }
            return number
        }
    }

    /// Keeps the layout for `width` from now on. Nothing has to call it, but drawing a long text at
    /// one width again and again is quicker after it.
    package mutating func layOut(width: Int) { layout = currentLayout(width: width) }

    /// The layout for a width, the kept one where it fits.
    func currentLayout(width: Int) -> EditorLayout {
        let width = isMultiline ? max(1, width) : nil
        if let layout, layout.width == width, layout.isASCII == glyphs.isASCII { return layout }
        return EditorLayout(text, width: width, isASCII: glyphs.isASCII)
    }

    // MARK: - Changes

    /// Replaces a part of the text and puts the cursor behind what is new.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    mutating func replace(
        _ range: Range<Int>, with new: String, _ kind: EditorHistory.Kind,
        cursor place: Int? = nil
    ) -> Bool {
        guard !(range.isEmpty && new.isEmpty) else { return false }
        let removed = String(text[utf8Offsets: range])
        guard removed.utf8.count != new.utf8.count || !removed.utf8.elementsEqual(new.utf8) else {
            return false
        }
        let before = (cursor: cursor, anchor: anchor)
        apply(range, with: new)
        cursor = boundary(from: place ?? range.lowerBound + new.utf8.count)
        history.add(
            EditorHistory.Step(
                offset: range.lowerBound, removed: removed, inserted: new,
                cursorBefore: before.cursor, anchorBefore: before.anchor, cursorAfter: cursor),
            kind)
        return true
    }

    /// Changes the text alone and what goes with it: layout, view, matches.
    private mutating func apply(_ range: Range<Int>, with new: String) {
        let inserted = new.utf8.count
        text.replaceSubrange(
            text.index(utf8Offset: range.lowerBound)..<text.index(utf8Offset: range.upperBound),
            with: new)
        text.makeContiguousUTF8()
        revision += 1
        layout?.update(text, at: range.lowerBound, removed: range.count, inserted: inserted)
        if range.lowerBound < topOffset {
            topOffset = max(range.lowerBound, topOffset + inserted - range.count)
        }
        anchor = nil
        goalColumn = nil
        isFollowing = true
        if let find { self.find = EditorFind(find.pattern, in: text, origin: find.origin) }
    }

    @discardableResult
    package mutating func undo() -> Bool {
        isKilling = false
        guard let step = history.undo() else { return false }
        apply(
            step.offset..<step.offset + step.inserted.utf8.count, with: step.removed)
        cursor = step.cursorBefore
        anchor = step.anchorBefore
        return true
    }

    @discardableResult
    package mutating func redo() -> Bool {
        isKilling = false
        guard let step = history.redo() else { return false }
        apply(step.offset..<step.offset + step.removed.utf8.count, with: step.inserted)
        cursor = step.cursorAfter
        return true
    }

    /// The text becomes another, in one step that can be undone. The cursor stays by the text that it
    /// stands in, where that is left.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    package mutating func setText(_ new: String) -> Bool {
        isKilling = false
        let new = isMultiline ? new : new.withoutLineBreaks
        guard let change = TextChange(from: text, to: new) else { return false }
        let place: Int
        if cursor <= change.range.lowerBound {
            place = cursor
        } else if cursor >= change.range.upperBound {
            place = cursor + change.inserted.utf8.count - change.range.count
        } else {
            place = change.range.lowerBound + change.inserted.utf8.count
        }
        return replace(change.range, with: change.inserted, .single, cursor: place)
    }

    /// The text as an editor outside has left it, in one step that can be undone. Such editors end the
    /// last line with a line break; where there was none before, it is taken away again.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    package mutating func replaceAll(with new: String) -> Bool {
        guard let end = new.last, end == "\n" || end == "\r\n", text.last?.isNewline != true else {
            return setText(new)
        }
        return setText(String(new.dropLast()))
    }

    /// The nearest boundary between Characters at a place or behind it.
    func boundary(from offset: Int) -> Int {
        let offset = min(max(0, offset), byteCount)
        let index = text.index(utf8Offset: offset)
        return text.isBoundary(index) ? offset : text.utf8Offset(of: text.index(after: index))
    }
}

extension TextEditor: Hashable {
    /// Without the undo steps and the layout, which follow from what was done.
    package static func == (left: TextEditor, right: TextEditor) -> Bool {
        left.revision == right.revision && left.cursor == right.cursor
            && left.anchor == right.anchor && left.topOffset == right.topOffset
            && left.leftColumn == right.leftColumn && left.isFollowing == right.isFollowing
            && left.isMultiline == right.isMultiline && left.glyphs == right.glyphs
            && left.find == right.find && left.killed == right.killed && left.text == right.text
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(revision)
        hasher.combine(cursor)
        hasher.combine(byteCount)
    }
}
