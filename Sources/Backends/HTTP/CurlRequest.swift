internal import Foundation

/// One request as it goes over the wire; redirects make several of one ``HTTPRequest``.
struct CurlRequest: Sendable {
    var method: HTTPRequest.Method
    var address: HTTPAddress
    /// With the credential.
    var headers: HTTPHeaders
    var body: Data?
    var timeouts: HTTPTimeouts
    /// When ``HTTPTimeouts/total`` is over, counted from the first of the requests.
    var end: ContinuousClock.Instant?

    /// - Throws: ``HTTPError/invalidRequest(_:)``
    init(_ request: HTTPRequest) throws {
        method = request.method
        address = try HTTPAddress(request.url.absoluteString)
        headers = HTTPHeaders()
        body = request.body
        timeouts = request.timeouts
        end = timeouts.total.map { .now + HTTPTimeouts.bounded($0) }
        for field in request.headers.fields {
            if field.name.lowercased() == "content-length", field.value == "\(body?.count ?? 0)" {
                continue
            }
            headers.add(field.name, field.value)
        }
        if let credential = request.credential {
            headers[credential.header] = credential.key.withText { credential.scheme + $0 }
        }
        for field in headers.fields { try Self.check(field) }
    }

    /// Leaves off what proves who asks.
    mutating func removeCredentials(named name: String?) {
        for header in Self.credentialHeaders + (name.map { [$0] } ?? []) { headers[header] = nil }
    }

    /// Turns into a GET.
    mutating func removeBody() {
        method = .get
        body = nil
        for name in ["Content-Type", "Content-Encoding", "Content-Language", "Content-Location"] {
            headers[name] = nil
        }
    }

    /// Headers that prove who asks, whoever set them.
    static let credentialHeaders = ["Authorization", "Proxy-Authorization", "X-API-Key", "Cookie"]

    /// Values are not in the errors: they may be keys.
    private static func check(_ field: HTTPHeaders.Field) throws {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        let isName = field.name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: marks.contains(byte)
            }
        }
        guard isName, !field.name.isEmpty else {
            throw HTTPError.invalidRequest("a header's name has characters that none may have")
        }
        guard field.value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw HTTPError.invalidRequest("header \(field.name) has a control character")
        }
        let reserved = ["content-length", "transfer-encoding", "host", "connection"]
        guard !reserved.contains(field.name.lowercased()) else {
            throw HTTPError.invalidRequest("header \(field.name) is the client's own")
        }
    }
}

extension HTTPTimeouts {
    /// What can be added to any time: at most a year, at least nothing.
    static func bounded(_ duration: Duration) -> Duration {
        min(max(duration, .zero), .seconds(365 * 24 * 3600))
    }
}
