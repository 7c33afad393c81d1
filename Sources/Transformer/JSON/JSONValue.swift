/// One value of a ``JSONDocument``.
package struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    private var node: JSONNode { document.nodes[index] }

    /// What the value is.
    package var kind: JSONKind { node.kind }

    /// Where the value begins, in bytes from the start of the text.
    package var offset: Int { Int(node.start) }

    /// Whether the value is `null`.
    package var isNull: Bool { kind == .null }

    private func require(_ expected: JSONKind) throws(JSONError) {
        guard kind == expected else {
            throw .wrongKind(expected: expected, found: kind, offset: offset)
        }
    }

    /// The text of a string.
    package func string() throws(JSONError) -> String {
        try require(.string)
        return text
    }

    /// The text of a string, or the digits of a number as they stand.
    var text: String {
        var decoded: [UInt8] = []
        appendText(to: &decoded)
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Appends a string's UTF-8, escapes decoded; the value must be a string.
    func appendText(to buffer: inout [UInt8]) {
        let range = Int(node.start)..<Int(node.end)
        if node.isEscaped {
            document.bytes.withUnsafeBufferPointer {
                UTF8Bytes.appendUnescaped($0, range, to: &buffer)
            }
        } else {
            buffer.append(contentsOf: document.bytes[range])
        }
    }

    /// A number written without fraction and exponent, `-2⁵³...2⁵³`.
    package func integer() throws(JSONError) -> Int {
        try require(.number)
        var magnitude = 0
        var isNegative = false
        for byte in document.bytes[Int(node.start)..<Int(node.end)] {
            if byte == UInt8(ascii: "-") {
                isNegative = true
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), magnitude <= 1 << 53 else {
                throw .unfitNumber(text, offset: offset)
            }
            magnitude = magnitude * 10 + Int(byte - UInt8(ascii: "0"))
        }
        guard magnitude <= 1 << 53 else { throw .unfitNumber(text, offset: offset) }
        return isNegative ? -magnitude : magnitude
    }

    /// A finite number.
    package func number() throws(JSONError) -> Double {
        try require(.number)
        guard let number = Double(text), number.isFinite else {
            throw .unfitNumber(text, offset: offset)
        }
        return number
    }

    /// `true` or `false`.
    package func boolean() throws(JSONError) -> Bool {
        guard kind == .true || kind == .false else {
            throw .wrongKind(expected: .true, found: kind, offset: offset)
        }
        return kind == .true
    }

    /// The values of an array, in order.
    package func elements() throws(JSONError) -> Children {
        try require(.array)
        return children
    }

    /// Everything directly inside a container, keys included.
    var children: Children {
        Children(document: document, index: index + 1, end: Int(node.next))
    }

    /// The members of an object in the file's order, duplicate keys included.
    package func members() throws(JSONError) -> Members {
        try require(.object)
        return Members(children: children)
    }

    /// The value of `key` in an object, `nil` if the object has no such key.
    ///
    /// - Throws: ``JSONError/duplicateKey(_:offset:)`` when the key stands there twice.
    package func member(_ key: String) throws(JSONError) -> JSONValue? {
        var found: JSONValue?
        for (name, value) in try members() where name.isText(key) {
            guard found == nil else { throw .duplicateKey(key, offset: offset) }
            found = value
        }
        return found
    }

    /// The value of `key` in an object that must have it.
    package func required(_ key: String) throws(JSONError) -> JSONValue {
        guard let value = try member(key) else { throw .missingKey(key, offset: offset) }
        return value
    }

    /// Compares scalars: Swift's `==` would equate canonically equivalent keys.
    func isText(_ key: String) -> Bool {
        node.isEscaped
            ? text.utf8.elementsEqual(key.utf8)
            : document.bytes[Int(node.start)..<Int(node.end)].elementsEqual(key.utf8)
    }

    /// The values inside an array.
    package struct Children: Sequence, IteratorProtocol {
        let document: JSONDocument
        var index: Int
        let end: Int

        package mutating func next() -> JSONValue? {
            guard index < end else { return nil }
            defer { index = Int(document.nodes[index].next) }
            return JSONValue(document: document, index: index)
        }
    }

    /// The keys and values inside an object; a key is a string value.
    package struct Members: Sequence, IteratorProtocol {
        var children: Children

        package mutating func next() -> (key: JSONValue, value: JSONValue)? {
            guard let key = children.next(), let value = children.next() else { return nil }
            return (key, value)
        }
    }
}
