/// One message of a conversation.
public struct ChatMessage: Hashable, Sendable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Codable {
        /// Whoever sets the rules.
        case system
        /// The person.
        case user
        /// The model.
        case assistant
    }

    /// Who speaks.
    public var role: Role
    /// The text, as typed; text of special tokens inside it is only text.
    public var content: String

    /// A message.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

/// What a conversation says before its first turn.
public enum SystemText: Hashable, Sendable {
    /// No system block at all: neither a text of the template's own nor an empty block.
    case none
    /// What the template does when it is given no system message.
    case templateDefault
    /// This text; `""` is a block with nothing in it.
    case text(String)
}
