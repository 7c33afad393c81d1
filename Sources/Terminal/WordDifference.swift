/// Which words of two texts differ. A word is a run of letters and digits, or any other sign by itself;
/// spaces and line breaks do not count.
package struct WordDifference: Sendable {
    /// The words that only the left text has at their place, in order.
    package let left: [Range<String.Index>]
    /// The words that only the right text has at their place, in order.
    package let right: [Range<String.Index>]

    /// Beyond so many pairs of words, the order is no longer looked at: a word differs when the other
    /// text does not have it as often.
    static let largestPairCount = 4_000_000

    package init(_ left: String, _ right: String) {
        let leftWords = Self.words(of: left)
        let rightWords = Self.words(of: right)
        let differs = Self.flags(leftWords.map { left[$0] }, rightWords.map { right[$0] })
        self.left = zip(leftWords, differs.left).filter(\.1).map(\.0)
        self.right = zip(rightWords, differs.right).filter(\.1).map(\.0)
    }

    /// Marks the different words of two replies that stand side by side: they are drawn in the role
    /// `diff.only`, all else stays as it is.
    package static func marked(
        _ left: [StyledLine], _ right: [StyledLine]
    ) -> (left: [StyledLine], right: [StyledLine]) {
        let leftTexts = left.map(\.text)
        let rightTexts = right.map(\.text)
        let leftWords = leftTexts.map { words(of: $0) }
        let rightWords = rightTexts.map { words(of: $0) }
        let differs = flags(
            zip(leftTexts, leftWords).flatMap { text, words in words.map { text[$0] } },
            zip(rightTexts, rightWords).flatMap { text, words in words.map { text[$0] } })
        return (
            mark(left, leftTexts, leftWords, differs.left),
            mark(right, rightTexts, rightWords, differs.right)
        )
    }

    private static func mark(
        _ lines: [StyledLine], _ texts: [String], _ words: [[Range<String.Index>]], _ flags: [Bool]
    ) -> [StyledLine] {
        var flags = flags[...]
        return lines.indices.map { index in
            let own = flags.prefix(words[index].count)
            flags = flags.dropFirst(own.count)
            guard own.contains(true) else { return lines[index] }
            // Whether each scalar is in a word that differs.
            let text = texts[index]
            var isMarked: [Bool] = []
            var place = text.startIndex
            func run(to end: String.Index, _ flag: Bool) {
                let count = text.unicodeScalars[place..<end].count
                isMarked.append(contentsOf: repeatElement(flag, count: count))
                place = end
            }
            for (word, differs) in zip(words[index], own) where differs {
                run(to: word.lowerBound, false)
                run(to: word.upperBound, true)
            }
            run(to: text.endIndex, false)
            var styled = StyledText()
            var scalar = 0
            for span in lines[index].spans {
                for character in span.text.unicodeScalars {
                    styled.append(
                        character, isMarked[scalar] ? span.look.marked(.diffOnly) : span.look)
                    scalar += 1
                }
            }
            return styled.line
        }
    }

    /// The words of a text, in order.
    static func words(of text: String) -> [Range<String.Index>] {
        var words: [Range<String.Index>] = []
        var start: String.Index?
        for index in text.indices {
            let character = text[index]
            // Scripts without spaces are compared sign by sign.
            let isRun = (character.isLetter || character.isNumber) && !character.isIdeograph
            if isRun {
                start = start ?? index
                continue
            }
            if let begun = start { words.append(begun..<index) }
            start = nil
            if !character.isWhitespace { words.append(index..<text.index(after: index)) }
        }
        if let start { words.append(start..<text.endIndex) }
        return words
    }

    /// For each word whether it is outside the longest sequence that both have in common.
    static func flags(
        _ left: [Substring], _ right: [Substring]
    ) -> (left: [Bool], right: [Bool]) {
        var numbers: [Substring: Int] = [:]
        func number(_ word: Substring) -> Int {
            if let number = numbers[word] { return number }
            numbers[word] = numbers.count
            return numbers.count - 1
        }
        let leftNumbers = left.map(number)
        let rightNumbers = right.map(number)
        // What both begin and end with is most of it and costs nothing.
        let shorter = min(left.count, right.count)
        let begin = zip(leftNumbers, rightNumbers).prefix { $0 == $1 }.count
        let end = zip(leftNumbers.reversed(), rightNumbers.reversed())
            .prefix(shorter - begin).prefix { $0 == $1 }.count
        let a = Array(leftNumbers[begin..<left.count - end])
        let b = Array(rightNumbers[begin..<right.count - end])
        let inner =
            a.count * b.count <= largestPairCount
            ? inOrder(a, b) : (excess(a, over: b), excess(b, over: a))
        func whole(_ inner: [Bool]) -> [Bool] {
            Array(repeating: false, count: begin) + inner + Array(repeating: false, count: end)
        }
        return (whole(inner.0), whole(inner.1))
    }

    /// The longest common subsequence by dynamic programming, from the ends.
    private static func inOrder(_ a: [Int], _ b: [Int]) -> ([Bool], [Bool]) {
        var outsideA = [Bool](repeating: true, count: a.count)
        var outsideB = [Bool](repeating: true, count: b.count)
        let width = b.count + 1
        // [a.count + 1, b.count + 1]: words in common behind each pair of places.
        var lengths = [Int32](repeating: 0, count: (a.count + 1) * width)
        for i in a.indices.reversed() {
            for j in b.indices.reversed() {
                lengths[i * width + j] =
                    a[i] == b[j]
                    ? lengths[(i + 1) * width + j + 1] + 1
                    : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
            }
        }
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if a[i] == b[j] {
                outsideA[i] = false
                outsideB[j] = false
                i += 1
                j += 1
            } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
                i += 1
            } else {
                j += 1
            }
        }
        return (outsideA, outsideB)
    }

    /// The words that the other text has less often.
    private static func excess(_ words: [Int], over others: [Int]) -> [Bool] {
        var counts = others.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return words.map { word in
            guard let count = counts[word], count > 0 else { return true }
            counts[word] = count - 1
            return false
        }
    }
}

extension Character {
    /// A sign of a script that is written without spaces.
    fileprivate var isIdeograph: Bool {
        guard let scalar = unicodeScalars.first else { return false }
        return scalar.properties.isIdeographic || (0x3040...0x30FF).contains(scalar.value)
    }
}
