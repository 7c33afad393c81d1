/// What a service lets a person know while work goes on.
public enum ServiceNotice: Hashable, Sendable {
    /// Work waits for the service; what for and since how many seconds.
    case waiting(service: String, reason: String, seconds: Double)
    /// It goes on.
    case resumed(service: String)
    /// Something to know.
    case note(service: String, String)
    /// Something that should be looked at.
    case warning(service: String, String)

    /// One line for a person.
    public var text: String {
        switch self {
        case .waiting(let service, let reason, let seconds):
            "waiting for \(service): \(reason)"
                + (seconds >= 1 ? ", \(Self.duration(seconds))" : "")
        case .resumed(let service): "\(service) goes on"
        case .note(let service, let text), .warning(let service, let text):
            "\(service): \(text)"
        }
    }

    private static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e6 else { return "long" }
        return seconds < 90 ? "\(Int(seconds)) s" : "\(Int(seconds / 60)) min"
    }
}
