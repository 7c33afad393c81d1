/// Why the settings cannot be used. `place` is a flag, or a file with its line.
package enum SettingsError: Error, Equatable, CustomStringConvertible {
    case unknown(name: String, nearest: String, place: String)
    case invalid(name: String, value: String, expected: String, place: String)
    case missing(name: String, expected: String, place: String)
    /// A field whose value may be a secret: it is not repeated.
    case invalidField(name: String, expected: String, place: String)
    case notForModels(name: String, place: String)
    case unreadable(file: String, why: String)
    case malformed(place: String, why: String)

    package var description: String {
        switch self {
        case .unknown(let name, let nearest, let place):
            "unknown setting \(name), the nearest is \(nearest) (\(place))"
        case .invalid(let name, let value, let expected, let place):
            "\(name) must be \(expected), not \"\(value)\" (\(place))"
        case .missing(let name, let expected, let place):
            "\(name) has no value, it must be \(expected) (\(place))"
        case .invalidField(let name, let expected, let place):
            "\(name) must be \(expected) (\(place))"
        case .notForModels(let name, let place):
            "a model's own settings cannot contain \(name) (\(place))"
        case .unreadable(let file, let why): "settings cannot be read: \(why) (\(file))"
        case .malformed(let place, let why): "not a settings file: \(why) (\(place))"
        }
    }
}
