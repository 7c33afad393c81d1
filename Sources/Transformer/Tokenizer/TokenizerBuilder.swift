/// Builds a tokenizer from the text of a `tokenizer.json`, checking everything.
struct TokenizerBuilder {
    let file: String
    private(set) var warnings: [String] = []

    /// Ids from here on are refused: they would only serve to exhaust memory.
    private static let idLimit = 1 << 24

    init(file: String) { self.file = file }

    mutating func build(from bytes: [UInt8]) throws(TokenizerError) -> BPETokenizer {
        do {
            return try build(try JSONDocument(bytes).root)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .malformed(file: file, reason: "\(error)")
        }
    }

    private mutating func build(_ root: JSONValue) throws -> BPETokenizer {
        let model = try root.required("model")
        try requireBPE(model)
        let pipeline = TokenizerPipeline(file: file)
        let vocabulary = try model.required("vocab")
        let merges = try model.required("merges")
        var tokenizer = BPETokenizer(
            normalizer: try pipeline.normalizer(root.member("normalizer")),
            preTokenizer: try pipeline.preTokenizer(root.member("pre_tokenizer")),
            merges: MergeTable(count: try merges.elements().reduce(0) { count, _ in count + 1 }),
            names: ByteStringTable(
                count: try vocabulary.members().reduce(0) { count, _ in count + 1 },
                byteCount: Int(model.byteCount)))
        tokenizer.dropsLeadingSpace = try pipeline.dropsLeadingSpace(
            root.member("decoder"), isByteLevel: tokenizer.isByteLevel)
        try addVocabulary(vocabulary, to: &tokenizer)
        try addMerges(merges, to: &tokenizer)
        try addAddedTokens(root.member("added_tokens"), to: &tokenizer)
        try addFlags(of: model, to: &tokenizer)
        let (prefix, suffix) = try pipeline.surroundings(root.member("post_processor"))
        tokenizer.prefix = prefix
        tokenizer.suffix = suffix
        for id in prefix + suffix where !tokenizer.tokenRanges.indices.contains(Int(id)) {
            throw TokenizerError.unknownToken(file: file, token: "id \(id)")
        }
        if tokenizer.token(named: "[INST]") != nil,
            tokenizer.preTokenizer == .byteLevel(.llama3, isolatesDigits: false)
        {
            warnings.append(
                "\(file) splits text by Llama 3's pattern although its tokens are Mistral's: "
                    + "it is used as it is, and may differ from the model's training")
        }
        return tokenizer
    }

    private func requireBPE(_ model: JSONValue) throws {
        if let type = try model.member("type") {
            let type = try type.string()
            guard type == "BPE" else {
                throw TokenizerError.unsupported(file: file, feature: "model type \"\(type)\"")
            }
        } else if try model.member("merges") == nil {
            // Old GPT-2 files name no type and have merges.
            throw TokenizerError.unsupported(
                file: file, feature: "model without a type and without merges")
        }
        if let dropout = try model.member("dropout"), !dropout.isNull, try dropout.number() != 0 {
            throw TokenizerError.unsupported(file: file, feature: "merge dropout")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try model.member(key), !affix.isNull, try !affix.string().isEmpty {
                throw TokenizerError.unsupported(file: file, feature: key)
            }
        }
    }

    private func addVocabulary(_ members: JSONValue, to tokenizer: inout BPETokenizer) throws {
        var numbers: [Int32] = []
        for (key, value) in try members.members() {
            let id = try checked(try value.integer(), of: key)
            guard let number = tokenizer.names.insert({ key.appendText(to: &$0) }) else {
                throw TokenizerError.duplicateToken(file: file, token: try key.string())
            }
            tokenizer.ids.append(UInt32(id))
            while numbers.count <= id { numbers.append(-1) }
            guard numbers[id] < 0 else {
                throw duplicateID(id, tokenizer.names, Int(numbers[id]), number)
            }
            numbers[id] = Int32(number)
        }
        tokenizer.baseCount = tokenizer.names.count
        tokenizer.tokenRanges = Array(repeating: 0..<0, count: numbers.count)
        let names = tokenizer.names
        names.bytes.withUnsafeBufferPointer { bytes in
            for (number, id) in tokenizer.ids.enumerated() {
                let text = UnsafeBufferPointer(rebasing: bytes[names[number].indices])
                tokenizer.setBytes(of: id, from: text)
            }
        }
    }

    private func checked(_ id: Int, of key: JSONValue) throws -> Int {
        guard id >= 0, id < Self.idLimit else {
            throw TokenizerError.idOutOfRange(file: file, token: try key.string(), id: id)
        }
        return id
    }

    private func duplicateID(
        _ id: Int, _ names: ByteStringTable, _ first: Int, _ second: Int
    ) -> TokenizerError {
        let texts = [first, second].map { String(decoding: names[$0], as: UTF8.self) }
        return .duplicateID(file: file, id: id, tokens: texts)
    }

    private func addMerges(_ list: JSONValue, to tokenizer: inout BPETokenizer) throws {
        var text: [UInt8] = []
        var next = -1
        var marksLead = tokenizer.names.number(of: PreTokenizer.mark) != nil
        for (index, element) in try list.elements().enumerated() {
            text.removeAll(keepingCapacity: true)
            let middle = try append(merge: element, index: index, to: &text)
            let left = tokenizer.ids[try number(text[..<middle], merge: index, tokenizer)]
            let right = tokenizer.ids[try number(text[middle...], merge: index, tokenizer)]
            // Most files list merges in the order of their results: looking at the next token first
            // saves a third of the searching.
            next += 1
            if !(next < tokenizer.baseCount && tokenizer.names[next] == text[...]) {
                next = try number(text[...], merge: index, tokenizer)
            }
            let result = tokenizer.ids[next]
            guard
                tokenizer.merges.insert(
                    left: left, right: right, rank: UInt32(index), result: result)
            else { throw TokenizerError.duplicateMerge(file: file, index: index) }
            if text[middle...].starts(with: PreTokenizer.mark),
                !text[..<middle].suffix(3).elementsEqual(PreTokenizer.mark)
            {
                marksLead = false
            }
        }
        tokenizer.marksLead = marksLead
    }

    /// Appends both parts of a merge, `["a", "b"]` or `"a b"`.
    ///
    /// - Returns: Where the second part begins.
    private func append(merge: JSONValue, index: Int, to text: inout [UInt8]) throws -> Int {
        var middle: Int?
        switch merge.kind {
        case .string:
            merge.appendText(to: &text)
            if let space = text.firstIndex(of: UInt8(ascii: " ")) {
                text.remove(at: space)
                middle = text[space...].contains(UInt8(ascii: " ")) ? nil : space
            }
        case .array:
            var parts = try merge.elements()
            guard let left = parts.next(), let right = parts.next(), parts.next() == nil,
                left.kind == .string, right.kind == .string
            else { break }
            left.appendText(to: &text)
            middle = text.count
            right.appendText(to: &text)
        default: break
        }
        guard let middle, middle > 0, middle < text.count else {
            throw TokenizerError.malformedMerge(file: file, index: index)
        }
        return middle
    }

    private func number(
        _ part: ArraySlice<UInt8>, merge index: Int, _ tokenizer: BPETokenizer
    ) throws -> Int {
        guard let number = part.withUnsafeBufferPointer({ tokenizer.names.number(of: $0) }) else {
            throw TokenizerError.unknownMergePart(
                file: file, index: index, part: String(decoding: part, as: UTF8.self))
        }
        return number
    }

    private func addAddedTokens(_ list: JSONValue?, to tokenizer: inout BPETokenizer) throws {
        var tokens: [AddedToken] = []
        var owners = Set<UInt32>()
        for element in try list.map({ Array(try $0.elements()) }) ?? [] {
            let key = try element.required("content")
            let content = try key.string()
            let id = UInt32(try checked(try element.required("id").integer(), of: key))
            guard owners.insert(id).inserted else {
                let other = tokens.first { $0.id == id }?.content ?? ""
                throw TokenizerError.duplicateID(
                    file: file, id: Int(id), tokens: [other, content])
            }
            let flag = { (name: String) in try element.member(name)?.boolean() ?? false }
            let token = AddedToken(
                id: id, content: content, isSpecial: try flag("special"),
                isNormalized: try flag("normalized"), swallowsLeft: try flag("lstrip"),
                swallowsRight: try flag("rstrip"), isWord: try flag("single_word"))
            try tokenizer.add(token, file: file)
            tokens.append(token)
        }
        tokenizer.parsing = finders(for: tokens, tokenizer.normalizer)
        tokenizer.disarmed = finders(for: tokens.filter { !$0.isSpecial }, tokenizer.normalizer)
    }

    private func finders(
        for tokens: [AddedToken], _ normalizer: TextNormalizer
    ) -> BPETokenizer.Finders {
        BPETokenizer.Finders(
            raw: AddedTokenFinder(tokens.filter { !$0.isNormalized }.map { ($0.content, $0) }),
            normalized: AddedTokenFinder(
                tokens.filter(\.isNormalized).map { (normalizer.normalized($0.content), $0) }))
    }

    private func addFlags(of model: JSONValue, to tokenizer: inout BPETokenizer) throws {
        let flag = { (name: String) in try model.member(name)?.boolean() ?? false }
        if let unknown = try model.member("unk_token"), !unknown.isNull {
            let name = try unknown.string()
            guard let token = tokenizer.token(named: name) else {
                throw TokenizerError.unknownToken(file: file, token: name)
            }
            tokenizer.unknown = UInt32(token.index)
        }
        tokenizer.fusesUnknown = try flag("fuse_unk")
        let fallsBack = try flag("byte_fallback")
        if tokenizer.isByteLevel {
            guard !fallsBack else {
                throw TokenizerError.unsupported(
                    file: file, feature: "byte_fallback together with ByteLevel")
            }
            for (byte, scalar) in ByteAlphabet.scalars.enumerated() {
                tokenizer.byteTokens[byte] = tokenizer.baseToken(String(scalar))
            }
        } else if fallsBack {
            for byte in 0..<256 {
                let digits = String(byte, radix: 16, uppercase: true)
                let name = "<0x\(byte < 16 ? "0" : "")\(digits)>"
                tokenizer.byteTokens[byte] = tokenizer.baseToken(name)
            }
        }
        if try flag("ignore_merges") { tokenizer.ignoreMerges() }
    }
}

extension JSONValue {
    /// The length of the value's text.
    fileprivate var byteCount: UInt32 {
        document.nodes[index].end - document.nodes[index].start
    }
}

extension BPETokenizer {
    var isByteLevel: Bool {
        if case .byteLevel = preTokenizer { true } else { false }
    }

    /// The token of a text in the vocabulary proper, added tokens left out.
    fileprivate func baseToken(_ name: String) -> UInt32? {
        names.number(of: name.utf8).flatMap { $0 < baseCount ? ids[$0] : nil }
    }

    /// Sets what `id` decodes to, given its text in the file.
    fileprivate mutating func setBytes(of id: UInt32, from text: UnsafeBufferPointer<UInt8>) {
        let start = UInt32(tokenBytes.count)
        if isByteLevel {
            // A token that is not written in the byte alphabet stands for its own text.
            if !ByteAlphabet.append(text, to: &tokenBytes) { tokenBytes += text }
        } else if let byte = Self.fallbackByte(text) {
            tokenBytes.append(byte)
        } else {
            var position = 0
            while position < text.count {
                if text[position...].starts(with: PreTokenizer.mark) {
                    tokenBytes.append(UInt8(ascii: " "))
                    position += PreTokenizer.mark.count
                } else {
                    tokenBytes.append(text[position])
                    position += 1
                }
            }
        }
        tokenRanges[Int(id)] = start..<UInt32(tokenBytes.count)
    }

    /// The byte of `<0x0A>` and the like.
    private static func fallbackByte(_ text: UnsafeBufferPointer<UInt8>) -> UInt8? {
        guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">") else {
            return nil
        }
        return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16)
    }

    /// Adds the name and bytes of an added token, which may be in the vocabulary already.
    fileprivate mutating func add(_ token: AddedToken, file: String) throws(TokenizerError) {
        if let number = names.number(of: token.content.utf8) {
            guard ids[number] == token.id else {
                throw .duplicateToken(file: file, token: token.content)
            }
        } else {
            if tokenRanges.indices.contains(Int(token.id)), !tokenRanges[Int(token.id)].isEmpty,
                let number = ids.prefix(baseCount).firstIndex(of: token.id)
            {
                let other = String(decoding: names[number], as: UTF8.self)
                throw .duplicateID(file: file, id: Int(token.id), tokens: [other, token.content])
            }
            _ = names.insert { $0.append(contentsOf: token.content.utf8) }
            ids.append(token.id)
        }
        if Int(token.id) >= tokenRanges.count {
            let missing = Int(token.id) + 1 - tokenRanges.count
            tokenRanges += Array(repeating: 0..<0, count: missing)
        }
        let text = token.isNormalized ? normalizer.normalized(token.content) : token.content
        Array(text.utf8).withUnsafeBufferPointer { setBytes(of: token.id, from: $0) }
        if token.isSpecial { specialTokens.insert(token.id) }
    }

    /// Makes a word that is a token as a whole that token, without merging.
    fileprivate mutating func ignoreMerges() {
        ignoresMerges = true
        guard isByteLevel else { return }
        var words = ByteStringTable(count: baseCount, byteCount: tokenBytes.count)
        var wordIDs: [UInt32] = []
        for number in 0..<baseCount {
            let isWord = Array(names[number]).withUnsafeBufferPointer { text in
                var word: [UInt8] = []
                guard ByteAlphabet.append(text, to: &word), !word.isEmpty else { return false }
                return words.insert { $0 += word } != nil
            }
            if isWord { wordIDs.append(ids[number]) }
        }
        wholeWords = (words, wordIDs)
    }
}
