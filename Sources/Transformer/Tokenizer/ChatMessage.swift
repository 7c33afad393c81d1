/// One turn of a conversation.
public struct ChatMessage: Hashable, Sendable, Codable {
    /// Who speaks.
    public enum Role: String, Hashable, Sendable, Codable {
        /// The prompt.
        case system
        /// The person.
        case user
        /// The model.
        case assistant
    }

    /// Who speaks.
    public var role: Role
    /// What is said, as plain text.
    public var content: String

    /// A turn.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}
