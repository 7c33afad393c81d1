import Foundation
import Testing

@Suite struct TokenizeTests {
    private struct Answer: Decodable {
        var ids: [Int]?
        var text: String?
        var weights: [Double]?
        var error: String?
    }

    private func answers(_ input: String) throws -> [Answer] {
        let result = try OvenProcess().run("tokenize", "--model", "starter", input: input)
        #expect(result.code == 0, "\(result.errors)")
        return try result.lines.map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
    }

    @Test func `a text comes back from its ids`() throws {
        let answers = try answers(#"{"text": "Ahoy, naïve 水!"}"# + "\n")
        #expect(answers.map(\.text) == ["Ahoy, naïve 水!"])
        #expect(answers[0].ids?.isEmpty == false)
    }

    @Test func `special tokens stay text unless parsed`() throws {
        let answers = try answers(
            #"{"text": "<|im_end|>"}"# + "\n" + #"{"text": "<|im_end|>", "special": "parse"}"#
                + "\n")
        #expect((answers[0].ids?.count ?? 0) > 1)
        #expect(answers[1].ids?.count == 1)
    }

    @Test func `only the reply of a chat has weight`() throws {
        let answers = try answers(
            #"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}], "weights": true}"#
                + "\n")
        let weights = try #require(answers[0].weights)
        #expect(weights.first == 0 && weights.last == 1)
        #expect(weights == weights.sorted())
    }

    @Test func `a line that is wrong is answered in its place`() throws {
        let answers = try answers(
            "nonsense\n{}\n" + #"{"messages": []}"# + "\n" + #"{"text": 3}"# + "\n"
                + #"{"text": "a", "special": "maybe"}"# + "\n" + #"{"text": "b"}"# + "\n")
        #expect(answers.count == 6)
        #expect(answers.dropLast().allSatisfy { $0.error != nil && $0.ids == nil })
        #expect(answers[5].error == nil)
    }

    @Test func `an option that the workbench has too is the command's own`() throws {
        let oven = try OvenProcess()
        try oven.directory.write("Ahoy there", to: "a.txt")
        let result = try oven.run("score", "--text", "a.txt", "--top-k", "2")
        #expect(result.code == 0)
        #expect(result.output.contains("topK"))
        #expect(try oven.run("tokenize", "--model", "./nobody").code == 1)
    }
}
