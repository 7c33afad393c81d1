import FlyingFox
internal import FlyingSocks
import Foundation
import Testing

@testable import Backends

/// Against a server that keeps the rules.
@Suite(.timeLimit(.minutes(15))) struct HTTPServerTests {
    private typealias Request = Backends.HTTPRequest

    /// Calls `body` with the address of a server with `handler`.
    private func withServer(
        _ handler:
            @escaping @Sendable (FlyingFox.HTTPRequest) async throws -> FlyingFox.HTTPResponse,
        _ body: (URL) async throws -> Void
    ) async throws {
        let server = HTTPServer(
            address: .loopback(port: 0), timeout: 600, logger: .disabled,
            handler: ClosureHTTPHandler(handler))
        let task = Task { try await server.run() }
        defer { task.cancel() }
        try await server.waitUntilListening()
        guard case .ip6(_, let port) = await server.listeningAddress else {
            Issue.record("no port")
            return
        }
        try await body(try #require(URL(string: "http://[::1]:\(port)/")))
        await server.stop()
    }

    @Test func `bodies go both ways`() async throws {
        try await withServer { request in
            FlyingFox.HTTPResponse(
                statusCode: .ok, headers: [.contentType: "text/plain"],
                body: try await request.bodyData)
        } _: { url in
            let client = Backends.HTTPClient()
            for count in [0, 1, 1000, 300_000] {
                let body = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
                let answer = try await client.send(Request(.post, url, body: body))
                    .collected(limit: 1 << 20)
                try #require(answer.status == 200)
                // The difference of two large bodies would be looked for for hours.
                let isSame = answer.body == body
                #expect(isSame, "\(answer.body.count) of \(body.count) bytes")
                #expect(answer.headers["content-type"] == "text/plain")
            }
        }
    }

    @Test func `events come through a chunked body`() async throws {
        let text = (0..<200).map { "data: {\"n\": \($0), \"text\": \"🥖\"}\r\n\r\n" }.joined()
        try await withServer { _ in
            FlyingFox.HTTPResponse(
                statusCode: .ok, headers: [.contentType: "text/event-stream"],
                body: HTTPBodySequence(
                    from: Pieces(bytes: Array(text.utf8)), suggestedBufferSize: 7))
        } _: { url in
            let response = try await Backends.HTTPClient().send(Request(.get, url))
            var parser = ServerSentEvents()
            var events: [ServerSentEvents.Event] = []
            for try await piece in response.body { events += try parser.append(piece) }
            events += parser.finish()
            #expect(events.count == 200)
            #expect(events.last?.data == "{\"n\": 199, \"text\": \"🥖\"}")
        }
    }
}

/// Bytes of a body whose length is not known before.
private struct Pieces: AsyncBufferedSequence {
    typealias Element = UInt8

    struct AsyncIterator: AsyncBufferedIteratorProtocol {
        typealias Element = UInt8
        typealias Buffer = ArraySlice<UInt8>

        var rest: ArraySlice<UInt8>

        mutating func next() async throws -> UInt8? { rest.popFirst() }

        mutating func nextBuffer(suggested count: Int) async throws -> ArraySlice<UInt8>? {
            defer { rest = rest.dropFirst(count) }
            return rest.isEmpty ? nil : rest.prefix(count)
        }
    }

    var bytes: [UInt8]

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: bytes[...]) }
}
