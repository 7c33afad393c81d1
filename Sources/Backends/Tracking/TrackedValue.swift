import Foundation

/// A value as W&B's lines have it: JSON, and the bare words `NaN`, `Infinity` and `-Infinity`, which
/// its own clients write inside lines and JSON itself has not.
enum TrackedValue: Hashable, Sendable {
    case number(Double)
    case integer(Int)
    case flag(Bool)
    case text(String)
    case list([TrackedValue])
    case object([Member])

    struct Member: Hashable, Sendable {
        var name: String
        var value: TrackedValue

        init(_ name: String, _ value: TrackedValue) {
            self.name = name
            self.value = value
        }
    }

    /// On one line, without spaces.
    var json: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to json: inout String) {
        switch self {
        case .number(let number) where number.isNaN: json += "NaN"
        case .number(let number) where number.isInfinite:
            json += number > 0 ? "Infinity" : "-Infinity"
        case .number(let number): json += "\(number)"
        case .integer(let number): json += "\(number)"
        case .flag(let flag): json += flag ? "true" : "false"
        case .text(let text): Self.write(text, to: &json)
        case .list(let values):
            json += "["
            for (index, value) in values.enumerated() {
                if index > 0 { json += "," }
                value.write(to: &json)
            }
            json += "]"
        case .object(let members):
            json += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { json += "," }
                Self.write(member.name, to: &json)
                json += ":"
                member.value.write(to: &json)
            }
            json += "}"
        }
    }

    private static func write(_ text: String, to json: inout String) {
        json += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\u{0}"..<"\u{20}":
                json +=
                    "\\u00" + (scalar.value < 16 ? "0" : "")
                    + String(scalar.value, radix: 16)
            default: json.unicodeScalars.append(scalar)
            }
        }
        json += "\""
    }
}
