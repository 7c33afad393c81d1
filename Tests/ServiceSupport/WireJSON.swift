package import Foundation

/// Any JSON. It keeps apart what requests must keep apart: a flag is no number, null is not absent.
package enum WireJSON: Hashable, Sendable, Codable {
    case null
    case flag(Bool)
    case number(Double)
    case string(String)
    case array([WireJSON])
    case object([String: WireJSON])
    /// An array of numbers and of nothing else; not empty.
    case numbers([Double])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let values = try? container.decode([Double].self), !values.isEmpty {
            self = .numbers(values)
        } else if let values = try? container.decode([String: WireJSON].self) {
            self = .object(values)
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if container.decodeNil() {
            self = .null
        } else {
            self = .array(try container.decode([WireJSON].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        case .numbers(let values): try container.encode(values)
        }
    }

    /// The text of it.
    package var data: Data {
        get throws {
            let encoder = JSONEncoder()
            // The same value is the same bytes.
            encoder.outputFormatting = .sortedKeys
            return try encoder.encode(self)
        }
    }

    package subscript(key: String) -> WireJSON? {
        guard case .object(let values) = self else { return nil }
        return values[key]
    }

    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var flag: Bool? {
        guard case .flag(let value) = self else { return nil }
        return value
    }

    package var number: Double? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    package var integer: Int? { number.flatMap(Int.init(exactly:)) }

    package var elements: [WireJSON]? {
        switch self {
        case .array(let values): values
        case .numbers(let values): values.map { .number($0) }
        default: nil
        }
    }

    package var numbers: [Double]? {
        switch self {
        case .numbers(let values): values
        case .array(let values): values.isEmpty ? [] : nil
        default: nil
        }
    }

    package var integers: [Int]? {
        guard let numbers else { return nil }
        let integers = numbers.compactMap(Int.init(exactly:))
        return integers.count == numbers.count ? integers : nil
    }
}

extension WireJSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByArrayLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByIntegerLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(Double(value)) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: WireJSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, WireJSON)...) {
        self = .object(Dictionary(elements) { $1 })
    }
}
