import Foundation
import Transformer

/// One arm's reply to one turn of a test query: a line of `verification.jsonl`.
struct ArmReply: Hashable, Codable {
    var arm: Arm
    /// The query's id.
    var query: String
    var group: String
    /// From 1.
    var turn: Int
    /// The conversation; the last turn is the reply.
    var messages: [ChatMessage]
    var tokens: [TokenID]
    var stop: StopReason
    /// Of everything the reply depends on.
    var key: String
}

/// The replies of `verification.jsonl`, by key.
struct ArmReplies {
    private(set) var replies: [String: ArmReply] = [:]
    private let file: AppendOnlyFile

    /// Reads what is there; a torn or broken last line is dropped, and so is any other that cannot
    /// be read: it is asked for again.
    init(_ url: URL) throws {
        let lines = JSONLines(try RunFiles.contents(of: url) ?? Data())
        for line in lines.lines {
            if let reply = try? JSONLine.decode(ArmReply.self, from: line.data) {
                replies[reply.key] = reply
            }
        }
        file = try AppendOnlyFile(url, keeping: lines.wholeByteCount)
    }

    mutating func add(_ reply: ArmReply) throws {
        try file.append(try JSONLine.encode(reply) + [0x0A])
        replies[reply.key] = reply
    }
}
