extension TextEditor {
    /// The part of the text that is shown.
    struct View: Hashable, Sendable {
        /// Of the layout.
        var topLine: Int
        /// More than 0 only in a field of one line.
        var leftColumn: Int
        var cursor: Point
    }

    /// What a view of a size shows, with the cursor in it unless it was scrolled away.
    func view(of layout: EditorLayout, width: Int, height: Int) -> View {
        let width = max(1, width)
        let height = max(1, height)
        let cell = layout.cell(at: cursor, in: text)
        var top = layout.lineIndex(at: min(topOffset, byteCount))
        top = max(0, min(top, layout.lines.count - height))
        var left = isMultiline ? 0 : leftColumn
        if isFollowing {
            top = max(min(top, cell.y), cell.y - height + 1)
            if !isMultiline { left = max(min(left, cell.x), cell.x - width + 1) }
        }
        return View(topLine: top, leftColumn: left, cursor: cell)
    }

    /// Keeps what is shown, so that it moves no more than it must.
    mutating func keepView(width: Int, height: Int) {
        layOut(width: width)
        let layout = currentLayout(width: width)
        let view = view(of: layout, width: width, height: height)
        topOffset = layout.lines[view.topLine].start
        leftColumn = view.leftColumn
    }

    /// Moves what is shown and leaves the cursor where it is, as a wheel does; the next key goes back
    /// to the cursor.
    ///
    /// - Parameter lines: Down when positive.
    /// - Returns: Whether anything moved.
    @discardableResult
    package mutating func scroll(by lines: Int, width: Int, height: Int) -> Bool {
        keepView(width: width, height: height)
        let layout = currentLayout(width: width)
        let before = topOffset
        let top = layout.lineIndex(at: topOffset) + lines
        let line = max(0, min(top, layout.lines.count - max(1, height)))
        topOffset = layout.lines[line].start
        if topOffset != before { isFollowing = false }
        return topOffset != before
    }

    /// Puts the cursor on the Character at a cell, counted from the top left corner of the text's part
    /// of the screen (``textRect(in:options:)``). A drag outside of it scrolls.
    ///
    /// - Parameter isExtending: For a drag, or a click with Shift.
    package mutating func moveCursor(
        toCell cell: Point, width: Int, height: Int, isExtending: Bool = false
    ) {
        keepView(width: width, height: height)
        let layout = currentLayout(width: width)
        let view = view(of: layout, width: width, height: height)
        let place = Point(
            x: cell.x + view.leftColumn, y: isMultiline ? cell.y + view.topLine : 0)
        moveCursor(to: layout.offset(at: place, in: text), isExtending: isExtending)
        keepView(width: width, height: height)
    }

    /// Whether the cursor is on the first line of the screen's lines at `width`.
    package func isOnFirstLine(width: Int) -> Bool {
        currentLayout(width: width).lineIndex(at: cursor) == 0
    }

    /// Whether the cursor is on the last line of the screen's lines at `width`.
    package func isOnLastLine(width: Int) -> Bool {
        let layout = currentLayout(width: width)
        return layout.lineIndex(at: cursor) == layout.lines.count - 1
    }

    /// Lines of the screen that the text takes at `width`; for inputs that grow.
    package func height(width: Int) -> Int { currentLayout(width: width).lines.count }
}
