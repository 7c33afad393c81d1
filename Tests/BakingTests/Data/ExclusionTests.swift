import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct ExclusionTests {
    private func example(
        _ id: String, _ response: String, split: Split = .train, stop: StopReason = .end,
        question: String = "Who are you?"
    ) -> Example {
        Example(
            messages: [
                ChatMessage(.user, question),
                ChatMessage(.assistant, response),
            ], id: id, query: "q", group: "g", split: split, turn: 1, temperature: 1, seed: 0,
            tokens: ByteTokenizer().encode(response, special: .text, addSpecial: false), stop: stop,
            generator: "model", prompt: "", model: "", template: "", sampling: "")
    }

    @Test func `short, unterminated and repeated rows are kept out`() {
        let reasons = Exclusion.reasons(for: [
            example("long", "A pirate, of course."), example("short", "  Arr! Aye.  "),
            example("nine", "Nine char"), example("cut", "A pirate who never", stop: .length),
            example("again", "A pirate, of course."),
            example("other", "A pirate, of course.", question: "And you?"),
            example("ten", "Ten chars."),
        ])
        #expect(
            reasons == [
                "short": .tooShort, "nine": .tooShort, "cut": .unterminated, "again": .repeated,
            ])
    }

    @Test func `dev rows are all measured`() {
        let reasons = Exclusion.reasons(for: [
            example("a", "No", split: .dev),
            example("b", "Yes and so on", split: .dev, stop: .length),
        ])
        #expect(reasons.isEmpty)
    }

    @Test func `a row struck by hand repeats nothing`() {
        var struck = example("a", "A pirate, of course.")
        struck.excluded = true
        #expect(Exclusion.reasons(for: [struck, example("b", struck.response)]).isEmpty)
    }
}
