/// Mistral: `[INST] question [/INST] reply</s>`, with the spaces of each version.
struct MistralStyle: ChatStyle {
    enum System: Equatable, Sendable {
        /// The template knows no system message.
        case refused
        /// Before the first user's message.
        case first
        /// Before the last user's message, and only if that is the last message.
        case last
        /// A block of its own, with what follows the opening marker.
        case block(afterOpening: String)
    }

    var bosToken: String
    var eosToken: String
    var system: System
    /// What stands before `[INST]`, after it, and before `[/INST]`.
    var beforeOpening: String
    var afterOpening: String
    var beforeClosing: String
    var replyPrefix: String
    var trimsReply: Bool
    var mustAlternate: Bool

    var name: String {
        let version =
            switch system {
            case .block: "v7"
            case .last: afterOpening.isEmpty ? "tekken" : "v0.3"
            case .first, .refused: "v0.1"
            }
        return "mistral-\(version)"
    }
    var requiredTokens: [String] { [bosToken, eosToken] }
    var endOfTurn: String { eosToken }
    var encodesPartsApart: Bool { false }
    var canThink: Bool { false }

    func pieces(
        of messages: [ChatMessage], hasDefaultSystem: Bool, generationPrompt: Bool,
        thinking: Bool?, isExample: Bool
    ) throws(ChatTemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = [.marker(bosToken)]
        var rules: String?
        var turns = messages[...]
        if system == .first || system == .last, turns.first?.role == .system {
            rules = turns.removeFirst().content + "\n\n"
        }
        var isQuestionDue = true
        for (index, turn) in zip(turns.indices, turns) {
            if turn.role == .system {
                guard case .block(let afterOpening) = system else {
                    throw .unsupportedRole(.system, index: index)
                }
                pieces += [
                    .marker("[SYSTEM_PROMPT]"), .text(afterOpening + turn.content),
                    .marker("[/SYSTEM_PROMPT]"),
                ]
                continue
            }
            if mustAlternate, (turn.role == .user) != isQuestionDue {
                throw .rolesDoNotAlternate(index: index)
            }
            isQuestionDue.toggle()
            if turn.role == .assistant {
                pieces += [.text(reply(turn.content)), .marker(eosToken)]
            } else {
                let isPlace =
                    system == .first ? index == turns.startIndex : index == turns.endIndex - 1
                let question = (isPlace ? rules ?? "" : "") + turn.content
                pieces += [
                    .text(beforeOpening), .marker("[INST]"),
                    .text(afterOpening + question + beforeClosing), .marker("[/INST]"),
                ]
            }
        }
        return pieces
    }

    func reply(_ content: String) -> String {
        replyPrefix + (trimsReply ? content.trimmedLikePython() : content)
    }
}
