/// Which of the four ways a model answers.
public enum Arm: String, Hashable, Sendable, Codable, CaseIterable {
    /// Base model, no prompt, no adapter.
    case base
    /// Base model with the prompt: the teacher.
    case prompted
    /// Base model with the adapter, no prompt: the student.
    case baked
    /// Base model with both.
    case bakedPrompt = "baked+prompt"

    /// Whether the prompt is in context.
    public var hasPrompt: Bool { self == .prompted || self == .bakedPrompt }
    /// Whether the adapter is on.
    public var hasAdapter: Bool { self == .baked || self == .bakedPrompt }
}
