/// Recognises a chat template by what its text writes.
///
/// A template is a program, and this is not an interpreter: it looks for the literal texts that
/// make a family, reads the variants' settings from them, and refuses whatever it knows to change
/// the result in another way.
struct TemplateRecognition {
    /// The template in one form, see ``TemplateText``.
    private let text: String
    private let bosToken: String?
    private let eosToken: String?

    init(text: String, bosToken: String?, eosToken: String?) {
        self.text = text.utf8.count <= Self.longest ? TemplateText.uniform(text) : text
        self.bosToken = bosToken
        self.eosToken = eosToken
    }

    private func unsupported(_ feature: String) -> ChatTemplateError {
        .unsupported(feature: feature)
    }

    /// Published templates have a few thousand characters; far longer ones are not looked into.
    private static let longest = 1 << 20

    func style(date: String) throws(ChatTemplateError) -> any ChatStyle {
        guard text.utf8.count <= Self.longest else {
            throw unsupported("it is longer than \(Self.longest) bytes")
        }
        let families = ["<|im_start|>", "<|start_header_id|>", "[INST]"].filter(text.contains)
        guard families.count < 2 else {
            throw unsupported("it writes \(families.joined(separator: " and ")) at once")
        }
        for (marker, family) in Self.otherFamilies where text.contains(marker) {
            throw unsupported("the \(family) format (\(marker))")
        }
        switch families.first {
        case "<|im_start|>": return try chatML()
        case "<|start_header_id|>": return try llama3(date: date)
        case "[INST]": return try mistral()
        default:
            throw unsupported(
                "none of the markers <|im_start|>, <|start_header_id|> and [INST] is in it")
        }
    }

    private static let otherFamilies = [
        ("<<SYS>>", "Llama 2"), ("<start_of_turn>", "Gemma"), ("<|user|>", "Zephyr or Phi"),
        ("<|start_of_role|>", "Granite"), ("<|START_OF_TURN_TOKEN|>", "Command R"),
        ("<｜User｜>", "DeepSeek"), ("<|header_start|>", "Llama 4"), ("<|channel|>", "Harmony"),
        ("[MODEL_SETTINGS]", "Mistral with model settings"), ("[THINK]", "Magistral"),
    ]

    private func require(_ part: String, _ meaning: String) throws(ChatTemplateError) {
        guard text.contains(part) else { throw unsupported("\(meaning) is missing") }
    }

    private func refuse(_ part: String, _ meaning: String) throws(ChatTemplateError) {
        guard !text.contains(part) else { throw unsupported(meaning) }
    }

    // MARK: - ChatML

    private func chatML() throws(ChatTemplateError) -> ChatMLStyle {
        try require("<|im_end|>\n", "the line end behind <|im_end|>")
        try refuse("bos_token", "a begin token in ChatML")
        try refuse("trim", "trimmed contents in ChatML")
        try refuse("% 2", "roles that must alternate in ChatML")
        try refuse("<|im_end|>\n<|im_start|>assistant", "a reply opened inside the user's turn")
        try refuse("<|im_start|>user\n'", "ChatML that writes each role on its own")
        guard let tail = text.components(after: "add_generation_prompt") else {
            throw unsupported("it has no generation prompt (add_generation_prompt)")
        }
        let prompt = "<|im_start|>assistant\n"
        guard text.contains(prompt) else {
            throw unsupported("the generation prompt <|im_start|>assistant is missing")
        }
        var style = ChatMLStyle(thinking: try thinking(tail: tail, prompt: prompt))
        style.defaultSystem = try defaultSystem()
        style.passesOverToolResponses =
            style.thinking == .optional && text.contains("multi_step_tool")
        return style
    }

    private func thinking(
        tail: String, prompt: String
    ) throws(ChatTemplateError) -> ChatMLStyle.Thinking {
        guard ["<think>", "</think>", "enable_thinking"].contains(where: text.contains) else {
            return .never
        }
        let block = "<think>\n\n</think>\n\n"
        let rest = tail.replacing(block, with: "")
        guard !rest.contains("<think>") else {
            throw unsupported("a generation prompt that always opens <think>")
        }
        guard tail.contains(block) else {
            throw unsupported("thinking without an empty think block in the generation prompt")
        }
        try require("split('</think>')", "the removal of reasoning from older turns")
        try require("loop.index0 >", "the test for turns after the last question")
        if text.contains("enable_thinking") {
            guard tail.contains(#/enable_thinking is false/#),
                text.components(separatedBy: "enable_thinking is false") == 2
            else { throw unsupported("another use of enable_thinking than Qwen3's") }
            try require("loop.last", "the test for the last turn")
            return .optional
        }
        guard tail.contains(prompt + block) else {
            throw unsupported("an empty think block under an unknown condition")
        }
        return .alwaysEmpty
    }

    /// The text between the opening of a system block and its end, where that is one literal.
    private func defaultSystem() throws(ChatTemplateError) -> String? {
        try refuse("system_message", "a system text kept in a variable in ChatML")
        let opening = "<|im_start|>system\n"
        let defaults = text.matches(of: #/(?s)<\|im_start\|>system\n([^']+?)<\|im_end\|>\n/#)
            .map { TemplateText.restored(String($0.1)) }
        let blocks = text.components(separatedBy: opening) - 1
        let filled = text.components(separatedBy: opening + "'") - 1
        guard blocks == filled + defaults.count, Set(defaults).count <= 1 else {
            throw unsupported("a system block written in an unknown way")
        }
        return defaults.first
    }

    // MARK: - Llama 3

    private func llama3(date: String) throws(ChatTemplateError) -> Llama3Style {
        try require("<|end_header_id|>\n\n", "the empty line behind a header")
        try require("<|eot_id|>", "<|eot_id|>")
        try require("trim", "the trimming of contents")
        try require("add_generation_prompt", "the generation prompt")
        try require("<|start_header_id|>assistant<|end_header_id|>\n\n", "the generation prompt")
        try refuse("<think>", "thinking in Llama 3")
        guard let bosToken, text.contains("bos_token") || text.contains(bosToken) else {
            throw unsupported("Llama 3 without a begin token")
        }
        guard text.contains("Cutting Knowledge Date") || text.contains("Today Date") else {
            try refuse("system_message", "a system text kept in a variable in Llama 3")
            try refuse("% 2", "roles that must alternate in Llama 3")
            return Llama3Style(date: nil, bosToken: bosToken)
        }
        try require("Cutting Knowledge Date: December 2023\n", "Llama 3.1's knowledge date")
        try require("Today Date: '", "Llama 3.1's date of today")
        try require("date_string", "Llama 3.1's date of today")
        try refuse("if system_message", "Llama 3.1's system block under a condition")
        for match in text.matches(of: #/(?s)set system_message\s*=\s*'([^']*)'/#)
        where !match.1.isEmpty {
            throw unsupported("a default system text in Llama 3.1")
        }
        return Llama3Style(date: date, bosToken: bosToken)
    }

    // MARK: - Mistral

    private func mistral() throws(ChatTemplateError) -> MistralStyle {
        guard let bosToken, let eosToken else {
            throw unsupported("a Mistral template without begin and end tokens configured")
        }
        guard text.components(separatedBy: "bos_token") == 2 || text.contains("'\(bosToken)'")
        else { throw unsupported("a begin token that is not written once") }
        try refuse("strip()", "stripped contents in a Mistral template")
        let opening = try literal(#/'( ?)\[INST\]( ?)'/#, of: "[INST]")
        let closing = try literal(#/'( ?)\[\/INST\]()'/#, of: "[/INST]")
        let (prefix, trims) = try mistralReply()
        guard text.components(separatedBy: "trim") == (trims ? 2 : 1) else {
            throw unsupported("trimmed contents in a Mistral template")
        }
        return MistralStyle(
            bosToken: bosToken, eosToken: eosToken, system: try mistralSystem(),
            beforeOpening: opening.0, afterOpening: opening.1, beforeClosing: closing.0,
            replyPrefix: prefix, trimsReply: trims,
            mustAlternate: text.contains("% 2") || text.contains("is even")
                || text.contains("alternate"))
    }

    /// The spaces around `marker`, which must be the same wherever it stands, and each time a
    /// literal of its own.
    private func literal(
        _ pattern: Regex<(Substring, Substring, Substring)>, of marker: String
    ) throws(ChatTemplateError) -> (String, String) {
        let spaces = text.matches(of: pattern).map { (String($0.1), String($0.2)) }
        guard let first = spaces.first, spaces.allSatisfy({ $0 == first }),
            spaces.count == text.components(separatedBy: marker) - 1
        else { throw unsupported("\(marker) written in an unknown way") }
        return first
    }

    private func mistralReply() throws(ChatTemplateError) -> (prefix: String, trims: Bool) {
        let pattern =
            #/\{\{-?\s*(?:'( ?)'\s*\+\s*)?\w+(?:\.content|\['content'\])\s*(\|\s*trim)?\s*\+\s*eos_token\s*-?\}\}/#
        let replies = text.matches(of: pattern)
        guard replies.count == 1, let reply = replies.first else {
            throw unsupported("a Mistral reply written in an unknown way")
        }
        return (reply.1.map(String.init) ?? "", reply.2 != nil)
    }

    private func mistralSystem() throws(ChatTemplateError) -> MistralStyle.System {
        if text.contains("[SYSTEM_PROMPT]") {
            try refuse("default_system_message", "a default system text, with today's date")
            try refuse("messages[1:]", "system text only at the start in Mistral v7")
            _ = try literal(#/'()\[\/SYSTEM_PROMPT\]()'/#, of: "[/SYSTEM_PROMPT]")
            let opening = try literal(#/'()\[SYSTEM_PROMPT\]( ?)'/#, of: "[SYSTEM_PROMPT]")
            return .block(afterOpening: opening.1)
        }
        guard text.contains("'system'") else { return .refused }
        let places = Set(
            text.matches(of: #/loop\.(first|last) and \w+ is defined/#).map { String($0.1) })
        guard places.count == 1, let place = places.first, text.contains("'\n\n'") else {
            throw unsupported("a Mistral system text put in an unknown place")
        }
        return place == "first" ? .first : .last
    }
}

extension String {
    /// How many parts `separator` cuts the text into.
    fileprivate func components(separatedBy separator: String) -> Int {
        split(at: separator).count
    }

    /// What follows the last occurrence of `marker`.
    fileprivate func components(after marker: String) -> String? {
        let parts = split(at: marker)
        return parts.count > 1 ? parts.last : nil
    }
}
