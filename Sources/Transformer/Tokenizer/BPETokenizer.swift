/// Byte-pair encoding as `tokenizer.json` describes it, over bytes or over characters.
///
/// Text is cut at added tokens, each part normalised, cut again at added tokens sought in
/// normalised text, cut into words, and each word merged.
struct BPETokenizer: Tokenizer {
    var normalizer = TextNormalizer()
    var preTokenizer: PreTokenizer
    var merges: MergeTable
    var dropsLeadingSpace = false

    /// Texts of the vocabulary and then of added tokens, with their tokens.
    var names: ByteStringTable
    var ids: [UInt32] = []
    /// How many of `names` are the vocabulary's.
    var baseCount = 0
    /// The bytes that each token stands for, one behind the other; where they lie, by token.
    var tokenBytes: [UInt8] = []
    var tokenRanges: [Range<UInt32>] = []
    var specialTokens: Set<UInt32> = []

    /// The token of each byte: of the byte alphabet, or of the byte fallback.
    var byteTokens: [UInt32?] = Array(repeating: nil, count: 256)
    /// With byte-level words that are a token as they are, their bytes and tokens.
    var wholeWords: (bytes: ByteStringTable, ids: [UInt32])?
    var ignoresMerges = false
    var unknown: UInt32?
    var fusesUnknown = false
    /// Whether every token has its marks in front, so that words may be cut before one.
    var marksLead = false

    /// Tokens sought in the raw text and in normalised text, with special text parsed or left.
    var parsing = Finders()
    var disarmed = Finders()
    var prefix: [UInt32] = []
    var suffix: [UInt32] = []

    struct Finders {
        var raw = AddedTokenFinder([])
        var normalized = AddedTokenFinder([])
    }

    var vocabularySize: Int { tokenRanges.count }

    func encode(_ text: String, special: SpecialText, addSpecial: Bool) -> [TokenID] {
        var encoding = Encoding()
        if addSpecial { encoding.append(prefix) }
        append(text, special: special, isFirst: true, to: &encoding)
        if addSpecial { encoding.append(suffix) }
        return encoding.tokens
    }

    func encode(_ parts: [TextPart]) -> [TokenID] {
        var encoding = Encoding()
        for (index, part) in parts.enumerated() {
            switch part {
            case .token(let token): encoding.tokens.append(token)
            case .text(let text):
                append(text, special: .text, isFirst: index == 0, to: &encoding)
            }
        }
        return encoding.tokens
    }

    func bytes(of token: TokenID) -> [UInt8] {
        guard tokenRanges.indices.contains(token.index) else { return [] }
        let range = tokenRanges[token.index]
        return Array(tokenBytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    func isSpecial(_ token: TokenID) -> Bool {
        specialTokens.contains(UInt32(bitPattern: token.rawValue))
    }

    func token(named name: String) -> TokenID? {
        names.number(of: name.utf8).map { TokenID(Int(ids[$0])) }
    }

    /// The tokens so far and working memory.
    struct Encoding {
        var tokens: [TokenID] = []
        var symbols: [UInt32] = []
        var scratch = MergeTable.Scratch()

        mutating func append(_ ids: some Sequence<UInt32>) {
            for id in ids { tokens.append(TokenID(rawValue: Int32(bitPattern: id))) }
        }
    }

    private func append(
        _ text: String, special: SpecialText, isFirst: Bool, to encoding: inout Encoding
    ) {
        let finders = special == .parse ? parsing : disarmed
        var text = text
        text.withUTF8 { bytes in
            finders.raw.forEachPart(in: bytes) { part in
                switch part {
                case .token(let id): encoding.append(CollectionOfOne(id))
                case .text(let range, let startsRaw):
                    let raw = UnsafeBufferPointer(rebasing: bytes[range])
                    let isFirst = isFirst && startsRaw
                    if let normal = normalizer.normalized(raw) {
                        normal.withUnsafeBufferPointer {
                            append($0, isFirst: isFirst, finder: finders.normalized, to: &encoding)
                        }
                    } else {
                        append(raw, isFirst: isFirst, finder: finders.normalized, to: &encoding)
                    }
                }
            }
        }
    }

    private func append(
        _ normal: UnsafeBufferPointer<UInt8>, isFirst: Bool, finder: AddedTokenFinder,
        to encoding: inout Encoding
    ) {
        finder.forEachPart(in: normal) { part in
            switch part {
            case .token(let id): encoding.append(CollectionOfOne(id))
            case .text(let range, let startsPart):
                let stretch = UnsafeBufferPointer(rebasing: normal[range])
                append(stretch: stretch, isFirst: isFirst && startsPart, to: &encoding)
            }
        }
    }

    private func append(
        stretch: UnsafeBufferPointer<UInt8>, isFirst: Bool, to encoding: inout Encoding
    ) {
        switch preTokenizer {
        case .byteLevel(let pattern, let isolatesDigits):
            PreTokenizer.forEachWord(in: stretch, pattern: pattern, isolatesDigits: isolatesDigits)
            {
                appendByteWord($0, to: &encoding)
            }
        case .whole: appendCharacters(stretch, to: &encoding)
        case .metaspace(let prepending):
            var marked: [UInt8] = []
            marked.reserveCapacity(stretch.count * 2)
            let isMarked =
                stretch.first == UInt8(ascii: " ") || stretch.starts(with: PreTokenizer.mark)
            if !isMarked, prepending == .always || prepending == .first && isFirst {
                marked += PreTokenizer.mark
            }
            for byte in stretch {
                if byte == UInt8(ascii: " ") {
                    marked += PreTokenizer.mark
                } else {
                    marked.append(byte)
                }
            }
            marked.withUnsafeBufferPointer { appendCharacters($0, to: &encoding) }
        }
    }

    private func appendByteWord(
        _ word: UnsafeBufferPointer<UInt8>, to encoding: inout Encoding
    ) {
        if let wholeWords, let number = wholeWords.bytes.number(of: word) {
            encoding.append(CollectionOfOne(wholeWords.ids[number]))
            return
        }
        encoding.symbols.removeAll(keepingCapacity: true)
        for byte in word {
            if let id = byteTokens[Int(byte)] {
                encoding.symbols.append(id)
            } else {
                appendUnknown(to: &encoding)
            }
        }
        merges.merge(&encoding.symbols, scratch: &encoding.scratch)
        encoding.append(encoding.symbols)
    }

    /// Merges a stretch of characters, word by word where no token reaches across.
    private func appendCharacters(
        _ stretch: UnsafeBufferPointer<UInt8>, to encoding: inout Encoding
    ) {
        if ignoresMerges, let number = names.number(of: stretch), number < baseCount {
            encoding.append(CollectionOfOne(ids[number]))
            return
        }
        encoding.symbols.removeAll(keepingCapacity: true)
        var start = 0
        var followsMark = true
        while start < stretch.count {
            let (scalar, end) = ScalarReader.decode(stretch, at: start)
            let isMark = scalar == 0x2581
            if marksLead, isMark, !followsMark {
                merges.merge(&encoding.symbols, scratch: &encoding.scratch)
                encoding.append(encoding.symbols)
                encoding.symbols.removeAll(keepingCapacity: true)
            }
            followsMark = isMark
            let character = UnsafeBufferPointer(rebasing: stretch[start..<end])
            if let number = names.number(of: character), number < baseCount {
                encoding.symbols.append(ids[number])
            } else if character.allSatisfy({ byteTokens[Int($0)] != nil }) {
                encoding.symbols.append(contentsOf: character.compactMap { byteTokens[Int($0)] })
            } else {
                appendUnknown(to: &encoding)
            }
            start = end
        }
        merges.merge(&encoding.symbols, scratch: &encoding.scratch)
        encoding.append(encoding.symbols)
    }

    /// Without an unknown token the character is dropped.
    private func appendUnknown(to encoding: inout Encoding) {
        guard let unknown, !(fusesUnknown && encoding.symbols.last == unknown) else { return }
        encoding.symbols.append(unknown)
    }
}
