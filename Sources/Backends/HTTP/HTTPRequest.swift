package import Foundation

/// One request to a service.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What proves who asks. It goes to the origin of the request's own address and no other, and into
    /// no trace.
    package struct Credential: Sendable {
        /// `Authorization`, `X-API-Key` …
        package var header: String
        /// Before the key: `Bearer `, or nothing.
        package var scheme: String
        package var key: Secret

        package init(header: String, scheme: String = "", key: Secret) {
            self.header = header
            self.scheme = scheme
            self.key = key
        }

        /// `Authorization: Bearer KEY`
        package static func bearer(_ key: Secret) -> Credential {
            Credential(header: "Authorization", scheme: "Bearer ", key: key)
        }
    }

    /// What happens when the answer sends us elsewhere.
    package enum Redirects: Sendable {
        /// The answer is given back as it came.
        case returned
        /// Followed at most so often; other origins get no credential, nor does the first one after
        /// them, and https never becomes http. A POST becomes a GET without a body, except by 307 and
        /// 308.
        case followed(limit: Int)
    }

    package var method: Method
    /// `http` or `https`, without a user or password.
    package var url: URL
    /// Without credentials.
    package var headers: HTTPHeaders
    package var body: Data?
    package var credential: Credential?
    package var timeouts: HTTPTimeouts
    package var redirects: Redirects

    package init(
        _ method: Method, _ url: URL, headers: HTTPHeaders = [:], body: Data? = nil,
        credential: Credential? = nil, timeouts: HTTPTimeouts = HTTPTimeouts(),
        redirects: Redirects = .returned
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.credential = credential
        self.timeouts = timeouts
        self.redirects = redirects
    }
}

/// How long a transfer may take.
package struct HTTPTimeouts: Hashable, Sendable {
    /// Until there is a connection.
    package var connect: Duration
    /// From then, or since a piece of the body was sent, until the head of the answer.
    package var firstByte: Duration
    /// Between two pieces of the body; the time in which nobody reads does not count.
    package var idle: Duration
    /// For everything, redirects and waiting for one's turn included; nil for as long as bytes flow.
    package var total: Duration?

    package init(
        connect: Duration = .seconds(10), firstByte: Duration = .seconds(120),
        idle: Duration = .seconds(60), total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}
