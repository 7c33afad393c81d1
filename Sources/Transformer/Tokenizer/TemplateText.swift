/// A Jinja template in one form, whatever quotes, escapes and comments its author used, so that the
/// same program has the same text.
enum TemplateText {
    /// `text` without comments, every literal in single quotes with its escapes resolved, literals
    /// that are joined by `+` or `~` in one. Quotes inside texts become typographic ones, so that
    /// each `'` begins or ends a literal.
    static func uniform(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let brace = rest.firstIndex(of: "{") {
            result += withoutQuotes(rest[..<brace])
            rest = rest[brace...]
            if rest.hasPrefix("{#") {
                rest = rest.firstRange(of: "#}").map { rest[$0.upperBound...] } ?? ""
            } else if rest.hasPrefix("{{") || rest.hasPrefix("{%") {
                appendTag(from: &rest, to: &result)
            } else {
                result.append(rest.removeFirst())
            }
        }
        result += withoutQuotes(rest)
        return result.replacing(#/'\s*[+~]\s*'/#, with: "")
    }

    /// A text out of a uniform template with the quotes it had.
    static func restored(_ text: String) -> String {
        text.replacing("\u{201D}", with: "\"").replacing("\u{2019}", with: "'")
    }

    private static func withoutQuotes(_ text: Substring) -> String {
        String(text).replacing("\"", with: "\u{201D}").replacing("'", with: "\u{2019}")
    }

    private static func appendTag(from rest: inout Substring, to result: inout String) {
        let end = rest.hasPrefix("{{") ? "}}" : "%}"
        while let character = rest.first, !rest.hasPrefix(end) {
            rest.removeFirst()
            guard character == "'" || character == "\"" else {
                result.append(character)
                continue
            }
            result += "'" + withoutQuotes(Substring(literal(from: &rest, quote: character))) + "'"
        }
        result += rest.prefix(2)
        rest = rest.dropFirst(2)
    }

    /// The text of a literal whose opening quote is gone, and takes it off `rest`.
    private static func literal(from rest: inout Substring, quote: Character) -> String {
        var text = ""
        while let character = rest.popFirst(), character != quote {
            guard character == "\\", let escaped = rest.popFirst() else {
                text.append(character)
                continue
            }
            switch escaped {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\", "'", "\"": text.append(escaped)
            default: text += [character, escaped]
            }
        }
        return text
    }
}
