/// Any JSON, for the places where every server has a shape of its own.
enum WireValue: Decodable, Hashable, Sendable {
    case null
    case truth(Bool)
    case number(Double)
    case text(String)
    case list([WireValue])
    case object([String: WireValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        // One of these fits; why the others do not is of no interest.
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let object = try? value.decode([String: WireValue].self) {
            self = .object(object)
        } else {
            self = .list(try value.decode([WireValue].self))
        }
    }

    var isNull: Bool { self == .null }

    subscript(name: String) -> WireValue? {
        guard case .object(let fields) = self, let value = fields[name], !value.isNull else {
            return nil
        }
        return value
    }

    /// A text that is not empty.
    var text: String? {
        if case .text(let text) = self, !text.isEmpty { text } else { nil }
    }

    var list: [WireValue]? { if case .list(let list) = self { list } else { nil } }

    /// A number, also one written as a text.
    var number: Double? {
        switch self {
        case .number(let number): number
        case .text(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }
}
