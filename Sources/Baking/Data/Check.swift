/// What a reply should show: any of some words, or a regular expression.
public struct Check: Hashable, Sendable, Codable {
    /// How a reply is looked at.
    public enum Rule: Hashable, Sendable, Codable {
        /// At least one of these words or phrases, in whatever case, not inside a longer word.
        case any([String])
        /// This expression matches somewhere.
        case regex(String)
    }

    /// For people.
    public let name: String
    /// How a reply is looked at.
    public let rule: Rule

    /// A check; throws when a regular expression cannot be read.
    public init(name: String, rule: Rule) throws {
        if case .regex(let pattern) = rule { _ = try Regex(pattern) }
        self.name = name
        self.rule = rule
    }

    /// Whether `reply` shows it.
    public func matches(_ reply: String) -> Bool {
        switch rule {
        case .any(let words): words.contains { isWord($0, in: reply) }
        case .regex(let pattern):
            // An expression that came from a damaged record matches nothing.
            if let regex = try? Regex(pattern) { reply.firstMatch(of: regex) != nil } else { false }
        }
    }
}

private func isWord(_ word: String, in text: String) -> Bool {
    let wanted = Array(word.lowercased())
    let characters = Array(text.lowercased())
    guard let first = wanted.first, let last = wanted.last, wanted.count <= characters.count else {
        return false
    }
    return (0...characters.count - wanted.count).contains { start in
        let end = start + wanted.count
        return characters[start..<end].elementsEqual(wanted)
            && !(isPartOfWord(first) && start > 0 && isPartOfWord(characters[start - 1]))
            && !(isPartOfWord(last) && end < characters.count && isPartOfWord(characters[end]))
    }
}

private func isPartOfWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber
}
