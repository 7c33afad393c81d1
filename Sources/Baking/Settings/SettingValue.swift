/// The value of a setting.
package enum SettingValue: Hashable, Sendable {
    case text(String)
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case numbers([Double])
    case words([String])
    case services([String: ServiceConfiguration])
    /// No value: the setting's `absence` says what holds then.
    case absent

    /// As it is written behind a flag: lists separated by commas.
    package var text: String {
        switch self {
        case .text(let text): text
        case .flag(let flag): String(flag)
        case .integer(let integer): String(integer)
        case .number(let number): Self.shortest(number)
        case .numbers(let numbers): numbers.map(Self.shortest).joined(separator: ",")
        case .words(let words): words.joined(separator: ",")
        case .services(let services): services.keys.sorted().joined(separator: ",")
        case .absent: ""
        }
    }

    /// The shortest text that reads back as the same number: 1e-4, 0.5, 16.
    private static func shortest(_ number: Double) -> String {
        let text = "\(number)"
        if text.hasSuffix(".0") { return String(text.dropLast(2)) }
        return text.replacing("e-0", with: "e-").replacing("e+0", with: "e+")
    }
}

extension SettingValue: Encodable {
    /// Encodes as plain JSON; no value is null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .flag(let flag): try container.encode(flag)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .numbers(let numbers): try container.encode(numbers)
        case .words(let words): try container.encode(words)
        case .services(let services): try container.encode(services)
        case .absent: try container.encodeNil()
        }
    }
}
