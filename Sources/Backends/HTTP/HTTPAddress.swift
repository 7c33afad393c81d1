internal import CCurl
internal import Foundation

/// Where a request goes, read by libcurl's own parser: what decides who gets a key is then exactly
/// what is connected to.
struct HTTPAddress: Hashable, Sendable {
    /// The whole address, normalized, without a fragment.
    let text: String
    /// `http` or `https`.
    let scheme: String
    /// In lower case, IPv6 in brackets.
    let host: String
    let port: String

    /// - Throws: ``HTTPError/invalidRequest(_:)`` for what is no address, has another scheme than http
    ///   and https, or contains a user or password, which would show in errors and traces.
    init(_ text: String) throws {
        guard let handle = curl_url() else { throw HTTPError.invalidRequest("no memory") }
        defer { curl_url_cleanup(handle) }
        try self.init(handle, text: text, flags: UInt32(CURLU_DISALLOW_USER))
    }

    /// The address that `location`, absolute or relative to this one, leads to.
    func resolved(_ location: String) throws -> HTTPAddress {
        guard let handle = curl_url() else { throw HTTPError.invalidRequest("no memory") }
        defer { curl_url_cleanup(handle) }
        curl_url_set(handle, CURLUPART_URL, text, 0)
        // As browsers do: servers put what they like into a Location.
        let flags = CURLU_DISALLOW_USER | CURLU_URLENCODE | CURLU_ALLOW_SPACE
        return try HTTPAddress(handle, text: location, flags: UInt32(flags))
    }

    private init(_ handle: OpaquePointer, text: String, flags: UInt32) throws {
        guard text.utf8.count <= Self.longest else {
            throw HTTPError.invalidRequest("its address is longer than \(Self.longest) bytes")
        }
        let code = curl_url_set(handle, CURLUPART_URL, text, flags)
        switch code {
        case CURLUE_OK: break
        case CURLUE_USER_NOT_ALLOWED:
            throw HTTPError.invalidRequest("its address has a user or password in it")
        case CURLUE_UNSUPPORTED_SCHEME:
            throw HTTPError.invalidRequest("its address is neither http nor https")
        default:
            throw HTTPError.invalidRequest("its address is none")
        }
        curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        guard let text = Self.part(CURLUPART_URL, of: handle),
            let scheme = Self.part(CURLUPART_SCHEME, of: handle),
            let host = Self.part(CURLUPART_HOST, of: handle),
            let port = Self.part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT))
        else { throw HTTPError.invalidRequest("its address is none") }
        self.text = text
        self.scheme = scheme.lowercased()
        self.host = host.lowercased()
        self.port = port
        guard self.scheme == "http" || self.scheme == "https" else {
            throw HTTPError.invalidRequest("its address is neither http nor https")
        }
    }

    private static func part(
        _ part: CURLUPart, of handle: OpaquePointer, flags: UInt32 = 0
    ) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static let longest = 64 << 10

    /// Scheme, host and port: keys stay within.
    var origin: String { "\(scheme)://\(host):\(port)" }

    /// The host as people call it, with a port that is not the usual one.
    var name: String {
        port == (scheme == "https" ? "443" : "80") ? host : "\(host):\(port)"
    }
}
