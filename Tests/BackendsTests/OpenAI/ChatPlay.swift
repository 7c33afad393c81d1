import Foundation

@testable import Backends

/// The pieces of answers that a played server gives.
enum ChatPlay {
    static let sse: HTTPHeaders = ["Content-Type": "text/event-stream; charset=utf-8"]
    static let json: HTTPHeaders = ["Content-Type": "application/json"]

    static func event(_ json: String) -> String { "data: \(json)\n\n" }

    static func delta(_ fields: String, finish: String? = nil, more: String = "") -> String {
        event(
            #"{"id":"g","choices":[{"index":0,"delta":{\#(fields)},"#
                + #""finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}]\#(more)}"#)
    }

    static func text(_ text: String) -> String { delta(#""content":\#(quoted(text))"#) }

    static func quoted(_ text: String) -> String {
        let data = (try? JSONEncoder().encode(text)) ?? Data("\"\"".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    static func finish(_ reason: String = "stop", usage: String? = nil) -> String {
        delta("", finish: reason, more: usage.map { ",\"usage\":\($0)" } ?? "")
    }

    static func usage(
        context: Int = 10, response: Int = 5, cost: Double? = nil
    ) -> String {
        #"{"prompt_tokens":\#(context),"completion_tokens":\#(response)"#
            + (cost.map { ",\"cost\":\($0)" } ?? "") + "}"
    }

    static let done = "data: [DONE]\n\n"

    /// A streamed answer that is in order.
    static func stream(
        _ pieces: [String], finish: String = "stop", cost: Double? = nil
    ) -> HTTPResponse {
        let body =
            ": OPENROUTER PROCESSING\n\n" + delta(#""role":"assistant","content":"""#)
            + pieces.map(text).joined() + Self.finish(finish)
            + event(
                #"{"choices":[],"usage":\#(usage(response: pieces.count, cost: cost))}"#) + done
        return .scripted(200, body, headers: sse)
    }

    /// A whole answer.
    static func whole(_ text: String, finish: String = "stop") -> HTTPResponse {
        .scripted(
            200,
            #"{"model":"m","choices":[{"index":0,"finish_reason":"\#(finish)","message":"#
                + #"{"role":"assistant","content":\#(quoted(text))}}],"usage":\#(usage())}"#,
            headers: json)
    }

    /// A body that comes in pieces of `size` bytes, and then breaks off with `error`.
    static func chopped(
        _ body: some Sequence<UInt8>, size: Int = 3, then error: (any Error)? = nil,
        headers: HTTPHeaders = sse
    ) -> HTTPResponse {
        let bytes = Array(body)
        let pieces = stride(from: 0, to: bytes.count, by: size).map {
            Data(bytes[$0..<min($0 + size, bytes.count)])
        }
        return .scripted(200, pieces: pieces, headers: headers, then: error)
    }

    /// The bytes of `text` up to the middle of the first character of four bytes.
    static func cutInCharacter(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return Array(bytes[..<((bytes.firstIndex { $0 >= 0xF0 } ?? bytes.count - 2) + 2)])
    }

    static func failure(
        _ status: Int, _ message: String = "no", headers: HTTPHeaders = json,
        fields: String = ""
    ) -> HTTPResponse {
        .scripted(
            status, #"{"error":{"message":\#(quoted(message))\#(fields)}}"#, headers: headers)
    }
}

/// A request as the played server reads it.
struct PlayedRequest: Decodable {
    struct Message: Decodable, Hashable {
        var role: String
        var content: String
    }

    var model: String
    var messages: [Message]
    var seed: Int?
    var temperature: Double?
    var stream: Bool?

    init(_ request: HTTPRequest) throws {
        self = try JSONDecoder().decode(Self.self, from: request.body ?? Data())
    }
}

extension HTTPRequest {
    /// The fields of its JSON.
    var chatFields: [String: Any] {
        let object = try? JSONSerialization.jsonObject(with: body ?? Data())
        return object as? [String: Any] ?? [:]
    }

    var isChat: Bool { url.path().hasSuffix("/chat/completions") }
}
