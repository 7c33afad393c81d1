import Backends
import Foundation
import Testing

@Suite struct ServerSentEventsTests {
    typealias Event = ServerSentEvents.Event

    /// What comes of `text`, in pieces of `size` bytes.
    private func events(_ text: String, size: Int = .max) throws -> [Event] {
        try events(Array(text.utf8), size: size)
    }

    private func events(_ bytes: [UInt8], size: Int) throws -> [Event] {
        var parser = ServerSentEvents()
        var events: [Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            events += try parser.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return events + parser.finish()
    }

    @Test(arguments: ["\n", "\r\n", "\r"], [1, 2, 3, 7, Int.max])
    func `events are the same however lines end and bytes are cut`(end: String, size: Int) throws {
        let lines = [
            "\u{FEFF}: OPENROUTER PROCESSING", "", "data: {\"text\": \"🥖 é\"}", "",
            "event: error", "data:without a space", "data:  with two", "data", "", ":", "id: 7",
            "retry: 3", "", "data: [DONE]", "",
        ]
        let text = lines.map { $0 + end }.joined()
        #expect(
            try events(text, size: size) == [
                Event(data: "{\"text\": \"🥖 é\"}"),
                Event(name: "error", data: "without a space\n with two\n"),
                Event(data: "[DONE]"),
            ])
    }

    @Test(arguments: ["data: last", "data: last\n", "data: last\r\n", "data: last\n\n"])
    func `the last event needs no end`(text: String) throws {
        #expect(
            try events("data: first\n\n" + text) == [Event(data: "first"), Event(data: "last")])
    }

    @Test func `an event without data is none, and its name is forgotten`() throws {
        #expect(try events("event: ping\n\ndata: x\n\n") == [Event(data: "x")])
        #expect(try events("event:\ndata:\n\n") == [Event(data: "")])
        #expect(try events("") == [])
        #expect(try events("\n\n\n") == [])
    }

    @Test func `an error of its own is an event`() throws {
        #expect(
            try events("error: {\"code\":500}\n\n") == [
                Event(name: "error", data: "{\"code\":500}")
            ])
    }

    @Test func `a byte-order mark means nothing but at the beginning`() throws {
        #expect(try events("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n") == [Event(data: "a")])
        #expect(try events("\u{FEFF}\ndata: a\n\n") == [Event(data: "a")])
    }

    @Test func `bytes that are no text are repaired`() throws {
        let events = try events(Array("data: a".utf8) + [0xFF, 0x0A, 0x0A], size: 1)
        #expect(events == [Event(data: "a\u{FFFD}")])
    }

    @Test func `comments are counted as they come`() throws {
        var parser = ServerSentEvents()
        #expect(try parser.append(Array(": ping\n".utf8)) == [])
        #expect(parser.commentCount == 1)
        #expect(try parser.append(Array(":\n\n: ping".utf8)) == [])
        #expect(parser.commentCount == 2)
    }

    @Test func `an event comes with its blank line and not before`() throws {
        var parser = ServerSentEvents()
        #expect(try parser.append(Array("data: x\r\n".utf8)) == [])
        #expect(try parser.append(Array("\r".utf8)) == [Event(data: "x")])
        #expect(try parser.append(Array("\ndata: y\n".utf8)) == [])
        #expect(try parser.append(Array("\n".utf8)) == [Event(data: "y")])
    }

    @Test func `a line of a megabyte is whole`() throws {
        let data = String(repeating: "0123456789abcdef", count: 1 << 16)
        #expect(try events("data: \(data)\n\n", size: 1000) == [Event(data: data)])
    }

    @Test(arguments: ["data: ", "", "data: x\ndata: y\n", ": "])
    func `a line without an end stops the reading`(beginning: String) throws {
        var parser = ServerSentEvents(limit: 10_000)
        _ = try parser.append(Array(beginning.utf8))
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 4000)
        _ = try parser.append(piece)
        _ = try parser.append(piece)
        let failure = ServerSentEvents.Failure.tooLong(limit: 10_000)
        #expect(throws: failure) { try parser.append(piece) }
        #expect(throws: failure) { try parser.append(piece) }
        #expect(parser.finish() == [])
    }

    @Test func `an event without an end stops the reading`() throws {
        var parser = ServerSentEvents(limit: 10_000)
        #expect(throws: ServerSentEvents.Failure.tooLong(limit: 10_000)) {
            for _ in 0..<20_000 { _ = try parser.append(Array("data: x\n".utf8)) }
        }
        parser = ServerSentEvents(limit: 10_000)
        #expect(throws: ServerSentEvents.Failure.tooLong(limit: 10_000)) {
            for _ in 0..<20_000 { _ = try parser.append(Array("data\n".utf8)) }
        }
    }

    @Test func `events that end are no burden for those that follow`() throws {
        var parser = ServerSentEvents(limit: 100)
        for _ in 0..<1000 {
            #expect(try parser.append(Array("data: 0123456789\n\n".utf8)).count == 1)
        }
    }
}
