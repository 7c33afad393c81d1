import Backends
import Foundation
import Synchronization

/// Answers requests out of a closure, without any network.
final class ScriptedTransport: HTTPTransport {
    private let log = Mutex<[HTTPRequest]>([])
    private let answer: @Sendable (HTTPRequest, Int) async throws -> HTTPResponse

    /// - Parameter answer: Called with each request and how many came before it; requests that are
    ///   under way at once are answered at once.
    init(_ answer: @escaping @Sendable (HTTPRequest, Int) async throws -> HTTPResponse) {
        self.answer = answer
    }

    /// Answers with `answers` in their order, then with the last one again and again.
    convenience init(_ answers: [HTTPResponse]) {
        precondition(!answers.isEmpty)
        self.init { request, index in
            var response = answers[min(index, answers.count - 1)]
            response.url = request.url
            return response
        }
    }

    /// What was asked so far, in the order of arrival.
    var requests: [HTTPRequest] { log.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let index = log.withLock {
            $0.append(request)
            return $0.count - 1
        }
        return try await answer(request, index)
    }
}

extension HTTPResponse {
    /// An answer whose body is there at once. It can be read once.
    static func scripted(
        _ status: Int = 200, _ body: String = "", headers: HTTPHeaders = [:]
    ) -> HTTPResponse {
        scripted(status, pieces: [Data(body.utf8)], headers: headers)
    }

    /// An answer with these bytes.
    static func scripted(
        _ status: Int = 200, data: Data, headers: HTTPHeaders = [:]
    ) -> HTTPResponse {
        scripted(status, pieces: [data], headers: headers)
    }

    /// An answer whose body comes in pieces, and then breaks off with `error`, if there is one.
    static func scripted(
        _ status: Int = 200, pieces: [Data], headers: HTTPHeaders = [:],
        then error: (any Error)? = nil
    ) -> HTTPResponse {
        let body = AsyncThrowingStream<Data, any Error> { continuation in
            for piece in pieces where !piece.isEmpty { continuation.yield(piece) }
            continuation.finish(throwing: error)
        }
        return HTTPResponse(
            status: status, headers: headers, url: URL(filePath: "/scripted"), body: body)
    }
}
