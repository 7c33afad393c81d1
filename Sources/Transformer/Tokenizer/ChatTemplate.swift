/// How one model wants a conversation written, recognised from its template's text.
///
/// Known are ChatML (Qwen2, Qwen2.5, SmolLM2 and plain), Qwen3 with thinking off and on, ChatML with
/// an always empty think block, Llama 3 and 3.1, and Mistral v0.1, v0.3, Tekken and v7. Any other
/// template is refused rather than guessed at.
public struct ChatTemplate: Sendable {
    /// The date of Llama 3.1's template, used for every template that writes one: with today's date
    /// the same conversation would have other tokens tomorrow.
    public static let usualDate = "26 Jul 2024"

    let style: any ChatStyle
    private let textHash: String
    /// What `generation_config.json` and `tokenizer_config.json` stop at.
    var stopIDs: [TokenID] = []
    var eosToken: String?

    /// Recognises a template.
    ///
    /// - Parameters:
    ///   - text: The template, in Jinja.
    ///   - bosToken: The text of `bos_token`, where the model has one.
    ///   - eosToken: The text of `eos_token`.
    ///   - date: What a template that writes a date takes for today.
    /// - Throws: ``ChatTemplateError/unsupported(feature:)`` naming what is not known.
    public init(
        text: String, bosToken: String?, eosToken: String?, date: String = usualDate
    ) throws(ChatTemplateError) {
        style = try TemplateRecognition(text: text, bosToken: bosToken, eosToken: eosToken)
            .style(date: date)
        textHash = String(SHA256.hexDigest(of: text).prefix(16))
        self.eosToken = eosToken
    }

    /// The family and variant, `qwen3` or `llama3.1` for example.
    public var name: String { style.name }

    /// The date that is written into every conversation, `nil` if the template writes none.
    public var date: String? { (style as? Llama3Style)?.date }

    /// What must be equal for two runs to render alike: family, date and a hash of the text.
    public var identity: String {
        [name, date, textHash].compactMap { $0 }.joined(separator: "/")
    }

    /// Whether a reply can begin with reasoning.
    public var canThink: Bool { style.canThink }

    /// The text that Hugging Face's template renders.
    ///
    /// - Parameter thinking: `enable_thinking`; `nil` for not given.
    /// - Throws: ``ChatTemplateError`` where the template raises an exception.
    public func text(
        of messages: [ChatMessage], generationPrompt: Bool, thinking: Bool? = nil
    ) throws(ChatTemplateError) -> String {
        guard !messages.isEmpty else { throw .noMessages }
        return try style.pieces(
            of: messages, hasDefaultSystem: true, generationPrompt: generationPrompt,
            thinking: thinking, isExample: false
        ).map(\.text).joined()
    }

    /// The tokens of a conversation.
    ///
    /// With `special` `.parse` these are the tokens of Hugging Face's rendering as a whole, in which
    /// special tokens typed by a user count. With `.text` they are our own rendering, as used for
    /// training: only what the template writes itself becomes special tokens.
    ///
    /// - Throws: ``ChatTemplateError`` where the template raises an exception, or a token is missing.
    public func tokens(
        of messages: [ChatMessage], generationPrompt: Bool, thinking: Bool? = nil,
        special: SpecialText = .text, using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> [TokenID] {
        switch special {
        case .parse:
            let text = try text(
                of: messages, generationPrompt: generationPrompt, thinking: thinking)
            return tokenizer.encode(text, special: .parse, addSpecial: false)
        case .text:
            guard !messages.isEmpty else { throw .noMessages }
            if style.encodesPartsApart, !generationPrompt, messages.last?.role == .assistant {
                return try example(messages, thinking: thinking ?? false, using: tokenizer).tokens
            }
            return try encode(
                try style.pieces(
                    of: messages, hasDefaultSystem: true, generationPrompt: generationPrompt,
                    thinking: thinking, isExample: style.encodesPartsApart), using: tokenizer)
        }
    }

    /// The tokens before a reply.
    ///
    /// - Parameters:
    ///   - system: What stands before the first turn. `.none` leaves out a default text, and Llama
    ///     3.1's block with the dates, although their templates always write them; the templates
    ///     without a place for system text (oldest Mistral) refuse `.text`.
    ///   - turns: The conversation; the last turn is the user's.
    ///   - thinking: Whether the reply may begin with reasoning. Without, an empty think block is
    ///     part of the context where the template writes one.
    /// - Throws: ``ChatTemplateError`` when the template cannot render that.
    public func context(
        system: SystemText, turns: [ChatMessage], thinking: Bool = false,
        using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> [TokenID] {
        guard turns.last?.role == .user else { throw .lastIsNotUser }
        guard !thinking || canThink else { throw .cannotThink }
        var messages = turns
        if case .text(let text) = system { messages.insert(ChatMessage(.system, text), at: 0) }
        return try context(
            messages, hasDefaultSystem: system == .templateDefault, thinking: thinking,
            using: tokenizer)
    }

    private func context(
        _ messages: [ChatMessage], hasDefaultSystem: Bool, thinking: Bool,
        using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> [TokenID] {
        try encode(
            try style.pieces(
                of: messages, hasDefaultSystem: hasDefaultSystem, generationPrompt: true,
                thinking: thinking, isExample: true), using: tokenizer)
    }

    /// A finished conversation whose last message is learned.
    ///
    /// - Throws: ``ChatTemplateError``, among others when the last message cannot be learned.
    public func example(
        _ messages: [ChatMessage], thinking: Bool = false, using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> ChatExample {
        guard let last = messages.last else { throw .noMessages }
        guard last.role == .assistant else { throw .lastIsNotAssistant }
        guard messages.contains(where: { $0.role == .user }) else { throw .noUserMessage }
        let before = Array(messages.dropLast())
        guard before.last?.role != .assistant else { throw .replyFollowsReply }
        let context = try context(
            before, hasDefaultSystem: true, thinking: thinking, using: tokenizer)
        let response = try response(
            last.content, after: before, context: context, thinking: thinking, using: tokenizer)
        return ChatExample(tokens: context + response, responseStart: context.count)
    }

    /// The tokens of a written reply behind `context`, with the end of the turn.
    private func response(
        _ content: String, after messages: [ChatMessage], context: [TokenID], thinking: Bool,
        using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> [TokenID] {
        let reply = thinking ? content : try style.reply(content)
        let end = try endOfTurn(using: tokenizer)
        if !style.encodesPartsApart {
            // A SentencePiece tokenizer puts a mark before text that stands alone, so the reply is
            // encoded with what precedes it, unless it would merge with that.
            var pieces = try style.pieces(
                of: messages, hasDefaultSystem: true, generationPrompt: true, thinking: thinking,
                isExample: true)
            pieces.append(.text(reply))
            let whole = try encode(pieces, using: tokenizer)
            if whole.starts(with: context) { return whole.dropFirst(context.count) + [end] }
        }
        return tokenizer.encode([.token(end), .text(reply)]).dropFirst() + [end]
    }

    /// What ends a reply; the last of its tokens when it was not cut short.
    public func endOfTurn(using tokenizer: any Tokenizer) throws(ChatTemplateError) -> TokenID {
        guard let token = tokenizer.token(named: style.endOfTurn) else {
            throw .missingToken(style.endOfTurn)
        }
        return token
    }

    /// Every token that ends a reply, the template's own first: also those that the model's
    /// configuration names.
    public func stopTokens(using tokenizer: any Tokenizer) throws(ChatTemplateError) -> [TokenID] {
        var stops = [try endOfTurn(using: tokenizer)]
        let named = eosToken.flatMap { tokenizer.token(named: $0) }
        for token in [named].compactMap({ $0 }) + stopIDs where !stops.contains(token) {
            stops.append(token)
        }
        return stops
    }

    private func encode(
        _ pieces: [TemplatePiece], using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> [TokenID] {
        for name in style.requiredTokens where tokenizer.token(named: name) == nil {
            throw .missingToken(name)
        }
        var parts: [TextPart] = []
        for piece in pieces {
            if case .marker(let name) = piece, let token = tokenizer.token(named: name) {
                parts.append(.token(token))
            } else if !style.encodesPartsApart, case .text(let text)? = parts.last {
                parts[parts.count - 1] = .text(text + piece.text)
            } else if !piece.text.isEmpty {
                parts.append(.text(piece.text))
            }
        }
        return tokenizer.encode(parts)
    }
}

/// A finished conversation as tokens.
public struct ChatExample: Equatable, Sendable {
    /// The context and then the reply with the end of its turn.
    public var tokens: [TokenID]
    /// Where the reply begins; only tokens from here on are learned.
    public var responseStart: Int

    /// Whether each token is learned, 1 or 0.
    public var weights: [Float] {
        tokens.indices.map { $0 < responseStart ? 0 : 1 }
    }
}
