/// Finds what a mistyped name was meant to be.
package enum Spelling {
    /// The word that `name` begins, else the one that takes the fewest edits; nil without words.
    package static func nearest(to name: String, in words: [String]) -> String? {
        let begun = name.isEmpty ? nil : words.first { $0.hasPrefix(name) }
        return begun ?? words.min { distance(name, $0) < distance(name, $1) }
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two texts. Only the
    /// first 64 characters count, so that a hostile name costs nothing.
    static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first.lowercased().prefix(64))
        let b = Array(second.lowercased().prefix(64))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
