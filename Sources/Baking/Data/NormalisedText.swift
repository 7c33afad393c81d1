/// A query's words in lower case without punctuation, to find those that nearly repeat another.
struct NormalisedText: Hashable, Sendable {
    let words: [String]

    init(_ query: Query) {
        words = query.turns.flatMap { turn in
            turn.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        }
    }

    /// Whether four fifths of the words of both together are in either.
    func resembles(_ other: NormalisedText) -> Bool {
        if words == other.words { return true }
        let mine = Set(words)
        let theirs = Set(other.words)
        let both = mine.intersection(theirs).count
        return both > 0 && 5 * both >= 4 * (mine.count + theirs.count - both)
    }
}
