/// ChatML: `<|im_start|>role`, content, `<|im_end|>`, with the variants in use of it.
struct ChatMLStyle: ChatStyle {
    enum Thinking: String, Sendable {
        /// The template knows no reasoning.
        case never = "chatml"
        /// Qwen3: reasoning unless an empty think block is asked for; no block in older turns.
        case optional = "qwen3"
        /// The think block is always written, and always empty.
        case alwaysEmpty = "chatml-empty-think"
    }

    var thinking: Thinking
    /// What the template writes as the system's text when it is given none.
    var defaultSystem: String?
    /// Whether a user's message that is a tool's response does not count as the last question.
    var passesOverToolResponses = false

    var name: String { thinking.rawValue }
    var requiredTokens: [String] { ["<|im_start|>", "<|im_end|>"] }
    var endOfTurn: String { "<|im_end|>" }
    var encodesPartsApart: Bool { thinking != .never }
    var canThink: Bool { thinking == .optional }

    private static let emptyBlock: [TemplatePiece] = [
        .marker("<think>"), .text("\n\n"), .marker("</think>"), .text("\n\n"),
    ]

    func pieces(
        of messages: [ChatMessage], hasDefaultSystem: Bool, generationPrompt: Bool,
        thinking isThinking: Bool?, isExample: Bool
    ) throws(ChatTemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        if hasDefaultSystem, let defaultSystem, messages.first?.role != .system {
            pieces += header("system") + [.text(defaultSystem)] + footer
        }
        let lastQuestion = lastQuestion(in: messages)
        for (index, message) in messages.enumerated() {
            pieces += header(message.role.rawValue)
            if message.role == .assistant, thinking != .never {
                pieces += assistant(
                    message.content, isAnswer: index > lastQuestion,
                    isLast: index == messages.count - 1, isExample: isExample)
            } else {
                pieces.append(.text(message.content))
            }
            pieces += footer
        }
        if generationPrompt {
            pieces += header("assistant")
            if thinking == .alwaysEmpty || thinking == .optional && isThinking == false {
                pieces += Self.emptyBlock
            }
        } else if isExample {
            pieces.removeLast()
        }
        return pieces
    }

    private func header(_ role: String) -> [TemplatePiece] {
        [.marker("<|im_start|>"), .text(role + "\n")]
    }

    private var footer: [TemplatePiece] { [.marker("<|im_end|>"), .text("\n")] }

    /// The index of the last user's message; without one, Qwen3 answers nothing and the template
    /// with the empty block everything.
    private func lastQuestion(in messages: [ChatMessage]) -> Int {
        let last = messages.lastIndex { message in
            message.role == .user
                && !(passesOverToolResponses
                    && message.content.utf8.starts(with: "<tool_response>".utf8)
                    && message.content.utf8.reversed().starts(
                        with: "</tool_response>".utf8.reversed()))
        }
        return last ?? (thinking == .optional ? messages.count : -1)
    }

    private func assistant(
        _ content: String, isAnswer: Bool, isLast: Bool, isExample: Bool
    ) -> [TemplatePiece] {
        if isExample { return (isAnswer ? Self.emptyBlock : []) + [.text(content)] }
        let parts = content.split(at: "</think>")
        var text = content
        var reasoning = ""
        if parts.count > 1 {
            text = parts[parts.count - 1].droppingLeadingLineFeeds()
            reasoning = parts[0].split(at: "<think>").last ?? ""
            reasoning = Self.strippingLineFeeds(reasoning)
        }
        guard isAnswer else { return [.text(text)] }
        if thinking == .alwaysEmpty { return Self.emptyBlock + [.text(text)] }
        guard isLast || !reasoning.isEmpty else { return [.text(text)] }
        return [
            .marker("<think>"), .text("\n" + reasoning + "\n"), .marker("</think>"),
            .text("\n\n"), .text(text.droppingLeadingLineFeeds()),
        ]
    }

    private static func strippingLineFeeds(_ text: String) -> String {
        let leading = text.unicodeScalars.drop { $0 == "\n" }
        let trailing = leading.reversed().prefix { $0 == "\n" }.count
        return String(leading.dropLast(trailing))
    }

    func reply(_ content: String) throws(ChatTemplateError) -> String {
        guard thinking != .never else { return content }
        guard content.split(at: "</think>").count == 1 else { throw .replyContainsReasoning }
        return thinking == .optional ? content.droppingLeadingLineFeeds() : content
    }
}
