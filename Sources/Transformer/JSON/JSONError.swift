/// Why a JSON text was refused; offsets count bytes from the start of the text.
package enum JSONError: Error, Equatable, CustomStringConvertible {
    /// The text breaks JSON's grammar, or is not UTF-8.
    case syntax(expected: String, offset: Int)
    /// More arrays and objects inside one another than allowed.
    case tooDeep(limit: Int, offset: Int)
    /// More values and keys than allowed.
    case tooMany(limit: Int)
    /// More bytes than 32-bit offsets can address.
    case tooLarge(byteCount: Int)
    /// An object names the same key twice where that would be ambiguous.
    case duplicateKey(String, offset: Int)
    /// A required key is absent.
    case missingKey(String, offset: Int)
    /// A value of another kind than the one needed.
    case wrongKind(expected: JSONKind, found: JSONKind, offset: Int)
    /// A number that is not an integer between -2⁵³ and 2⁵³ where one is needed, or not finite.
    case unfitNumber(String, offset: Int)

    package var description: String {
        switch self {
        case .syntax(let expected, let offset): "not JSON: expected \(expected) at byte \(offset)"
        case .tooDeep(let limit, let offset):
            "nested deeper than \(limit) levels at byte \(offset)"
        case .tooMany(let limit): "more than \(limit) values"
        case .tooLarge(let byteCount): "too large: \(byteCount) bytes"
        case .duplicateKey(let key, let offset):
            "key \"\(key)\" appears twice in the object at byte \(offset)"
        case .missingKey(let key, let offset):
            "key \"\(key)\" is missing in the object at byte \(offset)"
        case .wrongKind(let expected, let found, let offset):
            "expected \(expected.phrase) at byte \(offset), found \(found.phrase)"
        case .unfitNumber(let literal, let offset):
            "number \(literal) at byte \(offset) is out of range"
        }
    }
}

/// What a JSON value is.
package enum JSONKind: UInt8, Sendable {
    case null, `true`, `false`, number, string, array, object

    var phrase: String {
        switch self {
        case .null: "null"
        case .true: "true"
        case .false: "false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
