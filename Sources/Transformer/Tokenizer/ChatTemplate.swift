/// What stands in the system block of a rendered conversation.
public enum SystemText: Hashable, Sendable {
    /// No system block at all, dropping a template's default text.
    case none
    /// What the template does when no system message is given.
    case templateDefault
    /// This text; "" is an empty block.
    case text(String)
}

/// Why a conversation cannot be rendered.
public enum ChatTemplateError: Error, Hashable, CustomStringConvertible {
    /// The template's text is of no known family.
    case unsupported(String)
    /// The template refuses the conversation.
    case refused(String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .unsupported(let what): "chat template not supported: \(what)"
        case .refused(let why): "chat refused by the template: \(why)"
        }
    }
}

/// How a model family writes a conversation.
public struct ChatTemplate: Hashable, Sendable {
    /// Name, date and hash of the template: part of a run's identity.
    public let identity: String
    /// The token that ends a reply; it is the last response token.
    public let endOfTurn: TokenID
    /// Every token that ends a reply while sampling, `endOfTurn` included.
    public let stopTokens: [TokenID]

    /// Plain ChatML over any tokenizer.
    public init(identity: String, endOfTurn: TokenID, stopTokens: [TokenID]) {
        self.identity = identity
        self.endOfTurn = endOfTurn
        self.stopTokens = stopTokens
    }

    /// The tokens of a conversation that ends in a user's turn, up to where the reply begins.
    public func context(
        system: SystemText, turns: [ChatMessage], thinking: Bool, using tokenizer: any Tokenizer
    ) throws(ChatTemplateError) -> [TokenID] {
        var text = ""
        if case .text(let prompt) = system { text += "<|im_start|>system\n\(prompt)<|im_end|>\n" }
        for turn in turns { text += "<|im_start|>\(turn.role)\n\(turn.content)<|im_end|>\n" }
        return tokenizer.encode(
            text + "<|im_start|>assistant\n", special: .parse, addSpecial: false)
    }
}
