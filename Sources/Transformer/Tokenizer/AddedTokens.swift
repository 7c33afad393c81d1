/// A token that is found as text before anything is merged.
struct AddedToken: Equatable, Sendable {
    var id: UInt32
    var content: String
    /// Whether it steers the model; such a token may be disarmed.
    var isSpecial: Bool
    /// Whether it is sought in normalised text, its own text normalised too.
    var isNormalized: Bool
    /// Whether white space before it belongs to it.
    var swallowsLeft: Bool
    /// Whether white space after it belongs to it.
    var swallowsRight: Bool
    /// Whether it counts only with no letter, mark, digit or connector beside it.
    var isWord: Bool
}

/// Finds added tokens in text: the leftmost, and of several there the longest.
struct AddedTokenFinder: Sendable {
    enum Part {
        /// Text between tokens; `isFirst` if it begins where the text begins.
        case text(Range<Int>, isFirst: Bool)
        case token(UInt32)
    }

    private var tokens: [AddedToken] = []
    /// Children in a tree of bytes: node and byte to node. Node 0 is the root.
    private var children: [UInt64: UInt32] = [:]
    /// The token that ends at a node, -1 for none.
    private var ends: [Int32] = [-1]
    private var isFirstByte = Array(repeating: false, count: 256)

    /// - Parameter texts: Each token with the text that it is sought as; of equal texts the first
    ///   counts, and an empty one is never found.
    init(_ texts: [(text: String, token: AddedToken)]) {
        for (text, token) in texts where !text.isEmpty {
            var node: UInt32 = 0
            for byte in text.utf8 {
                let key = UInt64(node) << 8 | UInt64(byte)
                if node == 0 { isFirstByte[Int(byte)] = true }
                if let child = children[key] {
                    node = child
                } else {
                    node = UInt32(ends.count)
                    children[key] = node
                    ends.append(-1)
                }
            }
            if ends[Int(node)] < 0 {
                ends[Int(node)] = Int32(tokens.count)
                tokens.append(token)
            }
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Calls `body` with the parts of `bytes`, in order; empty text is left out.
    func forEachPart(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Part) -> Void) {
        var done = 0
        var position = 0
        while !isEmpty, position < bytes.count {
            guard isFirstByte[Int(bytes[position])],
                let (token, tokenEnd) = longest(in: bytes, at: position)
            else {
                position += 1
                continue
            }
            var start = position
            var end = tokenEnd
            // Tokens never overlap, so the search goes on behind this one's own text even if it is
            // passed over, and not behind the space that it swallows.
            position = tokenEnd
            if token.isWord,
                Self.isWord(before: start, in: bytes) || Self.isWord(at: end, in: bytes)
            {
                continue
            }
            if token.swallowsLeft {
                while start > done, let space = Self.space(before: start, in: bytes) {
                    start = max(space, done)
                }
            }
            if token.swallowsRight {
                while let space = Self.space(at: end, in: bytes) { end = space }
            }
            if start > done { body(.text(done..<start, isFirst: done == 0)) }
            body(.token(token.id))
            done = end
        }
        if done < bytes.count { body(.text(done..<bytes.count, isFirst: done == 0)) }
    }

    private func longest(
        in bytes: UnsafeBufferPointer<UInt8>, at start: Int
    ) -> (token: AddedToken, end: Int)? {
        var found: (AddedToken, Int)?
        var node: UInt32 = 0
        var position = start
        while position < bytes.count,
            let child = children[UInt64(node) << 8 | UInt64(bytes[position])]
        {
            node = child
            position += 1
            if ends[Int(node)] >= 0 { found = (tokens[Int(ends[Int(node)])], position) }
        }
        return found
    }

    private static func scalar(
        before position: Int, in bytes: UnsafeBufferPointer<UInt8>
    ) -> (scalar: Unicode.Scalar, start: Int)? {
        guard position > 0 else { return nil }
        var start = position - 1
        while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return Unicode.Scalar(ScalarReader.decode(bytes, at: start).scalar).map { ($0, start) }
    }

    private static func scalar(
        at position: Int, in bytes: UnsafeBufferPointer<UInt8>
    ) -> (scalar: Unicode.Scalar, end: Int)? {
        guard position < bytes.count else { return nil }
        let (number, end) = ScalarReader.decode(bytes, at: position)
        return Unicode.Scalar(number).map { ($0, end) }
    }

    private static func space(before position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        scalar(before: position, in: bytes).flatMap {
            $0.scalar.properties.isWhitespace ? $0.start : nil
        }
    }

    private static func space(at position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        scalar(at: position, in: bytes).flatMap {
            $0.scalar.properties.isWhitespace ? $0.end : nil
        }
    }

    private static func isWord(before position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        scalar(before: position, in: bytes).map { isWord($0.scalar) } ?? false
    }

    private static func isWord(at position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        scalar(at: position, in: bytes).map { isWord($0.scalar) } ?? false
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isAlphabetic || scalar == "\u{200C}" || scalar == "\u{200D}" {
            return true
        }
        return switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            true
        default: false
        }
    }
}
