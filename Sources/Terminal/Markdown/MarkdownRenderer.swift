/// Renders markdown line by line. Its state is a value, so that what may still change is rendered on a
/// copy. Nothing in it recurses: quotes and lists are counted, not nested.
struct MarkdownRenderer: Sendable {
    let width: Int
    private let base: Role
    private let glyphs: Glyphs
    /// What no further line can change.
    private var lines: [StyledLine] = []
    private var quoteDepth = 0
    private var items: [Item] = []
    /// The lines of the paragraph that is open, without what stands before them.
    private var paragraph: [Substring] = []
    /// What stands before the first line of the paragraph: an item's sign.
    private var sign = ""
    private var code: Code?
    /// How many quotes the empty lines before what comes stand in; nil without such lines.
    private var gapDepth: Int?

    /// An item of a list that further lines may belong to.
    private struct Item {
        /// Where its sign stands in the source.
        let indentation: Int
        /// Where its text begins on the screen, in cells.
        let column: Int
    }

    private struct Code {
        let fence: MarkdownLine.Fence
        /// Spaces that are taken from the beginning of each line.
        let indentation: Int
        let quoteDepth: Int
    }

    /// Deeper quotes and lists are drawn at this depth.
    private static let deepest = 8

    init(width: Int, base: Role, isASCII: Bool) {
        self.width = width
        self.base = base
        glyphs = Glyphs(isASCII: isASCII)
    }

    /// All lines, when `rest` is what follows the lines that were added.
    func lines(endingWith rest: String) -> [StyledLine] {
        var copy = self
        if !rest.isEmpty { copy.add(rest[...], isUnfinished: true) }
        copy.closeParagraph()
        return copy.lines
    }

    /// Adds a line without its line feed; safe.
    ///
    /// - Parameter isUnfinished: Whether more of the line may come.
    mutating func add(_ source: Substring, isUnfinished: Bool = false) {
        if let code {
            if addCode(source, code, isUnfinished: isUnfinished) { return }
            self.code = nil
        }
        let line = MarkdownLine(source, isUnfinished: isUnfinished)
        if line.kind == .blank {
            closeParagraph()
            gapDepth = min(gapDepth ?? .max, line.quoteDepth)
            if line.quoteDepth != quoteDepth { items = [] }
            quoteDepth = line.quoteDepth
            return
        }
        // A quote's paragraph goes on without the sign.
        let isLazy = line.kind == .text && line.quoteDepth < quoteDepth && !paragraph.isEmpty
        if line.quoteDepth != quoteDepth, !isLazy {
            closeParagraph()
            items = []
            quoteDepth = line.quoteDepth
        }
        switch line.kind {
        case .blank: break
        case .text: addText(line)
        case .heading(let level):
            closeParagraph()
            leaveItems(for: line)
            var text = StyledText()
            let attributes: Style.Attributes = level == 1 ? .underline : []
            MarkdownInline.append(
                [line.content], look: Look(.markdownHeading, attributes: attributes), to: &text)
            put(text)
        case .rule:
            closeParagraph()
            leaveItems(for: line)
            var text = StyledText()
            let room = max(1, width - prefix().cellCount)
            text.append(String(repeating: glyphs.horizontal, count: room), Look(.muted))
            put(text)
        case .item(let sign): addItem(line, sign: sign)
        case .fence(let fence):
            closeParagraph()
            leaveItems(for: line)
            code = Code(fence: fence, indentation: line.indentation, quoteDepth: quoteDepth)
            guard !line.content.isEmpty else { return }
            var text = StyledText()
            text.append(line.content, Look(.muted))
            put(text)
        }
    }

    // MARK: Blocks

    private mutating func addText(_ line: MarkdownLine) {
        if paragraph.isEmpty { leaveItems(for: line) }
        var content = line.content
        // An item's further lines stand below its text; other indentation is kept.
        if !items.isEmpty { content = content.drop { $0 == " " } }
        paragraph.append(content)
    }

    private mutating func addItem(_ line: MarkdownLine, sign: String) {
        let isNumber = sign.count > 1
        // "It was in\n1984. Nobody knew": a list that begins in a paragraph begins with 1.
        if isNumber, items.isEmpty, !paragraph.isEmpty, sign.dropLast() != "1" {
            addText(line.asText)
            return
        }
        closeParagraph()
        // Two spaces more make a list within the item, also below "1.", where the standard wants three.
        while let last = items.last, line.indentation < last.indentation + 2 { items.removeLast() }
        if items.count >= Self.deepest { items.removeLast() }
        let shown = (isNumber ? sign : glyphs.bullet) + " "
        let column = (items.last?.column ?? 0) + shown.cellCount
        items.append(Item(indentation: line.indentation, column: column))
        self.sign = shown
        paragraph.append(line.content)
    }

    /// Ends the items that a line with this indentation does not belong to.
    private mutating func leaveItems(for line: MarkdownLine) {
        while let last = items.last, line.indentation < last.indentation + 2 { items.removeLast() }
    }

    private mutating func closeParagraph() {
        guard !paragraph.isEmpty else { return }
        var text = StyledText()
        MarkdownInline.append(
            paragraph, look: Look(quoteDepth > 0 ? .markdownQuote : base), to: &text)
        put(text, sign: sign)
        paragraph = []
        sign = ""
    }

    /// - Returns: Whether the line belongs to the code; the line that ends it does.
    private mutating func addCode(_ source: Substring, _ code: Code, isUnfinished: Bool) -> Bool {
        var rest = source
        for _ in 0..<code.quoteDepth {
            let inner = rest.drop { $0 == " " }
            // The quote ended, and the code in it.
            guard inner.first == ">" else { return false }
            rest = inner.dropFirst()
            if rest.first == " " { rest = rest.dropFirst() }
        }
        let bare = rest.trimmingSpaces
        if !bare.isEmpty, bare.allSatisfy({ $0 == code.fence.sign }) {
            if bare.count >= code.fence.count {
                self.code = nil
                return true
            }
            // It may become the end, which is not shown.
            if isUnfinished { return true }
        }
        var indentation = code.indentation
        let content = rest.drop {
            indentation -= 1
            return $0 == " " && indentation >= 0
        }
        var text = StyledText()
        text.append(content, Look(.markdownCode))
        put(text, sign: "  ", isCode: true)
        return true
    }

    // MARK: Lines

    /// Adds the lines of a block.
    ///
    /// - Parameter sign: What stands before the first line.
    private mutating func put(_ text: StyledText, sign: String = "", isCode: Bool = false) {
        if let gapDepth, !lines.isEmpty {
            lines.append(min(gapDepth, quoteDepth) > 0 ? prefix() : StyledLine())
        }
        gapDepth = nil
        let column = items.last?.column ?? 0
        let signCells = sign.cellCount
        var first = prefix(column: isCode ? column + signCells : column - signCells)
        var rest = isCode ? first : prefix(column: column)
        // On a narrow screen the text needs the room more than what stands before it.
        if max(rest.cellCount, first.cellCount + (isCode ? 0 : signCells)) > width * 2 / 3 {
            first = StyledLine()
            rest = StyledLine()
        }
        if !isCode, !sign.isEmpty, signCells < width {
            first.spans.append(StyledSpan(sign, .markdownList))
        }
        lines += text.wrapped(to: width, first: first, rest: rest, breaksAnywhere: isCode)
    }

    /// The signs of the quotes, and spaces up to where the text begins.
    private func prefix(column: Int = 0) -> StyledLine {
        var line = StyledLine()
        if quoteDepth > 0 {
            let signs = String(
                repeating: glyphs.vertical + " ", count: min(quoteDepth, Self.deepest))
            line.spans.append(StyledSpan(signs, .markdownQuote))
        }
        if column > 0 {
            line.spans.append(StyledSpan(String(repeating: " ", count: column), Look(base)))
        }
        return line
    }
}
