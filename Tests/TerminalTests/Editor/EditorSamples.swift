@testable import Terminal

/// Texts that go against an editor, and random ones of the same stuff.
enum EditorSamples {
    /// What terminal-driving and hard to measure text is made of.
    static let pieces = [
        "a", "b", "word", " ", "  ", "\n", "\r\n", "\r", "\t", "水", "日本", "é", "e\u{301}",
        "\u{301}",
        "🇩🇪", "🇩", "👩‍👩‍👧", "👍\u{1F3FD}", "❤\u{FE0F}", "\u{200B}", "\u{200D}", "\u{202E}", "\u{1B}[2J",
        "\u{9B}31m", "\u{85}", "\u{2028}", "\u{7F}", "\u{08}", "\u{E0041}", "क्षि", "\u{600}1", "각",
        "\u{1112}", "\u{AD}", ".", "X",
    ]

    static let hostile = [
        "\u{1B}]52;c;aGk=\u{07}", "\u{1B}]0;title\u{07}", "\u{1B}[2J", "\u{1B}[6n", "\u{1B}c",
        "\u{1B}Pq#0\u{1B}\\", "\u{9B}31mred", "shown\roverwritten", "\u{202E}evil",
        String(repeating: "\u{08}", count: 10_000), "\u{1B}", "[31m", "a\u{85}b\u{2028}c\u{2029}d",
        String(repeating: "\u{301}", count: 300), "🏴\u{E0067}\u{E0062}\u{E007F}",
        String(repeating: "🇩🇪", count: 2000), String(repeating: "👩\u{200D}", count: 500),
    ]

    static func text(pieces count: Int, _ numbers: inout SeededNumbers) -> String {
        (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &numbers)] }.joined()
    }

    /// Places of the cursor: every boundary between Characters.
    static func places(in text: String) -> [Int] {
        text.indices.map { text.utf8Offset(of: $0) } + [text.utf8.count]
    }
}

extension TextEditor {
    /// A text with `|` at the cursor and `^` at the other end of the selection.
    init(marked text: String, isMultiline: Bool = true) {
        let plain = text.filter { $0 != "|" && $0 != "^" }
        self.init(text: plain, isMultiline: isMultiline)
        func place(_ mark: Character) -> Int? {
            text.firstIndex(of: mark).map {
                text[..<$0].filter { $0 != "|" && $0 != "^" }.utf8.count
            }
        }
        cursor = place("|") ?? 0
        anchor = place("^")
    }

    /// The same the other way.
    var marked: String {
        var text = text
        var marks = [(cursor, "|")]
        if selection != nil, let anchor { marks.append((anchor, "^")) }
        for (place, mark) in marks.sorted(by: { $0.0 > $1.0 }) {
            text.insert(contentsOf: mark, at: text.index(utf8Offset: place))
        }
        return text
    }
}
