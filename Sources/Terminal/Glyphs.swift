/// The signs that frames and marks are drawn with, each with its twin in ASCII.
package struct Glyphs: Hashable, Sendable {
    package let isASCII: Bool

    package init(isASCII: Bool) { self.isASCII = isASCII }

    /// Top left, top right, bottom left, bottom right, horizontal, vertical.
    package typealias Frame = (
        topLeft: String, topRight: String, bottomLeft: String, bottomRight: String,
        horizontal: String, vertical: String
    )

    package var frame: Frame {
        isASCII ? ("+", "+", "+", "+", "-", "|") : ("┌", "┐", "└", "┘", "─", "│")
    }
    /// Of what has the focus: other lines, not only another colour.
    package var focusedFrame: Frame {
        isASCII ? ("#", "#", "#", "#", "=", "#") : ("┏", "┓", "┗", "┛", "━", "┃")
    }
    package var pointer: String { isASCII ? ">" : "▸" }
    package var check: String { isASCII ? "+" : "✓" }
    package var cross: String { isASCII ? "x" : "✗" }
    package var bullet: String { isASCII ? "*" : "•" }
    package var ellipsis: String { isASCII ? "..." : "…" }
    package var up: String { isASCII ? "^" : "↑" }
    package var down: String { isASCII ? "v" : "↓" }
    package var left: String { isASCII ? "<" : "←" }
    package var right: String { isASCII ? ">" : "→" }
    package var horizontal: String { isASCII ? "-" : "─" }
    package var vertical: String { isASCII ? "|" : "│" }
    package var full: String { isASCII ? "#" : "━" }
    package var empty: String { isASCII ? "." : "─" }
}

extension Surface {
    /// Draws a frame along the edge of `rect`, with a title in its top line.
    package mutating func frame(
        _ rect: Rect, title: StyledLine, isFocused: Bool, glyphs: Glyphs
    ) {
        guard rect.width >= 2, rect.height >= 2 else { return }
        let signs = isFocused ? glyphs.focusedFrame : glyphs.frame
        let look = Look(isFocused ? .borderFocused : .border)
        let bottom = rect.maxY - 1
        fill(Rect(x: rect.x, y: rect.y, width: rect.width, height: 1), look, with: signs.horizontal)
        fill(Rect(x: rect.x, y: bottom, width: rect.width, height: 1), look, with: signs.horizontal)
        for x in [rect.x, rect.maxX - 1] {
            fill(Rect(x: x, y: rect.y, width: 1, height: rect.height), look, with: signs.vertical)
        }
        put(signs.topLeft, x: rect.x, y: rect.y, look)
        put(signs.topRight, x: rect.maxX - 1, y: rect.y, look)
        put(signs.bottomLeft, x: rect.x, y: bottom, look)
        put(signs.bottomRight, x: rect.maxX - 1, y: bottom, look)
        let room = rect.inset(left: 2, right: 2)
        put(title, x: room.x, y: rect.y, in: room)
    }
}
