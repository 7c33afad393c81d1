import Foundation
import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct DatasetReaderTests {
    private let directory: TemporaryDirectory
    private let file: URL

    init() throws {
        directory = try TemporaryDirectory()
        file = directory.url.appending(path: "dataset.jsonl")
    }

    private func line(_ id: String, _ response: String = "A pirate.") throws -> String {
        let example = Example(
            messages: [
                ChatMessage(.user, "Hi"), ChatMessage(.assistant, "Arr"),
                ChatMessage(.user, "Who are you?"), ChatMessage(.assistant, response),
            ], id: id, query: "q", group: "g", split: .train, turn: 2, temperature: 0.5, seed: 0,
            tokens: [1, 2, 3], stop: .end, generator: "model", prompt: "", model: "", template: "",
            sampling: "")
        return String(decoding: try DatasetLine.row(example), as: UTF8.self)
    }

    /// As a process does it: the file stays the same one.
    private func grow(_ text: String) throws {
        try AppendOnlyFile(file).append(Data(text.utf8))
    }

    @Test func `only whole new lines are read, each once`() throws {
        var reader = DatasetReader(file: file)
        #expect(try reader.readNew().isEmpty)
        try grow(try line("a"))
        let second = try line("b")
        try grow(String(second.prefix(20)))
        let first = try reader.readNew()
        #expect(first.map(\.id) == ["a"])
        #expect(!reader.startedOver)
        #expect(first[0].query == "Who are you?")
        #expect(
            first[0].earlierTurns == [
                DatasetRow.Turn(isUser: true, text: "Hi"),
                DatasetRow.Turn(isUser: false, text: "Arr"),
            ])
        #expect(first[0].response == "A pirate." && first[0].tokenCount == 3)
        #expect(first[0].state == .kept && !first[0].isEdited)
        #expect(try reader.readNew().isEmpty)
        try grow(String(second.dropFirst(20)))
        #expect(try reader.readNew().map(\.id) == ["b"])
        #expect(reader.rows.map(\.id) == ["a", "b"])
    }

    @Test func `a later line replaces its row and a strike takes it out`() throws {
        try grow(try line("a") + line("b"))
        var reader = DatasetReader(file: file)
        try reader.readNew()
        try grow(try line("a", "Another.") + "{\"id\": \"b\", \"excluded\": true}\n")
        #expect(try reader.readNew().map(\.id) == ["a", "b"])
        #expect(reader.rows.map(\.response) == ["Another.", "A pirate."])
        #expect(reader["b"]?.state == .struck)
        try grow(try line("b"))
        try reader.readNew()
        #expect(reader["b"]?.state == .kept)
    }

    @Test func `a line that is no row is counted, not fatal`() throws {
        try grow("{\n\n[]\n{\"id\": \"x\", \"excluded\": true}\n" + line("a"))
        var reader = DatasetReader(file: file)
        #expect(try reader.readNew().map(\.id) == ["a"])
        #expect(reader.unreadableLineCount == 2)
    }

    @Test func `a file that was cut or replaced is read again`() throws {
        try grow(try line("a") + line("b"))
        var reader = DatasetReader(file: file)
        try reader.readNew()
        // Cut.
        _ = try AppendOnlyFile(file, keeping: try line("a").utf8.count)
        #expect(try reader.readNew().map(\.id) == ["a"])
        #expect(reader.startedOver && reader.rows.map(\.id) == ["a"])
        // Cut and grown beyond what was read.
        try AppendOnlyFile(file, keeping: 0).append(Data((line("c") + line("d")).utf8))
        #expect(try reader.readNew().map(\.id) == ["c", "d"])
        #expect(reader.startedOver)
        // Another file in its place.
        try RunFiles.write(Data((line("c") + line("e")).utf8), to: file)
        #expect(try reader.readNew().map(\.id) == ["c", "e"])
        #expect(reader.startedOver)
        try RunFiles.remove(file)
        #expect(try reader.readNew().isEmpty)
        #expect(reader.startedOver && reader.rows.isEmpty)
        #expect(try reader.readNew().isEmpty)
        #expect(!reader.startedOver)
    }

    @Test func `a torn tail that is healed is no new beginning`() throws {
        let whole = try line("a")
        try grow(whole + "{\"id\": ")
        var reader = DatasetReader(file: file)
        try reader.readNew()
        try AppendOnlyFile(file, keeping: whole.utf8.count).append(Data(line("b").utf8))
        #expect(try reader.readNew().map(\.id) == ["b"])
        #expect(!reader.startedOver)
    }

    @Test func `a large file is read in pieces`() throws {
        let long = String(repeating: "x", count: 100_000)
        let ids = (0..<40).map { "row \($0)" }
        try grow(try ids.map { try line($0, long) }.joined())
        var reader = DatasetReader(file: file)
        var read: [String] = []
        var calls = 0
        repeat {
            read += try reader.readNew(upTo: 1000).map(\.id)
            calls += 1
        } while reader.isBehind
        #expect(read == ids)
        #expect(calls > 3)
    }

    @Test func `a line longer than a piece is whole, and one beyond all bounds is left out`() throws
    {
        let long = String(repeating: "x", count: 3 << 20)
        let endless = String(repeating: "y", count: GrowingFile.largestLineByteCount + 10)
        try grow(try line("a", long) + endless)
        var reader = DatasetReader(file: file)
        while reader.rows.isEmpty || reader.isBehind { try reader.readNew(upTo: 1000) }
        try grow("\n" + line("b"))
        try reader.readNew()
        #expect(reader.rows.map(\.id) == ["a", "b"])
        #expect(reader.rows[0].response == long)
        #expect(reader.unreadableLineCount == 1)
    }
}
