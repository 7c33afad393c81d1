import Baking
import Foundation
import Terminal

/// A conversation over lines of text.
struct ChatSession {
    var chat: Chat
    /// The checkpoint's; nil where no adapter answers.
    let step: Int?
    let console: Console
    let json: Bool

    /// Answers one message as it comes.
    mutating func answer(_ message: String) async throws {
        var safe = SafeText(isASCII: console.isASCII)
        let isStreamed = !json
        let console = console
        let reply = try await chat.reply(to: message) { piece in
            if isStreamed { try console.write(console.isTerminal ? safe.append(piece) : piece) }
        }
        if json {
            try console.json(
                ReplyLine(
                    arm: chat.arm, message: message, reply: reply.text, tokens: reply.tokenCount,
                    stop: reply.stop, step: chat.arm.hasAdapter ? step : nil))
            return
        }
        let end = reply.stop == .length ? (console.isASCII ? " ..." : " …") : ""
        try console.line((console.isTerminal ? safe.finish() : "") + end)
    }

    /// Answers every line of standard input until its end.
    mutating func answerLines(isInteractive: Bool) async throws {
        let mark = console.painter.paint("> ", .chatUser)
        let isAsking = isInteractive && console.isTerminal && !json
        if isAsking {
            try console.line(
                console.painter.paint(
                    chat.arm.rawValue + (step.map { ", step \($0)" } ?? "") + "; /quit ends", .muted
                ))
            try console.write(mark)
        }
        for await line in Self.lines {
            let message = line.trimmingCharacters(in: .whitespacesAndNewlines)
            switch message {
            case "": break
            case "/quit" where isInteractive: return
            case "/new" where isInteractive: chat.restart()
            default: try await answer(message)
            }
            if isAsking { try console.write(mark) }
        }
        if isAsking { try console.line() }
        try Task.checkCancellation()
    }

    /// The lines of standard input. A thread of its own waits for them, so that an interrupt ends
    /// the iteration while nobody types.
    private static var lines: AsyncStream<String> {
        AsyncStream { continuation in
            let reader = Thread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
            reader.start()
        }
    }
}

/// A reply as a line of JSON.
struct ReplyLine: Encodable {
    var arm: Arm
    var message: String
    var reply: String
    var tokens: Int
    var stop: StopReason
    /// The checkpoint's; null for arms without an adapter.
    var step: Int?
}
