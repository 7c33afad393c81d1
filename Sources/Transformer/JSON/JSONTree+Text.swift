extension JSONTree {
    /// The document as text: on one line without spaces, or indented by two spaces per level and
    /// ended by a newline.
    func text(isIndented: Bool = false) -> String {
        var text = ""
        write(to: &text, indentation: isIndented ? "\n" : nil)
        return isIndented ? text + "\n" : text
    }

    /// - Parameter indentation: What begins a line on this level; nil for no lines.
    private func write(to text: inout String, indentation: String?) {
        switch self {
        case .null: text += "null"
        case .bool(let bool): text += bool ? "true" : "false"
        case .number(let number): text += number
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            Self.write(elements, between: "[", and: "]", to: &text, indentation) {
                $0.write(to: &$1, indentation: $2)
            }
        case .object(let members):
            Self.write(members, between: "{", and: "}", to: &text, indentation) {
                Self.write($0.name, to: &$1)
                $1 += $2 == nil ? ":" : ": "
                $0.value.write(to: &$1, indentation: $2)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between opening: String, and closing: String, to text: inout String,
        _ indentation: String?, item write: (Item, inout String, String?) -> Void
    ) {
        text += opening
        let inner = indentation.map { $0 + "  " }
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            text += inner ?? ""
            write(item, &text, inner)
        }
        if !items.isEmpty { text += indentation ?? "" }
        text += closing
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<"\u{20}":
                let code = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - code.count) + code
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
