/// Llama 3: a header with the role, an empty line, the trimmed content, `<|eot_id|>`.
struct Llama3Style: ChatStyle {
    /// The date in the system block of 3.1 and later, which is then always there.
    var date: String?
    var bosToken: String

    var name: String { date == nil ? "llama3" : "llama3.1" }
    var requiredTokens: [String] {
        [bosToken, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    }
    var endOfTurn: String { "<|eot_id|>" }
    var encodesPartsApart: Bool { false }
    var canThink: Bool { false }

    func pieces(
        of messages: [ChatMessage], hasDefaultSystem: Bool, generationPrompt: Bool,
        thinking: Bool?, isExample: Bool
    ) throws(ChatTemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = [.marker(bosToken)]
        var turns = messages[...]
        if let date, hasDefaultSystem || turns.first?.role == .system {
            let system = turns.first?.role == .system ? turns.removeFirst().content : ""
            let dates = "Cutting Knowledge Date: December 2023\nToday Date: \(date)\n\n"
            pieces += block("system", dates + system.trimmedLikePython())
        }
        for turn in turns {
            pieces += block(turn.role.rawValue, turn.content.trimmedLikePython())
        }
        if generationPrompt { pieces += block("assistant", "").dropLast() }
        return pieces
    }

    private func block(_ role: String, _ content: String) -> [TemplatePiece] {
        [
            .marker("<|start_header_id|>"), .text(role), .marker("<|end_header_id|>"),
            .text("\n\n" + content), .marker("<|eot_id|>"),
        ]
    }

    func reply(_ content: String) -> String { content.trimmedLikePython() }
}
