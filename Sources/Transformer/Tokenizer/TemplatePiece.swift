/// A piece of a rendered conversation.
enum TemplatePiece: Equatable {
    /// What the template writes itself and means as one token, if the tokenizer has it.
    case marker(String)
    /// Everything else.
    case text(String)

    var text: String {
        switch self {
        case .marker(let text), .text(let text): text
        }
    }
}

/// What a family of templates writes.
protocol ChatStyle: Sendable {
    /// The family's name, with what distinguishes the variant.
    var name: String { get }
    /// Tokens without which the family makes no sense.
    var requiredTokens: [String] { get }
    /// What ends an assistant's turn.
    var endOfTurn: String { get }
    /// Whether a message's header and content are encoded apart from each other, so that nothing
    /// merges across; otherwise each stretch between markers is encoded as a whole.
    var encodesPartsApart: Bool { get }
    /// Whether the template can ask for reasoning before the reply.
    var canThink: Bool { get }

    /// A conversation as the template renders it.
    ///
    /// - Parameters:
    ///   - hasDefaultSystem: Whether to write what the template writes without a system message.
    ///   - isExample: Whether to keep to the form that examples are trained in where it differs:
    ///     earlier turns as they are, and nothing behind the last turn's end.
    func pieces(
        of messages: [ChatMessage], hasDefaultSystem: Bool, generationPrompt: Bool,
        thinking: Bool?, isExample: Bool
    ) throws(ChatTemplateError) -> [TemplatePiece]

    /// A reply as the template would render it behind the generation prompt, without the end of
    /// the turn.
    func reply(_ content: String) throws(ChatTemplateError) -> String
}

extension String {
    /// Python's `strip()`, which also takes the separators U+001C to U+001F.
    func trimmedLikePython() -> String {
        let isSpace = { (scalar: Unicode.Scalar) in
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        let start = unicodeScalars.drop(while: isSpace)
        var end = start.endIndex
        while end > start.startIndex {
            let last = start.index(before: end)
            guard isSpace(start[last]) else { break }
            end = last
        }
        return String(start[start.startIndex..<end])
    }

    /// Without line feeds at the start.
    func droppingLeadingLineFeeds() -> String {
        String(unicodeScalars.drop { $0 == "\n" })
    }

    /// The parts between occurrences of `separator`, compared by scalar.
    func split(at separator: String) -> [String] {
        let text = Array(utf8)
        let separator = Array(separator.utf8)
        var parts: [String] = []
        var start = 0
        var position = 0
        while position < text.count {
            if text[position...].starts(with: separator) {
                parts.append(String(decoding: text[start..<position], as: UTF8.self))
                position += separator.count
                start = position
            } else {
                position += 1
            }
        }
        return parts + [String(decoding: text[start...], as: UTF8.self)]
    }
}
