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

    package var dropsLeadingSpace: Bool { false }

    package func encode(_ parts: [TextPart]) -> [TokenID] {
        parts.flatMap { part in
            switch part {
            case .token(let token): [token]
            case .text(let text): encode(text, special: .text, addSpecial: false)
            }
        }
    }

    package func bytes(of token: TokenID) -> [UInt8] {
        if let byte = UInt8(exactly: token.rawValue) { return [byte] }
        return ByteTokenizer.special.first { $0.1 == token }.map { Array($0.0.utf8) } ?? []
    }

    package func isSpecial(_ token: TokenID) -> Bool {
        ByteTokenizer.special.contains { $0.1 == token }
    }

    package func token(named name: String) -> TokenID? {
        ByteTokenizer.special.first { $0.0 == name }?.1
    }
}
