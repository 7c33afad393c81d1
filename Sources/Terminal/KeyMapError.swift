/// Why a key file cannot be used. `place` is file and line.
package enum KeyMapError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, why: String)
    case malformed(place: String, why: String)
    case unknownCommand(String, nearest: String?, place: String)
    case unreadableKey(String, command: String, place: String)
    case quoteKey(command: String, place: String)
    case conflict(key: Key, first: String, second: String, scope: String, place: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let why): "the keys cannot be read: \(why) (\(file))"
        case .malformed(let place, let why): "not a list of keys: \(why) (\(place))"
        case .unknownCommand(let name, let nearest, let place):
            "no command \(name)" + (nearest.map { "; did you mean \($0)?" } ?? "") + " (\(place))"
        case .unreadableKey(let text, let command, let place):
            "\(command): \"\(text)\" is no key; expected one such as ctrl-p, alt-1, shift-tab, f1, "
                + "pageup or ? (\(place))"
        case .quoteKey(let command, let place):
            "\(command): the key is empty: quote it, as in \"#\"; [] is for none (\(place))"
        case .conflict(let key, let first, let second, let scope, let place):
            "\(key.name) is bound to both \(first) and \(second) in \(scope) (\(place))"
        }
    }

    init(_ problem: YAMLProblem) {
        switch problem {
        case .unreadable(let file, let why): self = .unreadable(file: file, why: why)
        case .malformed(let place, let why): self = .malformed(place: place, why: why)
        }
    }
}
