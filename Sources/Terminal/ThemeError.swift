/// Why a theme cannot be used. `place` is file and line.
package enum ThemeError: Error, Equatable, CustomStringConvertible {
    case notFound(name: String, known: [String])
    case unreadable(file: String, why: String)
    case malformed(place: String, why: String)
    case unknown(what: String, name: String, place: String)
    case quoteColour(name: String, place: String)
    case wrongStyle(role: String, word: String, place: String)
    case circular(name: String, place: String)

    package var description: String {
        switch self {
        case .notFound(let name, let known):
            "no theme \(name); there are \(known.joined(separator: ", "))"
        case .unreadable(let file, let why): "the theme cannot be read: \(why) (\(file))"
        case .malformed(let place, let why): "not a theme: \(why) (\(place))"
        case .unknown(let what, let name, let place): "unknown \(what) \(name) (\(place))"
        case .quoteColour(let name, let place):
            "\(name) is empty: quote the colour, as in \"#282828\" (\(place))"
        case .wrongStyle(let role, let word, let place):
            "\(role): \"\(word)\" is not understood; expected [colour] [on colour] "
                + "[bold|dim|italic|underline|reverse]… (\(place))"
        case .circular(let name, let place): "the theme \(name) inherits itself (\(place))"
        }
    }

    init(_ problem: YAMLProblem) {
        switch problem {
        case .unreadable(let file, let why): self = .unreadable(file: file, why: why)
        case .malformed(let place, let why): self = .malformed(place: place, why: why)
        }
    }
}
