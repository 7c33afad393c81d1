/// Numbers that a setting may have.
package struct NumberRange: Hashable, Sendable {
    package var lowest: Double
    package var highest: Double
    /// `lowest` itself is not allowed.
    package var isLowestExcluded = false

    func contains(_ number: Double) -> Bool {
        number <= highest && (isLowestExcluded ? number > lowest : number >= lowest)
    }

    /// As an error or the help says it: "from 0 to 2", "above 0 up to 1".
    package var description: String {
        let low = SettingValue.number(lowest).text
        let high = SettingValue.number(highest).text
        return isLowestExcluded ? "above \(low) up to \(high)" : "from \(low) to \(high)"
    }
}

/// What a setting's value may be.
package enum SettingKind: Hashable, Sendable {
    /// Any text, not empty.
    case text
    /// A file or directory; relative to the working directory, `~/` is the home directory.
    case path
    /// true or false.
    case flag
    case integer(ClosedRange<Int>)
    case number(NumberRange)
    /// One of these words.
    case choice([String])
    /// A list of different numbers, not empty.
    case numbers(NumberRange)
    /// A list of different words out of these, not empty.
    case words([String])
    /// The map of named services; in files only.
    case services

    /// What may stand there, as an error or the help says it.
    package var expectation: String {
        switch self {
        case .text: "a text"
        case .path: "a path"
        case .flag: "true or false"
        case .integer(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number \(range.description)"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .numbers(let range): "a list of different numbers \(range.description)"
        case .words(let words): "a list of different words out of \(words.joined(separator: ", "))"
        case .services: "a map of services"
        }
    }

    /// Everything that may stand there, where that is a short list.
    package var shortChoices: [String] {
        switch self {
        case .flag: ["true", "false"]
        case .choice(let words): words
        default: []
        }
    }
}
