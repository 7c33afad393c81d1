/// What a line of markdown begins with, apart from what came before.
struct MarkdownLine {
    enum Kind: Equatable {
        case blank
        case text
        /// 1 to 6.
        case heading(level: Int)
        case rule
        /// The sign as it was written: `-`, `*`, `+`, `1.` or `1)`.
        case item(sign: String)
        case fence(Fence)
    }

    struct Fence: Equatable {
        let sign: Character
        let count: Int
    }

    let kind: Kind
    /// How many `>` it begins with.
    let quoteDepth: Int
    /// Spaces before what it begins with, behind the `>`.
    let indentation: Int
    /// What follows the sign; of a text all of it, indentation included.
    let content: Substring

    /// - Parameter isUnfinished: Whether more of this line may come: `---` could become anything.
    init(_ line: Substring, isUnfinished: Bool = false) {
        var rest = line
        var depth = 0
        while true {
            let (spaces, inner) = Self.indentation(rest)
            guard spaces <= 3, inner.first == ">" else { break }
            depth += 1
            rest = inner.dropFirst()
            if rest.first == " " { rest = rest.dropFirst() }
        }
        quoteDepth = depth
        let (spaces, inner) = Self.indentation(rest)
        indentation = spaces
        if inner.isEmpty {
            (kind, content) = (.blank, inner)
        } else if let heading = Self.heading(inner) {
            (kind, content) = heading
        } else if !isUnfinished, Self.isRule(inner) {
            (kind, content) = (.rule, inner)
        } else if let item = Self.item(inner) {
            (kind, content) = item
        } else if let fence = Self.fence(inner) {
            (kind, content) = fence
        } else {
            (kind, content) = (.text, rest)
        }
    }

    /// The same line, its sign being nothing but text.
    var asText: MarkdownLine {
        guard case .item(let sign) = kind else { return self }
        return MarkdownLine(
            kind: .text, quoteDepth: quoteDepth, indentation: indentation,
            content: "\(sign) \(content)")
    }

    private init(kind: Kind, quoteDepth: Int, indentation: Int, content: Substring) {
        self.kind = kind
        self.quoteDepth = quoteDepth
        self.indentation = indentation
        self.content = content
    }

    private static func indentation(_ text: Substring) -> (count: Int, rest: Substring) {
        let rest = text.drop { $0 == " " }
        return (text.utf8.count - rest.utf8.count, rest)
    }

    private static func heading(_ text: Substring) -> (Kind, Substring)? {
        let level = text.prefix(7).prefix { $0 == "#" }.count
        let rest = text.dropFirst(level)
        guard (1...6).contains(level), rest.first == " " else { return nil }
        var title = rest.trimmingSpaces
        // Signs at the end belong to the heading when they stand apart.
        var open = title
        while open.last == "#" { open = open.dropLast() }
        if open.isEmpty || open.last == " " { title = open.trimmingSpaces }
        return (.heading(level: level), title)
    }

    /// Three or more of one sign and nothing else.
    private static func isRule(_ text: Substring) -> Bool {
        guard let sign = text.first, "-*_".contains(sign) else { return false }
        var count = 0
        for character in text {
            if character == sign {
                count += 1
            } else if character != " " {
                return false
            }
        }
        return count >= 3
    }

    private static func item(_ text: Substring) -> (Kind, Substring)? {
        let sign: Substring
        if let first = text.first, "-*+".contains(first) {
            sign = text.prefix(1)
        } else {
            let digits = text.prefix(10).prefix { $0.isASCII && $0.isNumber }
            guard (1...9).contains(digits.count),
                let end = text.dropFirst(digits.count).first, end == "." || end == ")"
            else { return nil }
            sign = text.prefix(digits.count + 1)
        }
        let rest = text.dropFirst(sign.count)
        guard rest.first == " " else { return nil }
        return (.item(sign: String(sign)), rest.trimmingSpaces)
    }

    private static func fence(_ text: Substring) -> (Kind, Substring)? {
        guard let sign = text.first, sign == "`" || sign == "~" else { return nil }
        let rest = text.drop { $0 == sign }
        let count = text.utf8.count - rest.utf8.count
        // Backticks further on make it code within a line.
        guard count >= 3, sign == "~" || !rest.contains("`") else { return nil }
        return (.fence(Fence(sign: sign, count: count)), rest.trimmingSpaces)
    }
}

extension Substring {
    /// Without spaces at both ends.
    var trimmingSpaces: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}
