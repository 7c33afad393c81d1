/// Why a conversation could not be rendered.
public enum ChatTemplateError: Error, Equatable, CustomStringConvertible {
    /// A file is absent or cannot be read.
    case unreadable(file: String, reason: String)
    /// A file is not what it should be.
    case malformed(file: String, reason: String)
    /// There is no template in the directory.
    case noTemplate(directory: String)
    /// The template is none of those known, or does something unknown.
    case unsupported(feature: String)
    /// The template needs a token that the tokenizer or its configuration does not name.
    case missingToken(String)
    /// There is nothing to render.
    case noMessages
    /// The template wants user and assistant in turn, the user first.
    case rolesDoNotAlternate(index: Int)
    /// The template cannot render this role in this place.
    case unsupportedRole(ChatMessage.Role, index: Int)
    /// A context for a reply must end in a user's turn.
    case lastIsNotUser
    /// Only the assistant's message can be learned.
    case lastIsNotAssistant
    /// Nobody asked anything.
    case noUserMessage
    /// The reply contains reasoning, which the context of a reply without it does not.
    case replyContainsReasoning
    /// Two messages of the assistant at the end: the prompt of the second would frame the first
    /// otherwise than a finished conversation does.
    case replyFollowsReply
    /// The template has no thinking to turn on.
    case cannotThink

    /// One line: what, where and, where there is one, the remedy.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .malformed(let file, let reason): "malformed \(file): \(reason)"
        case .noTemplate(let directory):
            "no chat template in \(directory): neither chat_template.jinja nor an entry in "
                + "tokenizer_config.json; take the instruct version of the model"
        case .unsupported(let feature): "unsupported chat template: \(feature)"
        case .missingToken(let name):
            "the chat template needs the token \"\(name)\", which the tokenizer does not have"
        case .noMessages: "the conversation is empty"
        case .rolesDoNotAlternate(let index):
            "message \(index): user and assistant must alternate, beginning with the user"
        case .unsupportedRole(let role, let index):
            "message \(index): the chat template does not allow the role \(role.rawValue) here"
        case .lastIsNotUser: "the conversation does not end with a user's message"
        case .lastIsNotAssistant: "the last message is not the assistant's"
        case .noUserMessage: "the conversation has no user message"
        case .replyContainsReasoning: "the reply contains reasoning (<think>)"
        case .replyFollowsReply: "the reply follows another message of the assistant"
        case .cannotThink: "the chat template has no thinking to turn on"
        }
    }
}
