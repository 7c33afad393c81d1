import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct TranscriptTests {
    private let directory: TemporaryDirectory
    private let url: URL
    private let time = Date(timeIntervalSince1970: 1_000_000)

    init() throws {
        directory = try TemporaryDirectory()
        url = directory.url.appending(path: "chats/one.jsonl")
    }

    private func reply(_ arm: Arm, _ text: String, stop: StopReason? = .end) -> Transcript.Reply {
        Transcript.Reply(
            arm: arm, text: text, stop: stop, tokenCount: 3, step: 20, strength: 1,
            temperature: 0.7, seed: 1, failure: nil, time: time)
    }

    @Test func `what was said is there when the file is opened again`() throws {
        var file = try TranscriptFile(url)
        try file.append(.message(text: "Hello", time: time))
        try file.append(.reply(turn: 0, reply: reply(.baked, "Ar", stop: nil)))
        try file.append(.reply(turn: 0, reply: reply(.baked, "Arr!\nMatey")))
        try file.append(.reply(turn: 0, reply: reply(.base, "Hi")))
        try file.append(.message(text: "And?", time: time))
        let transcript = try TranscriptFile(url).transcript
        #expect(transcript == file.transcript)
        #expect(transcript.turns.map(\.message) == ["Hello", "And?"])
        #expect(transcript.turns[0].replies.map(\.text) == ["Arr!\nMatey", "Hi"])
        #expect(
            transcript.exchanges(with: .baked) == [
                Exchange(message: "Hello", reply: "Arr!\nMatey")
            ])
        #expect(transcript.turns[0].time == time)
    }

    @Test func `an edited message takes the place of all that followed`() throws {
        var file = try TranscriptFile(url)
        for text in ["One", "Two", "Three"] { try file.append(.message(text: text, time: time)) }
        try file.append(.cut(turnCount: 1))
        try file.append(.message(text: "Two, but otherwise", time: time))
        #expect(
            try TranscriptFile(url).transcript.turns.map(\.message) == [
                "One", "Two, but otherwise",
            ])
        try file.append(.cut(turnCount: -1))
        #expect(try TranscriptFile(url).transcript.turns.isEmpty)
    }

    @Test func `a torn or foreign line loses nothing else`() throws {
        var file = try TranscriptFile(url)
        try file.append(.message(text: "One", time: time))
        try AppendOnlyFile(url).append(Data("{\"later\":{}}\n{\"mess".utf8))
        file = try TranscriptFile(url)
        try file.append(.message(text: "Two", time: time))
        #expect(try TranscriptFile(url).transcript.turns.map(\.message) == ["One", "Two"])
    }

    @Test func `a reply to a turn that is not there changes nothing`() {
        var transcript = Transcript()
        transcript.apply(.reply(turn: 0, reply: reply(.base, "Hi")))
        #expect(transcript == Transcript())
    }
}
