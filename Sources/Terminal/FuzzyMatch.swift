/// How well a few typed letters fit a text that has them in their order, not necessarily side by side.
package struct FuzzyMatch: Hashable, Sendable {
    /// Larger is better; comparable between texts for the same pattern.
    package let score: Int
    /// Where the letters stand in the text, in characters from 0, rising.
    package let positions: [Int]

    /// What a letter is worth where a word begins, where it follows the one before, and what a gap
    /// costs.
    private static let wordStart = 10
    private static let consecutive = 8
    private static let gap = 3
    /// More of a text is not looked at, nor is a longer pattern ever typed.
    private static let longestText = 512
    private static let longestPattern = 64

    /// Finds the best way to place `pattern` in `text`; nil when there is none. Capitals and spaces in
    /// the pattern do not count; an empty one fits everything.
    package init?(_ pattern: String, in text: String) {
        let letters = pattern.lowercased().filter { !$0.isWhitespace }
        self.init(letters: Array(letters), text: Array(text.prefix(Self.longestText)))
    }

    private init?(letters: [Character], text: [Character]) {
        guard !letters.isEmpty else {
            (score, positions) = (0, [])
            return
        }
        guard letters.count <= min(text.count, Self.longestPattern) else { return nil }
        let lowered = text.map { Character.lowered($0) }
        let bonuses = text.indices.map { Self.isWordStart($0, in: text) ? Self.wordStart : 0 }
        // best[j]: the largest score with the letters so far, the last of them at j.
        var best: [Int?] = []
        var cameFrom: [[Int]] = []
        for (i, letter) in letters.enumerated() {
            var row = [Int?](repeating: nil, count: text.count)
            var origins = [Int](repeating: -1, count: text.count)
            // The best place before j - 1, the leftmost of equals.
            var far: (score: Int, at: Int)?
            for j in text.indices {
                if i > 0, j > 1, let score = best[j - 2], score > far?.score ?? .min {
                    far = (score, j - 2)
                }
                guard lowered[j] == letter else { continue }
                if i == 0 {
                    row[j] = bonuses[j] - (j > 0 ? Self.gap : 0)
                    continue
                }
                let near = j > 0 ? best[j - 1].map { $0 + Self.consecutive } : nil
                let jumped = far.map { $0.score - Self.gap }
                guard let score = [near, jumped].compactMap(\.self).max() else { continue }
                row[j] = score + bonuses[j]
                origins[j] = near == score ? j - 1 : far?.at ?? j - 1
            }
            best = row
            cameFrom.append(origins)
        }
        var end: (score: Int, at: Int)?
        for (j, score) in best.enumerated() {
            if let score, score > end?.score ?? .min { end = (score, j) }
        }
        guard let end else { return nil }
        var positions = [end.at]
        for origins in cameFrom.dropFirst().reversed() {
            positions.append(origins[positions[positions.count - 1]])
        }
        self.score = end.score
        self.positions = positions.reversed()
    }

    private static func isWordStart(_ index: Int, in text: [Character]) -> Bool {
        guard index > 0 else { return true }
        let before = text[index - 1]
        let isWord = before.isLetter || before.isNumber
        return !isWord || before.isLowercase && text[index].isUppercase
    }

    /// The texts that fit, the best first; of equals, the one that came first.
    package static func ranked(
        _ pattern: String, in texts: [String]
    ) -> [(index: Int, match: FuzzyMatch)] {
        texts.enumerated()
            .compactMap { index, text in
                FuzzyMatch(pattern, in: text).map { (index: index, match: $0) }
            }
            .sorted { ($1.match.score, $0.index) < ($0.match.score, $1.index) }
    }
}

extension Character {
    /// The small letter, where it is one character; itself otherwise.
    fileprivate static func lowered(_ character: Character) -> Character {
        let text = character.lowercased()
        return text.count == 1 ? text.first ?? character : character
    }
}
