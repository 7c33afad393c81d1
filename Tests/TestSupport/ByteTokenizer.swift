package import Transformer

/// One token per byte, and the two of ChatML.
package struct ByteTokenizer: Tokenizer {
    package static let start: TokenID = 256
    package static let end: TokenID = 257
    private static let special = [("<|im_start|>", start), ("<|im_end|>", end)]

    package init() {}

    package var vocabularySize: Int { 258 }

    package func encode(_ text: String, special: SpecialText, addSpecial: Bool) -> [TokenID] {
        var tokens: [TokenID] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            let found = ByteTokenizer.special.first { rest.starts(with: $0.0.utf8) }
            if special == .parse, let (name, token) = found {
                tokens.append(token)
                rest = rest.dropFirst(name.utf8.count)
            } else {
                tokens.append(TokenID(Int(byte)))
                rest = rest.dropFirst()
            }
        }
        return tokens
    }

    package func decode(_ tokens: [TokenID], skipSpecial: Bool) -> String {
        let bytes = tokens.flatMap { token -> [UInt8] in
            if let byte = UInt8(exactly: token.rawValue) { return [byte] }
            let name = ByteTokenizer.special.first { $0.1 == token }?.0 ?? ""
            return skipSpecial ? [] : Array(name.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
