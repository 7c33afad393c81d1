/// How a cell looks, in words of the theme.
package struct Look: Hashable, Sendable {
    /// What the text is.
    package var role: Role
    /// What it lies on, such as a selection: its background, and its attributes besides.
    package var on: Role?
    /// Besides those of the roles.
    package var attributes: Style.Attributes

    package init(_ role: Role, on: Role? = nil, attributes: Style.Attributes = []) {
        self.role = role
        self.on = on
        self.attributes = attributes
    }

    /// The same text lying on `role`.
    package func on(_ role: Role?) -> Look { Look(self.role, on: role, attributes: attributes) }
}

/// One cell of a surface.
package struct Cell: Hashable, Sendable {
    /// A base of one or two cells and at most four marks; empty in the cell behind a wide base.
    package var text: String
    package var look: Look

    /// Nothing, on the theme's background.
    package static let blank = Cell(text: " ", look: Look(.text))
}

/// A grid of cells that everything is drawn into. Only a screen brings it to a terminal.
///
/// Whatever lies outside of it is not drawn. Texts must be safe
/// (``Swift/String/terminalSafe(isASCII:)``): a control character is a mistake of the program and
/// stops it.
package struct Surface: Hashable, Sendable {
    package let size: Size
    /// Row by row.
    package private(set) var cells: [Cell]
    /// Where the terminal's cursor is shown; nil hides it.
    package var cursor: Point?

    package init(_ size: Size) {
        self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
        cells = Array(repeating: .blank, count: self.size.columns * self.size.rows)
    }

    /// All of it.
    package var bounds: Rect { Rect(size) }

    /// The cell at a place inside.
    package subscript(x: Int, y: Int) -> Cell { cells[y * size.columns + x] }

    /// Draws one line of text, cut at the edge of `clip`; a wide character that does not fit is left
    /// out.
    ///
    /// - Parameter clip: nil is the whole surface.
    /// - Returns: Cells from `x` to the end of the text, as if nothing had been cut.
    @discardableResult
    package mutating func put(
        _ text: some StringProtocol, x: Int, y: Int, _ look: Look, in clip: Rect? = nil
    ) -> Int {
        let clip = clip?.intersection(bounds) ?? bounds
        let isInside = y >= clip.y && y < clip.maxY
        var column = x
        // The base that is waiting for its marks; empty before the first.
        var cluster = ""
        var markCount = 0
        var width = 0
        for scalar in text.unicodeScalars {
            precondition(
                scalar.value >= 0x20 && scalar.value != 0x7F
                    && !(0x80..<0xA0).contains(scalar.value),
                "a control character cannot be drawn")
            let count = scalar.cellCount
            if count == 0 {
                // A mark without a base has nowhere to go.
                if !cluster.isEmpty, markCount < 4 {
                    cluster.unicodeScalars.append(scalar)
                    markCount += 1
                }
                continue
            }
            if isInside { set(cluster, width: width, x: column, y: y, look, in: clip) }
            column += width
            cluster = String(scalar)
            markCount = 0
            width = count
        }
        if isInside { set(cluster, width: width, x: column, y: y, look, in: clip) }
        return column + width - x
    }

    /// Draws pieces of text one behind the other.
    @discardableResult
    package mutating func put(
        _ line: StyledLine, x: Int, y: Int, in clip: Rect? = nil, on role: Role? = nil
    ) -> Int {
        line.spans.reduce(0) { column, span in
            let look = role.map { span.look.on($0) } ?? span.look
            return column + put(span.text, x: x + column, y: y, look, in: clip)
        }
    }

    /// Fills a part with one character of one cell.
    package mutating func fill(_ rect: Rect, _ look: Look, with text: String = " ") {
        let rect = rect.intersection(bounds)
        for y in rect.y..<rect.maxY {
            for x in rect.x..<rect.maxX {
                set(text, width: 1, x: x, y: y, look, in: rect)
            }
        }
    }

    /// Changes how what is drawn there looks, keeping the text.
    package mutating func restyle(_ rect: Rect, _ change: (Look) -> Look) {
        let rect = rect.intersection(bounds)
        for y in rect.y..<rect.maxY {
            for x in rect.x..<rect.maxX {
                let index = y * size.columns + x
                cells[index].look = change(cells[index].look)
            }
        }
    }

    private mutating func set(
        _ text: String, width: Int, x: Int, y: Int, _ look: Look, in clip: Rect
    ) {
        guard width > 0, x >= clip.x, x + width <= clip.maxX else { return }
        let index = y * size.columns + x
        // What is left of a wide character that is half covered becomes blank.
        if cells[index].text.isEmpty, x > 0 { cells[index - 1].text = " " }
        let end = index + width
        if x + width < size.columns, cells[end].text.isEmpty { cells[end].text = " " }
        cells[index] = Cell(text: text, look: look)
        if width == 2 { cells[index + 1] = Cell(text: "", look: look) }
    }

    /// The rows as text, without spaces at their ends: what tests compare.
    package var lines: [String] {
        (0..<size.rows).map { y in
            let row = cells[y * size.columns..<(y + 1) * size.columns].map(\.text).joined()
            return row.lastIndex { $0 != " " }.map { String(row[...$0]) } ?? ""
        }
    }
}

/// A piece of safe text of one look.
package struct StyledSpan: Hashable, Sendable {
    package var text: String
    package var look: Look

    package init(_ text: String, _ look: Look) {
        self.text = text
        self.look = look
    }

    package init(_ text: String, _ role: Role) { self.init(text, Look(role)) }
}

/// One line of safe text in pieces.
package struct StyledLine: Hashable, Sendable {
    package var spans: [StyledSpan]

    package init(_ spans: [StyledSpan] = []) { self.spans = spans }

    package init(_ text: String, _ role: Role) { spans = [StyledSpan(text, role)] }

    /// The text alone.
    package var text: String { spans.map(\.text).joined() }
    package var cellCount: Int { spans.reduce(0) { $0 + $1.text.cellCount } }
}
