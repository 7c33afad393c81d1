import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct DatasetTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func line(_ id: String, _ reply: String = "Aye") -> String {
        """
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "\(reply)"}], \
        "id": "\(id)", "query": "q", "group": "g", "split": "train", "turn": 1, "temperature": 0.5, \
        "seed": 1, "tokens": [65, 257], "stop": "end", "generator": "model", "prompt": "p", \
        "model": "m", "template": "t", "sampling": "s"}
        """
    }

    private func dataset(_ text: String) throws -> Dataset {
        try Dataset(try directory.file("dataset.jsonl", text))
    }

    @Test func `a later line replaces an earlier one and order is that of appearance`() throws {
        let dataset = try dataset(
            [line("a"), line("b"), line("a", "Nay")].map { $0 + "\n" }.joined())
        #expect(dataset.inOrder.map(\.id) == ["a", "b"])
        #expect(dataset.inOrder.map(\.response) == ["Nay", "Aye"])
        #expect(!dataset.droppedTail)
    }

    @Test func `a strike needs no more than the id`() throws {
        let dataset = try dataset(line("a") + "\n{\"id\": \"a\", \"excluded\": true}\n")
        #expect(dataset.examples["a"]?.isStruckByHand == true)
        #expect(dataset.examples["a"]?.response == "Aye")
    }

    @Test func `wherever the last line was torn the others remain`() throws {
        let first = line("a") + "\n"
        let second = line("b")
        for length in stride(from: 1, through: second.utf8.count, by: 7) {
            let dataset = try dataset(first + String(second.prefix(length)))
            #expect(dataset.inOrder.map(\.id) == ["a"])
            #expect(dataset.wholeByteCount == first.utf8.count)
            #expect(dataset.droppedTail)
        }
    }

    @Test func `a broken last line with its line feed is dropped too`() throws {
        let dataset = try dataset(line("a") + "\n{\"messages\": [\n")
        #expect(dataset.inOrder.map(\.id) == ["a"])
        #expect(dataset.wholeByteCount == line("a").utf8.count + 1)
    }

    @Test func `a broken line before others is an error with its number`() throws {
        #expect {
            _ = try dataset(line("a") + "\n\n{\"id\": 3}\n" + line("b") + "\n")
        } throws: { error in
            guard case DatasetError.invalidLine(_, 3, let why) = error else { return false }
            return why.contains("id")
        }
    }

    @Test(arguments: [
        "{\"messages\": 3}", "null", "[]", "{\"id\": \"a\", \"tokens\": [1e99]}", "\u{0}\u{0}",
        "\"",
        "{\"id\": \"a\", \"messages\": [{\"role\": \"king\", \"content\": \"\"}]}",
    ]) func `hostile lines do not crash`(text: String) throws {
        #expect(throws: DatasetError.self) { try dataset(text + "\n" + line("a") + "\n") }
        #expect(try dataset(text + "\n").examples.isEmpty)
    }

    @Test func `a missing file has no rows`() throws {
        #expect(try Dataset(directory.url.appending(path: "none")).examples.isEmpty)
    }
}
