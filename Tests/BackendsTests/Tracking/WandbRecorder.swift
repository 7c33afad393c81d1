import Foundation

@testable import Backends

/// Answers as W&B does, keeps what it is sent, and fails when it is told to.
actor WandbRecorder {
    enum Reply: Sendable {
        case accepted
        case status(Int, HTTPHeaders = [:], String = #"{"error":"made to fail"}"#)
        /// Nothing is kept and nothing answered.
        case dropped
        /// Kept, but not answered.
        case lost
        /// Kept; the person has pressed Stop.
        case stopped
        case body(String)
    }

    struct Call: Sendable {
        var path: String
        var body: Data
        var authorization: String
        var time: Duration

        var text: String { String(decoding: body, as: UTF8.self) }
        var isStream: Bool { path.hasSuffix("/file_stream") }
    }

    private(set) var calls: [Call] = []
    private(set) var history: [String] = []
    private(set) var summary: String?
    private(set) var exitCode: Int?
    /// What no client may do.
    private(set) var faults: [String] = []
    private var streamReplies: [Reply] = []
    private var upsertReplies: [Reply] = []
    private var inFlight = 0
    /// What an upsert says of the history; nil is the truth.
    private var reportedLineCount: Int?

    func reply(_ replies: Reply...) { streamReplies = replies }
    func replyToUpsert(_ replies: Reply...) { upsertReplies = replies }
    func report(lineCount: Int?) { reportedLineCount = lineCount }
    func lose(from line: Int) { history.removeSubrange(line...) }

    /// Whether so many lines are there and no failure is left to make.
    func has(_ count: Int) -> Bool { history.count >= count && streamReplies.isEmpty }
    var streams: [Call] { calls.filter(\.isStream) }

    /// What is answered; nil breaks the connection off.
    func answer(_ call: Call) async -> (status: Int, headers: HTTPHeaders, body: String)? {
        inFlight += 1
        if inFlight > 1 { faults.append("two requests at once") }
        await Task.yield()
        defer { inFlight -= 1 }
        calls.append(call)
        let reply =
            call.isStream
            ? (streamReplies.isEmpty ? .accepted : streamReplies.removeFirst())
            : (upsertReplies.isEmpty ? .accepted : upsertReplies.removeFirst())
        switch reply {
        case .accepted, .lost, .stopped:
            let body = call.isStream ? accept(call) : upsert(call)
            if case .lost = reply { return nil }
            if case .stopped = reply { return (200, [:], #"{"stopped":true,"exitcode":null}"#) }
            return (200, ["Content-Type": "application/json"], body)
        case .status(let status, let headers, let body): return (status, headers, body)
        case .dropped: return nil
        case .body(let body): return (200, [:], body)
        }
    }

    private func upsert(_ call: Call) -> String {
        struct Body: Decodable {
            struct Variables: Decodable {
                var name: String
                var project: String
                var entity: String?
            }
            var variables: Variables
        }
        guard let body = try? JSONDecoder().decode(Body.self, from: call.body) else {
            faults.append("an upsert that cannot be read")
            return "{}"
        }
        exitCode = nil
        let entity = body.variables.entity ?? "acme"
        return """
            {"data":{"upsertBucket":{"bucket":{"id":"UnVuOjE=","name":"\(body.variables.name)",\
            "displayName":"fair-sky-1","historyLineCount":\(reportedLineCount ?? history.count),\
            "project":{"name":"\(body.variables.project)","entity":{"name":"\(entity)"}}},\
            "inserted":true}}}
            """
    }

    private struct StreamBody: Decodable {
        struct Lines: Decodable {
            var offset: Int
            var content: [String]
        }
        var files: [String: Lines]?
        var complete: Bool?
        var exitcode: Int?
    }

    private func accept(_ call: Call) -> String {
        guard let body = try? JSONDecoder().decode(StreamBody.self, from: call.body) else {
            faults.append("a body that cannot be read")
            return "{}"
        }
        if let lines = body.files?["wandb-history.jsonl"] {
            if lines.offset > history.count { faults.append("lines are missing") }
            for (index, line) in lines.content.enumerated() {
                let number = lines.offset + index
                if number < history.count {
                    if history[number] != line { faults.append("line \(number) was changed") }
                } else {
                    history.append(line)
                }
            }
        }
        if let lines = body.files?["wandb-summary.json"] { summary = lines.content.first }
        if body.complete == true { exitCode = body.exitcode }
        return #"{"exitcode":null,"limits":{}}"#
    }
}

/// Brings requests to a recorder without a network.
struct RecorderTransport: HTTPTransport {
    var recorder: WandbRecorder
    var clock: SteppedClock

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let credential = request.credential
        let authorization =
            credential.map { field in field.scheme + field.key.withText { $0 } } ?? ""
        let answer = await recorder.answer(
            WandbRecorder.Call(
                path: request.url.path(percentEncoded: true), body: request.body ?? Data(),
                authorization: authorization, time: clock.now))
        guard let answer else { throw HTTPError.cut(host: "wandb.test", why: "made to fail") }
        let (body, continuation) = AsyncThrowingStream.makeStream(of: Data.self)
        continuation.yield(Data(answer.body.utf8))
        continuation.finish()
        return HTTPResponse(
            status: answer.status, headers: answer.headers, url: request.url, body: body)
    }
}
