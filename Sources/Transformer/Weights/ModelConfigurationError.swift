/// Why a `config.json` describes no model that can be computed here.
public enum ModelConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be read.
    case file(FileError)
    /// It is no JSON object.
    case notJSON(path: String, reason: String)
    /// A key that is listed twice.
    case duplicate(path: String, key: String)
    /// A key without which nothing can be known.
    case missing(path: String, key: String)
    /// A value out of range or of another kind.
    case invalid(path: String, key: String, expected: String)
    /// Two values that cannot both be true.
    case inconsistent(path: String, reason: String)
    /// An architecture that the decoder does not know.
    case unsupportedModelType(path: String, type: String)
    /// Another activation than SiLU.
    case unsupportedActivation(path: String, name: String)
    /// Rotary angles that are neither plain nor scaled by `llama3`.
    case unsupportedRope(path: String, type: String)
    /// Weights stored by a quantisation method.
    case quantized(path: String, method: String)
    /// Attention that forgets within the model's context.
    case slidingWindow(path: String, window: Int, maximumPositionCount: Int)
    /// Anything else that would change the result, by its key and value.
    case unsupported(path: String, key: String, value: String)

    /// One line: what, where, remedy.
    public var description: String {
        switch self {
        case .file(let error):
            error.description
        case .notJSON(let path, let reason):
            "\(shown(path)) is no valid configuration: \(reason)"
        case .duplicate(let path, let key):
            "\(shown(path)) lists \(shown(key)) twice"
        case .missing(let path, let key):
            "\(shown(path)) has no \(key)"
        case .invalid(let path, let key, let expected):
            "\(shown(path)): \(shown(key)) must be \(expected)"
        case .inconsistent(let path, let reason):
            "\(shown(path)): \(reason)"
        case .unsupportedModelType(let path, let type):
            "\(shown(path)): model_type \(shown(type)) is not supported (\(Self.families) are)"
        case .unsupportedActivation(let path, let name):
            "\(shown(path)): hidden_act \(shown(name)) is not supported (silu is)"
        case .unsupportedRope(let path, let type):
            "\(shown(path)): rope type \(shown(type)) is not supported (default and llama3 are)"
        case .quantized(let path, let method):
            """
            \(shown(path)): weights quantised by \(shown(method)) are not supported; \
            use the model's bf16, fp16 or fp32 form
            """
        case .slidingWindow(let path, let window, let maximum):
            """
            \(shown(path)): a sliding window of \(window) within \(maximum) positions \
            is not supported
            """
        case .unsupported(let path, let key, let value):
            "\(shown(path)): \(key) \(shown(value)) is not supported"
        }
    }

    private static let families = ModelConfiguration.Family.allCases.map(\.rawValue)
        .joined(separator: ", ")
}
