/// A JSON text, checked as a whole and read where it lies.
///
/// Made for large and for hostile files: nothing is copied until it is asked for, duplicate keys
/// stay visible, nesting is limited and numbers keep their digits. Strings must be valid UTF-8 and
/// escapes must not leave half a surrogate pair.
package final class JSONDocument: Sendable {
    let bytes: [UInt8]
    let nodes: [JSONNode]

    /// Checks `bytes` and indexes every value.
    ///
    /// - Parameters:
    ///   - maximumDepth: How many arrays and objects may lie inside one another.
    ///   - maximumCount: How many values and keys there may be; without a limit a hostile text
    ///     takes many times its size.
    package init(
        _ bytes: [UInt8], maximumDepth: Int = 64, maximumCount: Int = .max
    ) throws(JSONError) {
        guard bytes.count < Int(UInt32.max) else { throw .tooLarge(byteCount: bytes.count) }
        self.bytes = bytes
        nodes = try bytes.withUnsafeBufferPointer { (bytes) throws(JSONError) in
            var parser = JSONParser(
                bytes: bytes, maximumDepth: maximumDepth, maximumCount: maximumCount)
            try parser.parse()
            return parser.nodes
        }
    }

    /// The outermost value.
    package var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// One value's place in the text; the values of a container follow their container.
struct JSONNode {
    var kind: JSONKind
    /// Whether a string contains a backslash and has to be decoded.
    var isEscaped = false
    /// First byte; of a string, the one after the quote.
    var start: UInt32
    /// One past the last byte; of a string, the closing quote.
    var end: UInt32
    /// Index of the node after this one and everything inside it.
    var next: UInt32
}
