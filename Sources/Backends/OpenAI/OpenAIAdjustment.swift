/// A change to requests that a server asked for by refusing one.
enum OpenAIAdjustment: Hashable, Sendable {
    /// Leaves a field out.
    case without(Field)
    /// Names the token limit as OpenAI's reasoning models want it.
    case completionTokens

    /// The fields that an answer does not depend on, or that say how to think; the longer names first
    /// because they contain the shorter ones.
    enum Field: String, Hashable, Sendable, CaseIterable {
        case templateArguments = "chat_template_kwargs"
        case reasoningEffort = "reasoning_effort"
        case streamOptions = "stream_options"
        case reasoning, stream, seed

        var setsThinking: Bool {
            switch self {
            case .templateArguments, .reasoningEffort, .reasoning: true
            case .streamOptions, .stream, .seed: false
            }
        }
    }

    /// What may help after `refusal` of `request`; nil when nothing will.
    init?(for refusal: OpenAIRefusal, of request: OpenAIWire.Request) {
        guard refusal.status == 400 || refusal.status == 422 else { return nil }
        let message = refusal.message.lowercased()
        if request.maximumTokenCount != nil, message.contains("max_completion_tokens") {
            self = .completionTokens
            return
        }
        let complaints = [
            "unknown", "unrecogni", "unsupported", "not support", "not permitted", "not allowed",
            "extra", "unexpected", "invalid", "not accept", "cannot be disabled", "only allowed",
            "not valid", "must be",
        ]
        let complains = complaints.contains { message.contains($0) }
        for field in Field.allCases where request.has(field) {
            let isNamed =
                refusal.parameter == field.rawValue || complains && message.names(field.rawValue)
                || field.setsThinking && message.contains("not support thinking")
            if isNamed {
                self = .without(field)
                return
            }
        }
        return nil
    }

    /// What a person should know.
    var note: String {
        switch self {
        case .without(.seed):
            "the server does not take \"seed\", so the same request may get another answer"
        case .without(let field) where field.setsThinking:
            "the server does not take \"\(field.rawValue)\", so the model thinks as it likes"
        case .without(let field): "the server does not take \"\(field.rawValue)\"; it is left out"
        case .completionTokens: "the server wants \"max_completion_tokens\" for \"max_tokens\""
        }
    }
}

extension OpenAIWire.Request {
    func has(_ field: OpenAIAdjustment.Field) -> Bool {
        switch field {
        case .templateArguments: templateArguments != nil
        case .reasoningEffort: reasoningEffort != nil
        case .streamOptions: streamOptions != nil
        case .reasoning: reasoning != nil
        case .stream: isStreamed != nil
        case .seed: seed != nil
        }
    }

    mutating func apply(_ adjustment: OpenAIAdjustment) {
        switch adjustment {
        case .completionTokens:
            maximumCompletionTokenCount = maximumTokenCount ?? maximumCompletionTokenCount
            maximumTokenCount = nil
        case .without(.templateArguments): templateArguments = nil
        case .without(.reasoningEffort): reasoningEffort = nil
        case .without(.streamOptions): streamOptions = nil
        case .without(.reasoning): reasoning = nil
        case .without(.seed): seed = nil
        case .without(.stream):
            isStreamed = nil
            streamOptions = nil
        }
    }
}

extension String {
    /// Whether `word` stands in it, not as a part of a longer name.
    fileprivate func names(_ word: String) -> Bool {
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            let before = self[..<range.lowerBound].last
            let after = self[range.upperBound...].first
            let isApart = [before, after].allSatisfy { character in
                character.map { !$0.isLetter && !$0.isNumber && $0 != "_" } ?? true
            }
            if isApart { return true }
            rest = self[range.upperBound...]
        }
        return false
    }
}
