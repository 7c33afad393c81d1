/// Why a text is not the JSON that was expected, and where.
struct JSONTreeError: Error, Equatable, CustomStringConvertible {
    var offset: Int
    var reason: String

    var description: String { "\(reason) at byte \(offset)" }
}

extension JSONTree {
    /// Reads exactly one value with nothing but white space around it.
    ///
    /// - Parameter maximumDepth: Objects and arrays inside one another, the outermost included.
    init(parsing bytes: UnsafeRawBufferPointer, maximumDepth: Int) throws(JSONTreeError) {
        var parser = JSONTreeParser(bytes: bytes)
        self = try parser.document(maximumDepth: maximumDepth)
    }

    init(parsing bytes: [UInt8], maximumDepth: Int) throws(JSONTreeError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONTreeError) in
                try JSONTree(parsing: buffer, maximumDepth: maximumDepth)
            }
        }
        self = try result.get()
    }
}

private struct JSONTreeParser {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    var valueCount = 0

    /// No file that is read as a tree comes near it; it keeps a hostile one from filling memory.
    static let maximumValueCount = 1 << 22

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document(maximumDepth: Int) throws(JSONTreeError) -> JSONTree {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw error("text that is not UTF-8")
        }
        skipSpace()
        let result = try value(depthLeft: maximumDepth)
        skipSpace()
        guard position == bytes.count else { throw error("more text after the value") }
        return result
    }

    private mutating func value(depthLeft: Int) throws(JSONTreeError) -> JSONTree {
        valueCount += 1
        guard valueCount <= Self.maximumValueCount else { throw error("too many values") }
        switch peek {
        case UInt8(ascii: "{"): return try object(depthLeft: depthLeft)
        case UInt8(ascii: "["): return try array(depthLeft: depthLeft)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depthLeft: Int) throws(JSONTreeError) -> JSONTree {
        guard depthLeft > 0 else { throw error("nesting too deep") }
        position += 1
        var members: [JSONTree.Member] = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw error("no name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw error("no colon after a name") }
            skipSpace()
            members.append(
                JSONTree.Member(name: name, value: try value(depthLeft: depthLeft - 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw error("neither comma nor closing brace") }
        }
    }

    private mutating func array(depthLeft: Int) throws(JSONTreeError) -> JSONTree {
        guard depthLeft > 0 else { throw error("nesting too deep") }
        position += 1
        var elements: [JSONTree] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            skipSpace()
            elements.append(try value(depthLeft: depthLeft - 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw error("neither comma nor closing bracket") }
        }
    }

    private mutating func string() throws(JSONTreeError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case 0..<0x20: throw error("a control character in a string")
            case UInt8(ascii: "\\"): try escape(into: &text)
            default: text.append(byte)
            }
        }
        throw error("a string without end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONTreeError) {
        let byte = peek
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte ?? 0)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if code >> 10 == 0xD800 >> 10, take("\\"), take("u") {
                let low = try hexadecimal()
                guard low >> 10 == 0xDC00 >> 10 else { throw error("half a surrogate pair") }
                code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw error("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSONTreeError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek,
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
            else { throw error("an unknown escape") }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    private mutating func number() throws(JSONTreeError) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONTreeError) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        guard position > start else { throw error("no value") }
    }

    private mutating func word(
        _ text: StaticString, _ value: JSONTree
    ) throws(JSONTreeError) -> JSONTree {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count,
            (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
        else { throw error("no value") }
        position += count
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func error(_ reason: String) -> JSONTreeError {
        JSONTreeError(offset: position, reason: reason)
    }
}
