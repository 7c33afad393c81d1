internal import FlyingFox
internal import FlyingSocks
import Foundation

/// A ``FakeHub`` on two ports of the loopback interface.
package actor FakeHubServer {
    private let hub: FakeHub
    private var listeners: [HTTPServer] = []
    private var tasks: [Task<Void, any Error>] = []

    /// Listens; the hub then knows where it is.
    package init(_ hub: FakeHub) async throws {
        self.hub = hub
        hub.urls = [
            .hub: "http://127.0.0.1:\(try await listen(.hub))",
            .files: "http://127.0.0.1:\(try await listen(.files))",
        ]
    }

    package func stop() async {
        for listener in listeners { await listener.stop() }
        for task in tasks { task.cancel() }
    }

    private func listen(_ host: FakeHub.Host) async throws -> UInt16 {
        let listener = HTTPServer(
            address: try .inet(ip4: "127.0.0.1", port: 0), timeout: 600, logger: .disabled,
            handler: ClosureHTTPHandler { [hub] request in
                let target = request.target
                let answer = hub.answer(
                    FakeHub.Request(
                        host: host, path: target.path(percentEncoded: true),
                        query: target.query(percentEncoded: true),
                        authorization: request.headers[.authorization],
                        range: request.headers[HTTPHeader("Range")]))
                return Self.response(answer)
            })
        tasks.append(Task { try await listener.run() })
        try await listener.waitUntilListening()
        listeners.append(listener)
        guard case .ip4(_, let port) = await listener.listeningAddress else {
            throw POSIXError(.EADDRNOTAVAIL)
        }
        return port
    }

    private static func response(_ answer: FakeHub.Answer) -> HTTPResponse {
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers[HTTPHeader(name)] = value }
        let bytes = CutBytes(bytes: Array(answer.body), end: answer.cutAfter ?? answer.body.count)
        return HTTPResponse(
            statusCode: HTTPStatusCode(answer.status, phrase: "X"), headers: headers,
            body: HTTPBodySequence(from: bytes, count: answer.body.count))
    }
}

/// Bytes that end with an error before all are there.
private struct CutBytes: AsyncBufferedSequence {
    typealias Element = UInt8

    var bytes: [UInt8]
    var end: Int

    func makeAsyncIterator() -> Iterator { Iterator(rest: bytes[..<end], isCut: end < bytes.count) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var rest: ArraySlice<UInt8>
        var isCut: Bool

        mutating func next() async throws -> UInt8? {
            try await nextBuffer(suggested: 1)?.first
        }

        mutating func nextBuffer(suggested count: Int) async throws -> ArraySlice<UInt8>? {
            guard !rest.isEmpty else {
                if isCut { throw CancellationError() }
                return nil
            }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
    }
}
