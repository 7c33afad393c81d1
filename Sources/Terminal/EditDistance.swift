/// Finds what a mistyped name was meant to be.
enum EditDistance {
    /// The word that takes the fewest edits; nil when none is near.
    static func nearest(to name: String, in words: [String]) -> String? {
        let ranked = words.map { (word: $0, distance: between(name, $0)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        // Farther away it would be a guess: half of the name is another one.
        return best.distance <= max(2, name.count / 2) ? best.word : nil
    }

    /// Insertions, deletions and replacements between two texts, capitals being equal. Only the first
    /// 64 characters count, so that a hostile name costs nothing.
    static func between(_ first: String, _ second: String) -> Int {
        let first = Array(first.lowercased().prefix(64))
        let second = Array(second.lowercased().prefix(64))
        var row = Array(0...second.count)
        for (i, character) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in second.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j + 1] + 1, row[j] + 1)
            }
        }
        return row[second.count]
    }
}
