import Testing

@testable import Terminal

@Suite struct ListScrollTests {
    private static let sizes = [0, 1, 2, 7, 100, .max]

    @Test(arguments: sizes, sizes)
    func `the selection is always in sight`(count: Int, height: Int) {
        var numbers = SeededNumbers(state: UInt64(count % 1000 * 7 + height % 1000))
        var list = ListScroll(selected: 3)
        let steps = [0, 1, -1, 5, -5, .max, .min]
        for _ in 0..<200 {
            let step = steps.randomElement(using: &numbers) ?? 0
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0: list.move(by: step, count: count, height: height)
            case 1: list.page(by: step, count: count, height: height)
            case 2: list.home(count: count, height: height)
            case 3: list.scroll(by: step, count: count, height: height)
            default: list.end(count: count, height: height)
            }
            let visible = list.visible(count: count, height: height)
            #expect(visible.lowerBound >= 0 && visible.upperBound <= count)
            #expect(visible.count == min(count, height))
            if count > 0, height > 0 {
                #expect(visible.contains(list.selected))
                #expect(visible.lowerBound == list.top)
            }
            // The list may shrink and the window change before anyone moves.
            let other = list.visible(count: count / 2, height: max(1, height / 2))
            #expect(other.count == min(count / 2, max(1, height / 2)))
        }
    }

    @Test func `the window moves no more than it must`() {
        var list = ListScroll()
        list.move(by: 3, count: 10, height: 4)
        #expect(list.visible(count: 10, height: 4) == 0..<4)
        list.move(by: 1, count: 10, height: 4)
        #expect(list.visible(count: 10, height: 4) == 1..<5)
        list.move(by: -2, count: 10, height: 4)
        #expect(list.visible(count: 10, height: 4) == 1..<5)
        list.page(by: 1, count: 10, height: 4)
        #expect(list.selected == 5)
        list.end(count: 10, height: 4)
        #expect(list.visible(count: 10, height: 4) == 6..<10)
        list.home(count: 10, height: 4)
        #expect(list.top == 0 && list.selected == 0)
    }

    @Test func `a wheel takes the selection along only at the edge`() {
        var list = ListScroll()
        list.select(2, count: 10, height: 4)
        list.scroll(by: 1, count: 10, height: 4)
        #expect(list.top == 1 && list.selected == 2)
        list.scroll(by: 3, count: 10, height: 4)
        #expect(list.top == 4 && list.selected == 4)
        list.scroll(by: -4, count: 10, height: 4)
        #expect(list.top == 0 && list.selected == 3)
    }
}

@Suite struct FuzzyMatchTests {
    @Test(arguments: [
        ("zi", "Zoom in", [0, 5]), ("oo", "Zoom in", [1, 2]), ("ZOOM", "zoom", [0, 1, 2, 3]),
        ("zoom in", "Zoom in", [0, 1, 2, 3, 5, 6]), ("", "any", []),
        ("ci", "chart.zoomIn", [0, 10]),
        ("on", "a bonfire, on", [11, 12]), ("é", "café", [3]), ("ab", "xaxb ab", [5, 6]),
    ])
    func `letters are placed at words' beginnings and side by side`(
        pattern: String, text: String, positions: [Int]
    ) throws {
        #expect(try #require(FuzzyMatch(pattern, in: text)).positions == positions)
    }

    @Test(arguments: [("x", ""), ("ab", "ba"), ("zoomm", "zoom"), ("q", "zoom")])
    func `what is not there in order does not fit`(pattern: String, text: String) {
        #expect(FuzzyMatch(pattern, in: text) == nil)
    }

    @Test func `the best comes first and equals keep their order`() {
        let texts = ["Stop the bake", "Save", "Switch theme", "Save as", "Swap sides"]
        #expect(FuzzyMatch.ranked("st", in: texts).map(\.index) == [0, 2])
        #expect(FuzzyMatch.ranked("sa", in: texts).map(\.index).prefix(2) == [1, 3])
        #expect(FuzzyMatch.ranked("", in: texts).map(\.index) == [0, 1, 2, 3, 4])
        #expect(FuzzyMatch.ranked("xyz", in: texts).isEmpty)
    }

    @Test func `whatever fits is found, in rising places that hold the letters`() throws {
        var numbers = SeededNumbers(state: 11)
        let letters = Array("abC .")
        for _ in 0..<500 {
            func random(_ most: Int) -> String {
                String(
                    (0..<Int.random(in: 0...most, using: &numbers)).map { _ in
                        letters[Int.random(in: 0..<letters.count, using: &numbers)]
                    })
            }
            let text = random(20)
            let pattern = random(4)
            let wanted = Array(pattern.lowercased().filter { $0 != " " })
            var rest = wanted[...]
            for character in text.lowercased() where character == rest.first { rest.removeFirst() }
            let match = FuzzyMatch(pattern, in: text)
            #expect((match != nil) == rest.isEmpty)
            guard let match else { continue }
            let lowered = Array(text.lowercased())
            #expect(match.positions.map { lowered[$0] } == wanted)
            #expect(zip(match.positions, match.positions.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func `a very long text costs no more than its beginning`() {
        let text = String(repeating: "ab ", count: 400_000)
        #expect(FuzzyMatch("aaab", in: text) != nil)
        #expect(FuzzyMatch(text, in: text) == nil)
    }
}

@Suite struct WordDifferenceTests {
    private func words(_ difference: WordDifference, _ left: String, _ right: String)
        -> ([String], [String])
    {
        (difference.left.map { String(left[$0]) }, difference.right.map { String(right[$0]) })
    }

    @Test(arguments: [
        ("a b c", "a x c", ["b"], ["x"]), ("", "", [], []), ("a", "", ["a"], []),
        ("same", "same", [], []), ("one, two", "one two", [","], []),
        ("the cat sat", "the black cat sat down", [], ["black", "down"]),
        ("水火", "水木", ["火"], ["木"]), ("a  b\nc", "a b c", [], []),
        ("it's", "its", ["it", "'", "s"], ["its"]),
        ("b a", "a b", ["b"], ["b"]),
    ])
    func `words that only one side has are found`(
        left: String, right: String, onlyLeft: [String], onlyRight: [String]
    ) {
        let found = words(WordDifference(left, right), left, right)
        #expect(found.0 == onlyLeft)
        #expect(found.1 == onlyRight)
    }

    @Test func `what is left of both sides is the same sequence`() {
        var numbers = SeededNumbers(state: 5)
        for _ in 0..<300 {
            func random() -> [Substring] {
                (0..<Int.random(in: 0...12, using: &numbers)).map { _ in
                    ["a", "b", "c"][Int.random(in: 0..<3, using: &numbers)]
                }
            }
            let (left, right) = (random(), random())
            let flags = WordDifference.flags(left, right)
            let common = zip(left, flags.left).filter { !$0.1 }.map(\.0)
            #expect(common == zip(right, flags.right).filter { !$0.1 }.map(\.0))
        }
    }

    @Test func `very long texts are compared without their order`() {
        let left = String(repeating: "word ", count: 5000) + "left x y"
        let right = "y x right" + String(repeating: " word", count: 5000)
        let found = words(WordDifference(left, right), left, right)
        #expect(found.0 == ["left"])
        #expect(found.1 == ["right"])
    }

    @Test func `different words are marked in lines of any looks`() {
        let left = [
            StyledLine([StyledSpan("the ", .text), StyledSpan("bold cat", .markdownStrong)]),
            StyledLine("sat", .text),
        ]
        let right = [StyledLine("the bold dog", .text), StyledLine(), StyledLine("sat", .text)]
        let marked = WordDifference.marked(left, right)
        #expect(marked.left.map(\.text) == left.map(\.text))
        #expect(marked.right.map(\.text) == right.map(\.text))
        #expect(
            marked.left[0].spans == [
                StyledSpan("the ", .text), StyledSpan("bold ", .markdownStrong),
                StyledSpan("cat", .diffOnly),
            ])
        #expect(
            marked.right[0].spans == [StyledSpan("the bold ", .text), StyledSpan("dog", .diffOnly)])
        #expect(marked.left[1] == left[1])
    }
}
