internal import Baking
package import Foundation
internal import Synchronization

/// Speaks HTTP over libcurl, on a thread of its own. Connections are used again, HTTP/2 where a server
/// offers it over TLS, proxies as the environment says. Certificates are always verified.
///
/// Bodies that are still being read keep it alive.
package final class HTTPClient: HTTPTransport {
    private let configuration: CurlRunner.Configuration
    private let trace: HTTPTrace?
    /// Made with the first request: a program that asks nobody anything has no thread for it, and none
    /// that sets libraries up while the program ends.
    private let started = Mutex<CurlLoop?>(nil)

    /// - Parameters:
    ///   - connectionsPerHost: Requests under way at once per origin, at least 1; further ones wait for
    ///     their turn, without any time-out but the total.
    ///   - certificates: PEM file of the authorities to trust instead of the system's.
    ///   - trace: Where all exchanges are written down.
    package init(
        connectionsPerHost: Int = 50, certificates: URL? = nil, trace: HTTPTrace? = nil
    ) {
        self.trace = trace
        configuration = CurlRunner.Configuration(
            userAgent: "oven/\(EngineVersion.current)",
            connectionsPerHost: max(connectionsPerHost, 1), certificates: certificates?.path)
    }

    deinit { started.withLock { $0?.close() } }

    /// Whether there is a thread.
    var isStarted: Bool { started.withLock { $0 != nil } }

    var loop: CurlLoop {
        started.withLock { loop in
            if let loop { return loop }
            let new = CurlLoop(configuration)
            loop = new
            return new
        }
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        if let credential = request.credential { trace?.hide(credential.key) }
        var hop = try CurlRequest(request)
        var hopCount = 0
        while true {
            let response = try await exchange(hop, credentialHeader: request.credential?.header)
            guard case .followed(let limit) = request.redirects,
                let next = try Self.redirect(hop, response, credential: request.credential)
            else { return response }
            hopCount += 1
            guard hopCount <= limit else {
                throw HTTPError.redirect(
                    host: hop.address.name, why: "\(limit) came before it")
            }
            // A connection whose answer was read is used again; a long answer is not worth that.
            _ = try? await response.collected(limit: 64 << 10)
            try Task.checkCancellation()
            hop = next
        }
    }

    private func exchange(
        _ request: CurlRequest, credentialHeader: String?
    ) async throws -> HTTPResponse {
        let entry = trace?.begin(request, credentialHeader: credentialHeader)
        let exchange = HTTPExchange(request, loop: loop)
        let head: ResponseHead
        do {
            head = try await exchange.start()
        } catch {
            entry?.end(error)
            throw error
        }
        entry?.received(head)
        let reader = HTTPBodyReader(exchange, client: self, entry: entry)
        return HTTPResponse(
            status: head.status, headers: head.headers,
            url: URL(string: request.address.text) ?? URL(filePath: "/"),
            body: AsyncThrowingStream { try await reader.next() })
    }

    /// The request that an answer leads to, if it leads anywhere.
    static func redirect(
        _ request: CurlRequest, _ response: HTTPResponse, credential: HTTPRequest.Credential?
    ) throws -> CurlRequest? {
        guard [301, 302, 303, 307, 308].contains(response.status),
            let location = response.headers["Location"]
        else { return nil }
        var next = request
        do {
            next.address = try request.address.resolved(location)
        } catch let error as HTTPError {
            guard case .invalidRequest(let why) = error else { throw error }
            throw HTTPError.redirect(host: request.address.name, why: why)
        }
        if request.address.scheme == "https", next.address.scheme == "http" {
            throw HTTPError.redirect(
                host: request.address.name,
                why: "\(next.address.name) would be reached without encryption")
        }
        if next.address.origin != request.address.origin {
            // For good: a host that is only on the way must not decide where a key goes.
            next.removeCredentials(named: credential?.header)
        }
        switch (response.status, request.method) {
        case (301, .post), (302, .post): next.removeBody()
        case (303, let method) where method != .get && method != .head: next.removeBody()
        default: break
        }
        return next
    }
}
