import Transformer

/// Turns conversations into what teacher and student read.
struct ConversationRenderer: Sendable {
    let prompt: Prompt
    let studentContext: StudentContext
    let thinking: Bool
    let tokenizer: any Tokenizer
    let template: ChatTemplate
    let model: ModelDescription
    /// The last token of a response that ended.
    let endOfTurn: TokenID
    /// Every token that ends a response.
    let stopTokens: [TokenID]
    /// The tokens every context ends in, where the reply begins.
    private let header: [TokenID]

    init(
        prompt: Prompt, studentContext: StudentContext, thinking: Bool, backend: any Backend
    ) throws {
        self.prompt = prompt
        self.studentContext = studentContext
        self.thinking = thinking
        tokenizer = backend.tokenizer
        template = backend.template
        model = backend.model
        endOfTurn = try template.endOfTurn(using: tokenizer)
        stopTokens = try template.stopTokens(using: tokenizer)
        // What two conversations have in common at their end that differ in all a user wrote.
        let contexts = try ["a", "7"].map { [template, tokenizer] text in
            try template.context(
                system: .none, turns: [ChatMessage(.user, text)],
                thinking: thinking, using: tokenizer)
        }
        header = commonSuffix(contexts[0], contexts[1])
        guard !header.isEmpty else {
            throw ChatTemplateError.unsupported(feature: "nothing marks where a reply begins")
        }
    }

    /// What the teacher reads before its reply.
    func teacherContext(_ turns: [ChatMessage]) throws -> [TokenID] {
        try context(.text(prompt.text), turns)
    }

    /// What the student reads before its reply.
    func studentContext(
        _ turns: [ChatMessage], as context: StudentContext? = nil
    ) throws -> [TokenID] {
        switch context ?? studentContext {
        case .none: try self.context(.none, turns)
        case .empty: try self.context(.text(""), turns)
        case .default: try self.context(.templateDefault, turns)
        }
    }

    private func context(_ system: SystemText, _ turns: [ChatMessage]) throws -> [TokenID] {
        let tokens = try template.context(
            system: system, turns: turns, thinking: thinking, using: tokenizer)
        guard tokens.count > header.count, tokens.suffix(header.count).elementsEqual(header) else {
            throw DatasetError.misaligned(
                row: turns.last?.content ?? "",
                why: "its context does not end where a reply begins")
        }
        return tokens
    }

    /// The messages one arm answers: with the prompt or without.
    func messages(_ turns: [ChatMessage], hasPrompt: Bool) -> [ChatMessage] {
        let system: ChatMessage? =
            if hasPrompt {
                ChatMessage(.system, prompt.text)
            } else if studentContext == .empty {
                ChatMessage(.system, "")
            } else {
                nil
            }
        return (system.map { [$0] } ?? []) + turns
    }

    /// The example as tokens; both contexts end alike and the response is the very same.
    func rendered(
        _ example: Example, as context: StudentContext? = nil
    ) throws -> RenderedExample {
        try check(example.tokens, row: example.id)
        let teacher = try teacherContext(example.history)
        guard teacher.count + example.tokens.count <= model.contextLength else {
            throw DatasetError.tooLong(
                query: example.history.last?.content ?? "", contextTokens: teacher.count,
                responseTokens: example.tokens.count, limit: model.contextLength)
        }
        return RenderedExample(
            teacherContext: teacher,
            studentContext: try studentContext(example.history, as: context),
            responseTokens: example.tokens)
    }

    /// Refuses tokens the model does not have.
    func check(_ tokens: [TokenID], row: String) throws {
        guard !tokens.isEmpty else {
            throw DatasetError.misaligned(row: row, why: "the response has no tokens")
        }
        guard let stranger = tokens.first(where: { !isToken($0) }) else { return }
        throw DatasetError.misaligned(
            row: row,
            why: "token \(stranger) is outside the vocabulary of \(model.vocabularySize)")
    }

    func isToken(_ token: TokenID) -> Bool {
        token.rawValue >= 0 && token.index < model.vocabularySize
    }

    /// The text of a response, its end of turn left out.
    func text(of tokens: [TokenID], stop: StopReason) -> String {
        tokenizer.decode(stop == .end ? Array(tokens.dropLast()) : tokens, skipSpecial: true)
    }

    /// The tokens of a response that was written as text: the last of `messages`.
    func tokens(ofLast messages: [ChatMessage]) throws -> [TokenID] {
        let example = try template.example(messages, thinking: thinking, using: tokenizer)
        return Array(example.tokens[example.responseStart...])
    }

    /// Names the teacher's rows of a response: the model, what it read and the response.
    func key(of rendered: RenderedExample, topK: Int) -> String {
        sha256(
            tokens: rendered.teacherContext, rendered.responseTokens, label: "\(model.hash) \(topK)"
        )
    }
}

private func commonSuffix(_ left: [TokenID], _ right: [TokenID]) -> [TokenID] {
    zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.map(\.0).reversed()
}
