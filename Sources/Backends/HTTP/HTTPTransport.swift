package import Foundation

/// Carries requests. ``HTTPClient`` does it over the network.
package protocol HTTPTransport: Sendable {
    /// Sends a request.
    ///
    /// - Returns: As soon as the head of the answer is there, whatever its status.
    /// - Throws: ``HTTPError``, or `CancellationError` when the task is cancelled: the transfer is then
    ///   broken off.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// The head of an answer and its body as it comes.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// Where the answer came from, after redirects.
    package var url: URL
    /// Pieces of the body. It throws ``HTTPError`` when the body breaks off; cancelling the task that
    /// reads it, or dropping it, breaks the transfer off. Nothing is fetched far ahead of the reader.
    package var body: AsyncThrowingStream<Data, any Error>

    package init(
        status: Int, headers: HTTPHeaders, url: URL, body: AsyncThrowingStream<Data, any Error>
    ) {
        self.status = status
        self.headers = headers
        self.url = url
        self.body = body
    }

    /// The whole body.
    ///
    /// - Throws: ``HTTPError/tooLarge(limit:host:)`` when it is longer than `limit` bytes.
    package func collected(limit: Int) async throws -> HTTPAnswer {
        var data = Data()
        for try await piece in body {
            data.append(piece)
            guard data.count <= limit else {
                throw HTTPError.tooLarge(limit: limit, host: url.host() ?? "")
            }
        }
        // A stream ends without an error when its task is cancelled.
        try Task.checkCancellation()
        return HTTPAnswer(status: status, headers: headers, url: url, body: data)
    }

    /// At most the first `limit` bytes of the body, fewer when it breaks off: enough of an answer whose
    /// status says what counts.
    package func beginning(limit: Int) async throws -> HTTPAnswer {
        var data = Data()
        do {
            for try await piece in body {
                data.append(piece.prefix(limit - data.count))
                if data.count >= limit { break }
            }
        } catch is HTTPError {
            // The status stands.
        }
        try Task.checkCancellation()
        return HTTPAnswer(status: status, headers: headers, url: url, body: data)
    }
}

/// An answer that is complete.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var url: URL
    package var body: Data

    package init(status: Int, headers: HTTPHeaders = [:], url: URL, body: Data) {
        self.status = status
        self.headers = headers
        self.url = url
        self.body = body
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// Why there is no whole answer.
package enum HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection: no such host, refused, no network.
    case cannotConnect(host: String, why: String)
    /// Certificate or protocol.
    case insecure(host: String, why: String)
    /// Nothing came for too long: "a connection", "the answer", "more of the answer", "the whole answer".
    case timedOut(host: String, waitingFor: String)
    /// The transfer ended before the answer did.
    case cut(host: String, why: String)
    case tooLarge(limit: Int, host: String)
    /// A redirect that is not followed; `host` is who sent it.
    case redirect(host: String, why: String)
    /// Something cannot be sent.
    case invalidRequest(String)

    package var description: String {
        switch self {
        case .cannotConnect(let host, let why): "cannot connect to \(host): \(why)"
        case .insecure(let host, let why): "no secure connection to \(host): \(why)"
        case .timedOut(let host, let what): "\(host) does not answer (waited for \(what))"
        case .cut(let host, let why): "the connection to \(host) broke off: \(why)"
        case .tooLarge(let limit, let host):
            "the answer of \(host) is longer than \(limit) bytes"
        case .redirect(let host, let why): "a redirect of \(host) is not followed: \(why)"
        case .invalidRequest(let why): "the request cannot be sent: \(why)"
        }
    }
}
