/// Checks a JSON text and lists its values in order; keeps its own stack, so depth costs no more
/// than memory.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let maximumDepth: Int
    let maximumCount: Int
    private(set) var nodes: [JSONNode] = []
    private var at = 0
    private var open: [Int] = []

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, maximumCount: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.maximumCount = maximumCount
        nodes.reserveCapacity(min(bytes.count / 12, maximumCount))
    }

    mutating func parse() throws(JSONError) {
        while true {
            let isContainerOpened = try parseValue()
            guard nodes.count <= maximumCount else { throw .tooMany(limit: maximumCount) }
            if isContainerOpened { continue }
            if try !finishValue() { return }
        }
    }

    /// Reads one value, or the start of a container that is not empty.
    ///
    /// - Returns: Whether a container was opened, so that its first value comes next.
    private mutating func parseValue() throws(JSONError) -> Bool {
        skipSpace()
        switch current {
        case UInt8(ascii: "{"):
            try openContainer(.object)
            if current == UInt8(ascii: "}") { break }
            try parseKey()
            return true
        case UInt8(ascii: "["):
            try openContainer(.array)
            return current != UInt8(ascii: "]")
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber()
        case UInt8(ascii: "t"): try parseWord("true", .true)
        case UInt8(ascii: "f"): try parseWord("false", .false)
        case UInt8(ascii: "n"): try parseWord("null", .null)
        default: throw .syntax(expected: "a value", offset: at)
        }
        return false
    }

    /// Closes every container that ends here.
    ///
    /// - Returns: Whether a further value follows; otherwise the text is complete.
    private mutating func finishValue() throws(JSONError) -> Bool {
        while let container = open.last {
            skipSpace()
            let isObject = nodes[container].kind == .object
            if current == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                at += 1
                nodes[container].end = UInt32(at)
                nodes[container].next = UInt32(nodes.count)
                open.removeLast()
            } else if current == UInt8(ascii: ",") {
                at += 1
                if isObject {
                    skipSpace()
                    try parseKey()
                }
                return true
            } else {
                throw .syntax(expected: isObject ? "',' or '}'" : "',' or ']'", offset: at)
            }
        }
        skipSpace()
        guard at == bytes.count else { throw .syntax(expected: "the end", offset: at) }
        return false
    }

    /// The byte at hand; at the end NUL, which has no place in the grammar either.
    private var current: UInt8 { at < bytes.count ? bytes[at] : 0 }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func openContainer(_ kind: JSONKind) throws(JSONError) {
        guard open.count < maximumDepth else { throw .tooDeep(limit: maximumDepth, offset: at) }
        open.append(nodes.count)
        nodes.append(JSONNode(kind: kind, start: UInt32(at), end: 0, next: 0))
        at += 1
        skipSpace()
    }

    private mutating func parseKey() throws(JSONError) {
        guard current == UInt8(ascii: "\"") else { throw .syntax(expected: "a key", offset: at) }
        try parseString()
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw .syntax(expected: "':'", offset: at) }
        at += 1
    }

    private mutating func append(_ kind: JSONKind, from start: Int, to end: Int, escaped: Bool) {
        nodes.append(
            JSONNode(
                kind: kind, isEscaped: escaped, start: UInt32(start), end: UInt32(end),
                next: UInt32(nodes.count + 1)))
    }

    private mutating func parseWord(_ word: StaticString, _ kind: JSONKind) throws(JSONError) {
        let count = word.utf8CodeUnitCount
        for offset in 0..<count
        where at + offset >= bytes.count
            || bytes[at + offset] != word.utf8Start[offset]
        {
            throw .syntax(expected: "a value", offset: at)
        }
        append(kind, from: at, to: at + count, escaped: false)
        at += count
    }

    private mutating func parseNumber() throws(JSONError) {
        let start = at
        if current == UInt8(ascii: "-") { at += 1 }
        let isLeadingZero = current == UInt8(ascii: "0")
        let digits = try parseDigits()
        guard !isLeadingZero || digits == 1 else {
            throw .syntax(expected: "a number without leading zeros", offset: start)
        }
        if current == UInt8(ascii: ".") {
            at += 1
            _ = try parseDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            _ = try parseDigits()
        }
        append(.number, from: start, to: at, escaped: false)
    }

    private mutating func parseDigits() throws(JSONError) -> Int {
        let start = at
        while current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") {
            at += 1
        }
        guard at > start else { throw .syntax(expected: "a digit", offset: at) }
        return at - start
    }

    private mutating func parseString() throws(JSONError) {
        at += 1
        let start = at
        var isEscaped = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                append(.string, from: start, to: at, escaped: isEscaped)
                at += 1
                return
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try skipEscape()
            } else if byte >= 0x80 {
                guard let count = UTF8Bytes.sequenceLength(in: bytes, at: at) else {
                    throw .syntax(expected: "valid UTF-8", offset: at)
                }
                at += count
            } else if byte < 0x20 {
                throw .syntax(expected: "an escape for a control character", offset: at)
            } else {
                at += 1
            }
        }
        throw .syntax(expected: "a closing quote", offset: at)
    }

    private mutating func skipEscape() throws(JSONError) {
        let start = at
        guard at + 1 < bytes.count else { throw .syntax(expected: "an escape", offset: at) }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            guard let unit = UTF8Bytes.escapedUnit(in: bytes, at: at) else {
                throw .syntax(expected: "four hexadecimal digits", offset: at)
            }
            at += 6
            guard UTF16.isSurrogate(unit) else { return }
            guard UTF16.isLeadSurrogate(unit),
                let second = UTF8Bytes.escapedUnit(in: bytes, at: at),
                UTF16.isTrailSurrogate(second)
            else { throw .syntax(expected: "a whole surrogate pair", offset: start) }
            at += 6
        default: throw .syntax(expected: "an escape", offset: at)
        }
    }
}
