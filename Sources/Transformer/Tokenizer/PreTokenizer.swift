/// How a stretch of text is cut into the words that are merged on their own.
enum PreTokenizer: Equatable, Sendable {
    /// Bytes, cut by a pattern; with `isolatesDigits` each digit is cut out first and the pattern
    /// sees the text between digits only.
    case byteLevel(SplitPattern?, isolatesDigits: Bool)
    /// Characters, one word.
    case whole
    /// Characters, one word, with a mark for each space and one in front of some stretches.
    case metaspace(Prepending)

    /// Which stretches get a mark in front if they do not begin with one.
    enum Prepending: String, Sendable {
        case never
        /// The one at the start of the whole text.
        case first
        case always
    }

    /// The mark, U+2581.
    static let mark = Array("▁".utf8)

    /// Calls `body` with each word of `bytes`, in order.
    static func forEachWord(
        in bytes: UnsafeBufferPointer<UInt8>, pattern: SplitPattern?, isolatesDigits: Bool,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        ScalarClass.table.withUnsafeBufferPointer { table in
            guard let classes = table.baseAddress else { return }
            let whole = ScalarReader(bytes: bytes, classes: classes)
            func split(_ range: Range<Int>) {
                let part = UnsafeBufferPointer(rebasing: bytes[range])
                guard let pattern else { return body(part) }
                let text = ScalarReader(bytes: part, classes: classes)
                var start = 0
                while start < part.count {
                    let end = pattern.end(ofPieceAt: start, in: text)
                    body(UnsafeBufferPointer(rebasing: part[start..<end]))
                    start = end
                }
            }
            guard isolatesDigits else {
                if !bytes.isEmpty { split(0..<bytes.count) }
                return
            }
            var start = 0
            while start < bytes.count {
                var (found, end) = whole.read(at: start)
                if !found.contains(.number) {
                    while end < bytes.count {
                        let (following, next) = whole.read(at: end)
                        if following.contains(.number) { break }
                        end = next
                    }
                }
                split(start..<end)
                start = end
            }
        }
    }
}
