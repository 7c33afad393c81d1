import Testing

@testable import Backends

@Suite struct ThinkSplitterTests {
    /// What it makes of `text`, cut into pieces of `size` characters: text and reasoning.
    private func split(_ text: String, size: Int, isHolding: Bool) -> [String] {
        var splitter = ThinkSplitter(isHolding: isHolding)
        var pieces: [ThinkSplitter.Piece] = []
        var rest = Array(text)[...]
        while !rest.isEmpty {
            pieces += splitter.append(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        pieces += splitter.finish()
        var (text, reasoning) = ("", "")
        for piece in pieces {
            switch piece {
            case .text(let piece): text += piece
            case .reasoning(let piece): reasoning += piece
            case .textWasReasoning: (text, reasoning) = ("", reasoning + text)
            }
        }
        return [text, reasoning]
    }

    @Test(
        arguments: [
            ("Rain is water.", "Rain is water.", ""),
            ("<think>\nHm.\n</think>\n\nRain.", "Rain.", "\nHm.\n"),
            ("\n <think></think>\n\n  Rain.\n", "  Rain.\n", ""),
            ("Hm, rain.\n</think>\n\nWater.", "Water.", "Hm, rain.\n"),
            ("<think>never ends", "", "never ends"),
            ("<thin air> is not a mark", "<thin air> is not a mark", ""),
            ("  spaces stay ", "  spaces stay ", ""),
            (
                "The marks <think> and </think> are text.",
                "The marks <think> and </think> are text.", ""
            ),
            ("a </thin b", "a </thin b", ""),
            ("<", "<", ""),
            ("<think>a</think>b</think>c", "b</think>c", "a"),
            ("", "", ""),
        ])
    func `leading reasoning is parted from text, however it is cut`(
        text: String, answer: String, reasoning: String
    ) {
        for size in [1, 2, 3, 7, 100] {
            for isHolding in [false, true] {
                #expect(
                    split(text, size: size, isHolding: isHolding) == [answer, reasoning],
                    "\(size) \(isHolding)")
            }
        }
    }

    @Test func `text comes at once unless reasoning was asked for`() {
        var splitter = ThinkSplitter(isHolding: false)
        #expect(splitter.append("Rain") == [.text("Rain")])
        #expect(splitter.append(" <") == [.text(" ")])
        #expect(splitter.append("3") == [.text("<3")])
        var holding = ThinkSplitter(isHolding: true)
        #expect(holding.append("Rain") == [])
        #expect(holding.expectNoMarks() == [.text("Rain")])
        #expect(holding.append("</think>") == [.text("</think>")])
    }
}
