/// A small JSON document as it was written: members in order, duplicates visible, numbers as text.
///
/// For files whose meaning must not depend on which of two equal names a reader prefers:
/// headers and indexes of safetensors, configurations.
enum JSONTree: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([Member])

    struct Member: Equatable, Sendable {
        var name: String
        var value: JSONTree
    }

    /// The first member called `name`; nil without one or when this is no object.
    subscript(name: String) -> JSONTree? {
        members?.first { $0.name == name }?.value
    }

    var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    var elements: [JSONTree]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    /// The number if it is written as a whole one of magnitude at most 2^53, beyond which other
    /// readers would round it.
    var integer: Int? {
        guard case .number(let text) = self, let value = Int(text), value.magnitude <= 1 << 53
        else {
            return nil
        }
        return value
    }

    /// The number if it is finite.
    var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else {
            return nil
        }
        return value
    }

    /// The first name that occurs twice among the members of this object.
    var duplicateName: String? {
        var seen: Set<String> = []
        return members?.first { !seen.insert($0.name).inserted }?.name
    }

    /// Replaces the first member called `name`, or appends one. Only for objects.
    mutating func set(_ name: String, to value: JSONTree) {
        guard case .object(var members) = self else {
            preconditionFailure("only an object has members")
        }
        if let index = members.firstIndex(where: { $0.name == name }) {
            members[index].value = value
        } else {
            members.append(Member(name: name, value: value))
        }
        self = .object(members)
    }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(integerLiteral value: Int) { self = .number(String(value)) }
    init(floatLiteral value: Double) { self = .number(String(value)) }
    init(nilLiteral: ()) { self = .null }
    init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
    init(dictionaryLiteral members: (String, JSONTree)...) {
        self = .object(members.map { Member(name: $0, value: $1) })
    }
}
