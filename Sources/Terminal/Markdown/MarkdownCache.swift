/// A reply as it streams in. What no further text can change is rendered once; only the block at the
/// end, such as a paragraph, is rendered again. However the text is cut, the lines are those of the
/// whole.
package struct MarkdownCache: Sendable {
    private let base: Role
    private let isASCII: Bool
    private var safe: SafeText
    /// Safe text that has gone through the renderer: whole lines.
    private var rendered = ""
    /// Safe text behind it.
    private var waiting = ""
    private var renderer: MarkdownRenderer
    private var shown: [StyledLine]?

    /// - Parameter base: What plain text is drawn as.
    package init(look base: Role = .text, isASCII: Bool = false) {
        self.base = base
        self.isASCII = isASCII
        safe = SafeText(isASCII: isASCII)
        renderer = MarkdownRenderer(width: 1, base: base, isASCII: isASCII)
    }

    /// Adds what came; it need not be safe.
    package mutating func append(_ text: String) {
        guard !text.isEmpty else { return }
        waiting += safe.append(text)
        shown = nil
    }

    /// The lines so far, for so many cells. Another width renders everything again.
    package mutating func lines(width: Int) -> [StyledLine] {
        let width = max(1, width)
        if renderer.width != width {
            renderer = MarkdownRenderer(width: width, base: base, isASCII: isASCII)
            waiting = rendered + waiting
            rendered = ""
            shown = nil
        }
        if let shown { return shown }
        renderWholeLines()
        // A carriage return at the end is shown, although a line feed may still follow.
        var safe = safe
        let lines = renderer.lines(endingWith: waiting + safe.finish())
        shown = lines
        return lines
    }

    private mutating func renderWholeLines() {
        guard let last = waiting.utf8.lastIndex(of: UInt8(ascii: "\n")) else { return }
        let end = waiting.utf8.index(after: last)
        for line in waiting[..<last].split(separator: "\n", omittingEmptySubsequences: false) {
            renderer.add(line)
        }
        rendered += waiting[..<end]
        waiting = String(waiting[end...])
    }
}
