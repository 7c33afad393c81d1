/// What a text is drawn with.
package struct EditorOptions: Hashable, Sendable {
    /// What ordinary text is.
    package var role: Role
    /// What it lies on, such as an overlay.
    package var on: Role?
    /// Shown while the text is empty; need not be safe.
    package var placeholder: String
    /// The numbers of the text's own lines, at the left.
    package var hasLineNumbers: Bool
    /// Marks the line that the cursor is on while the text has the focus.
    package var marksLine: Bool

    package init(
        role: Role = .text, on: Role? = nil, placeholder: String = "",
        hasLineNumbers: Bool = false, marksLine: Bool = false
    ) {
        self.role = role
        self.on = on
        self.placeholder = placeholder
        self.hasLineNumbers = hasLineNumbers
        self.marksLine = marksLine
    }
}

extension TextEditor {
    /// The part of `rect` that the text is in, beside the line numbers. Its width and height are those
    /// that ``perform(_:width:height:)`` goes by.
    package func textRect(in rect: Rect, options: EditorOptions = EditorOptions()) -> Rect {
        rect.inset(left: gutterWidth(in: rect, options))
    }

    /// Cells that the line numbers take; 0 where there is no room for them.
    private func gutterWidth(in rect: Rect, _ options: EditorOptions) -> Int {
        guard options.hasLineNumbers, isMultiline else { return 0 }
        let width = max(2, String(lineCount).count) + 1
        return rect.width - width >= 20 ? width : 0
    }

    /// Draws the text into `rect`, which it fills. The cursor shows while the text has the focus.
    package func draw(
        into surface: inout Surface, rect: Rect, isFocused: Bool,
        options: EditorOptions = EditorOptions()
    ) {
        guard !rect.isEmpty else { return }
        let plain = Look(options.role, on: options.on)
        surface.fill(rect, plain)
        let area = textRect(in: rect, options: options)
        let layout = currentLayout(width: area.width)
        let view = view(of: layout, width: area.width, height: area.height)
        if isEmpty { drawPlaceholder(into: &surface, area, options) }
        text.withBytes { bytes in
            for row in 0..<area.height {
                let index = view.topLine + row
                guard index < layout.lines.count else { break }
                let line = layout.lines[index]
                let part = area.row(row)
                if options.hasLineNumbers, area.x > rect.x, layout.isFirst(index) {
                    let number = String(line.number + 1)
                    surface.put(
                        number, x: area.x - 1 - number.count, y: part.y,
                        Look(.editorNumber, on: options.on), in: rect)
                }
                let isMarked = options.marksLine && isFocused && index == view.cursor.y
                let look = isMarked ? plain.on(.editorLine) : plain
                if isMarked { surface.restyle(part) { $0.on(.editorLine) } }
                let scanner = EditorScanner(
                    text, bytes: bytes, isASCII: glyphs.isASCII, at: line.start)
                draw(
                    line, range: layout.range(ofLine: index), scanner, into: &surface, part, look,
                    leftColumn: view.leftColumn)
            }
        }
        let cursor = Point(
            x: area.x + min(view.cursor.x - view.leftColumn, area.width - 1),
            y: area.y + view.cursor.y - view.topLine)
        if isFocused, area.contains(cursor), surface.bounds.contains(cursor) {
            surface.cursor = cursor
        }
    }

    private func drawPlaceholder(
        into surface: inout Surface, _ area: Rect, _ options: EditorOptions
    ) {
        let look = Look(.editorPlaceholder, on: options.on)
        let text = options.placeholder.terminalSafe(isASCII: glyphs.isASCII)
        let lines =
            isMultiline
            ? text.wrapped(to: max(1, area.width))
            : [
                options.placeholder.terminalSafeLine(isASCII: glyphs.isASCII)
                    .truncated(to: area.width, isASCII: glyphs.isASCII)
            ]
        for (row, line) in lines.prefix(area.height).enumerated() {
            surface.put(line, x: area.x, y: area.y + row, look, in: area)
        }
    }

    /// Draws one line of the screen, in pieces of one look.
    ///
    /// - Parameters:
    ///   - range: What the line stands for, its line break included.
    ///   - scanner: At the line's start.
    private func draw(
        _ line: EditorLine, range: Range<Int>, _ scanner: EditorScanner,
        into surface: inout Surface, _ part: Rect, _ look: Look, leftColumn: Int
    ) {
        var scanner = scanner
        let matches = find?.matches(touching: range) ?? []
        var match = matches.startIndex
        var column = 0
        var piece = StyledSpan("", look)
        var pieceColumn = 0
        let last = leftColumn + part.width
        while scanner.offset < line.end, column < last, let item = scanner.next(column: column) {
            defer { column += item.cells }
            guard column + item.cells > leftColumn else { continue }
            while match < matches.endIndex, matches[match].upperBound <= item.start { match += 1 }
            let isMatch = match < matches.endIndex && matches[match].lowerBound <= item.start
            let shown = self.shown(item)
            var itemLook = look
            if shown.isSubstitute { itemLook.role = .muted }
            if isMatch { itemLook = Look(.match) }
            if selection?.contains(item.start) == true { itemLook.on = .editorSelection }
            if itemLook != piece.look || piece.text.isEmpty {
                surface.put(
                    piece.text, x: part.x + pieceColumn - leftColumn, y: part.y, piece.look,
                    in: part)
                piece = StyledSpan("", itemLook)
                pieceColumn = column
            }
            piece.text += shown.text
        }
        surface.put(
            piece.text, x: part.x + pieceColumn - leftColumn, y: part.y, piece.look, in: part)
        // A line break that is selected shows as one cell.
        if line.end < range.upperBound, selection?.contains(line.end) == true {
            surface.restyle(
                Rect(x: part.x + column, y: part.y, width: 1, height: 1).intersection(part)
            ) { $0.on(.editorSelection) }
        }
    }

    private func shown(_ item: EditorScanner.Item) -> (text: String, isSubstitute: Bool) {
        let source = text[utf8Offsets: item.start..<item.end]
        guard item.end == item.start + 1, let byte = source.utf8.first else {
            let character = EditorCharacter(source, isASCII: glyphs.isASCII)
            return (character.text, character.isSubstitute)
        }
        switch byte {
        case 0x09: return (String(repeating: " ", count: item.cells), false)
        case 0x20...0x7E: return (String(source), false)
        default:
            let character = EditorCharacter(source, isASCII: glyphs.isASCII)
            return (character.text, character.isSubstitute)
        }
    }
}
