/// Reads what stands within a paragraph: code, emphasis and links. What has no end stays as it was
/// written, signs and all. The work grows with the length of the text alone.
struct MarkdownInline {
    /// What a scalar is besides text.
    struct Marks: OptionSet, Hashable {
        let rawValue: UInt8

        static let hidden = Marks(rawValue: 1)
        static let code = Marks(rawValue: 2)
        static let link = Marks(rawValue: 4)
        static let address = Marks(rawValue: 8)
        /// It is not markup: it stands behind a backslash, or is part of something already read.
        static let taken = Marks(rawValue: 16)
    }

    private(set) var scalars: [Unicode.Scalar]
    private(set) var marks: [Marks]

    /// Appends the lines of a paragraph as they are shown, with line feeds between them.
    static func append(_ lines: [Substring], look: Look, to text: inout StyledText) {
        var scalars: [Unicode.Scalar] = []
        for (index, line) in lines.enumerated() {
            if index > 0 { scalars.append("\n") }
            scalars.append(contentsOf: line.unicodeScalars)
            while scalars.last == " " { scalars.removeLast() }
        }
        var inline = MarkdownInline(scalars)
        inline.readCodeAndEscapes()
        inline.readLinks()
        let emphasis = MarkdownEmphasis(
            inline.scalars,
            isText: { inline.marks[$0].isDisjoint(with: [.code, .taken, .address]) })
        inline.show(emphasis, look: look, in: &text)
    }

    private init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
        marks = Array(repeating: [], count: scalars.count)
    }

    private func show(_ emphasis: MarkdownEmphasis, look: Look, in text: inout StyledText) {
        var (strong, slanted) = (0, 0)
        for index in scalars.indices {
            strong += emphasis.strong[index]
            slanted += emphasis.slanted[index]
            let marks = marks[index]
            if marks.contains(.hidden) || emphasis.isHidden[index] { continue }
            let isMarked = !marks.isDisjoint(with: [.code, .address])
            text.append(
                scalars[index],
                Self.look(
                    marks, isStrong: strong > 0 && !isMarked, isSlanted: slanted > 0 && !isMarked,
                    in: look))
        }
    }

    private static func look(
        _ marks: Marks, isStrong: Bool, isSlanted: Bool, in look: Look
    ) -> Look {
        if marks.contains(.code) { return Look(.markdownCode) }
        if marks.contains(.address) { return Look(.muted) }
        var attributes = look.attributes
        var role = look.role
        // A heading or a quote stays one; its words differ by attributes.
        let isOwn = [.markdownHeading, .markdownQuote].contains(role)
        if isStrong {
            attributes.insert(.bold)
            if !isOwn { role = .markdownStrong }
        }
        if isSlanted {
            attributes.insert(.italic)
            if !isOwn, !isStrong { role = .markdownEmphasis }
        }
        if marks.contains(.link) { role = .markdownLink }
        return Look(role, on: look.on, attributes: attributes)
    }

    // MARK: Code

    private mutating func readCodeAndEscapes() {
        // The runs of backticks by their length, the last first.
        var runs: [Int: [Int]] = [:]
        var index = scalars.count
        while index > 0 {
            let end = index
            while index > 0, scalars[index - 1] == "`" { index -= 1 }
            if index < end { runs[end - index, default: []].append(index) } else { index -= 1 }
        }
        while index < scalars.count {
            if scalars[index] == "\\", index + 1 < scalars.count, scalars[index + 1].isASCIISign {
                marks[index] = [.hidden, .taken]
                marks[index + 1] = .taken
                index += 2
                continue
            }
            guard scalars[index] == "`" else {
                index += 1
                continue
            }
            var end = index
            while end < scalars.count, scalars[end] == "`" { end += 1 }
            let count = end - index
            while let first = runs[count]?.last, first < end { runs[count]?.removeLast() }
            guard let close = runs[count]?.last else {
                index = end
                continue
            }
            markCode(from: index, to: close, signs: count)
            index = close + count
        }
    }

    private mutating func markCode(from open: Int, to close: Int, signs count: Int) {
        for index in open..<open + count { marks[index] = [.hidden, .taken] }
        for index in close..<close + count { marks[index] = [.hidden, .taken] }
        let inner = open + count..<close
        for index in inner { marks[index] = .code }
        // `` ` `` is a backtick: the spaces are there to keep the signs apart.
        guard inner.count > 2, scalars[inner.lowerBound] == " ", scalars[close - 1] == " ",
            scalars[inner].contains(where: { $0 != " " })
        else { return }
        marks[inner.lowerBound].insert(.hidden)
        marks[close - 1].insert(.hidden)
    }

    // MARK: Links

    private mutating func readLinks() {
        var open: [Int] = []
        var index = 0
        while index < scalars.count {
            guard marks[index].isEmpty else {
                index += 1
                continue
            }
            switch scalars[index] {
            case "[": open.append(index)
            case "]":
                guard let start = open.popLast() else { break }
                guard let address = address(from: index + 1) else { break }
                markLink(from: start, to: index, address: address)
                // A link holds no other.
                open = []
                index = address.end - 1
            case "<":
                if let end = bareAddress(from: index + 1) {
                    marks[index] = [.hidden, .taken]
                    marks[end] = [.hidden, .taken]
                    for inner in index + 1..<end { marks[inner] = [.link, .taken] }
                    index = end
                }
            default: break
            }
            index += 1
        }
    }

    /// An address in round brackets, perhaps followed by a title in quotes.
    private func address(from start: Int) -> (text: Range<Int>, end: Int)? {
        guard start < scalars.count, scalars[start] == "(" else { return nil }
        var depth = 0
        var index = start + 1
        // Square brackets are not part of it: so no part of the text is gone through more than twice.
        while index < scalars.count, !" \n[]<>".unicodeScalars.contains(scalars[index]) {
            if scalars[index] == "(" { depth += 1 }
            if scalars[index] == ")" {
                if depth == 0 { break }
                depth -= 1
            }
            index += 1
        }
        let text = start + 1..<index
        guard !text.isEmpty, index < scalars.count else { return nil }
        if scalars[index] == ")" { return (text, index + 1) }
        guard scalars[index] == " ", index + 1 < scalars.count, scalars[index + 1] == "\"" else {
            return nil
        }
        index += 2
        while index < scalars.count, !"\"\n[]".unicodeScalars.contains(scalars[index]) {
            index += 1
        }
        guard index + 1 < scalars.count, scalars[index] == "\"", scalars[index + 1] == ")" else {
            return nil
        }
        return (text, index + 2)
    }

    /// Where an address in angle brackets ends.
    private func bareAddress(from start: Int) -> Int? {
        var index = start
        while index < scalars.count, !" \n<>".unicodeScalars.contains(scalars[index]) { index += 1 }
        guard index < scalars.count, scalars[index] == ">" else { return nil }
        let text = scalars[start..<index]
        let isAddress = ["http://", "https://", "mailto:"].contains {
            text.starts(with: $0.unicodeScalars)
        }
        return isAddress ? index : nil
    }

    /// Shows `[text](address)` as text and, in brackets, address.
    private mutating func markLink(
        from open: Int, to close: Int, address: (text: Range<Int>, end: Int)
    ) {
        marks[open] = [.hidden, .taken]
        // The exclamation mark of a picture.
        if open > 0, scalars[open - 1] == "!", marks[open - 1].isEmpty {
            marks[open - 1] = [.hidden, .taken]
        }
        for index in open + 1..<close { marks[index].insert(.link) }
        let isSame = scalars[open + 1..<close] == scalars[address.text]
        for index in close..<address.end {
            let isShown = !isSame && index <= address.text.upperBound
            marks[index] = isShown ? [.address, .taken] : [.hidden, .taken]
        }
        // "](" becomes " (", and a bracket ends the address even when a title follows.
        scalars[close] = " "
        scalars[address.text.upperBound] = ")"
    }
}

extension Unicode.Scalar {
    /// A sign of ASCII that may stand behind a backslash.
    fileprivate var isASCIISign: Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
