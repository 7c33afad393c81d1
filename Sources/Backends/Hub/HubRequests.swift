import Baking
import Foundation

/// Asks the hub: carries the token, follows redirects, tells what a refusal means.
struct HubRequests: Sendable {
    let address: HubAddress
    let repository: HubRepository
    let revision: String
    let token: Secret?
    /// Where the token came from.
    let tokenSource: String
    let caller: HTTPCaller
    let notify: @Sendable (ServiceNotice) -> Void

    static let service = "hub"

    /// One, two, four and eight seconds; longer where the server asks for it.
    static let policy = RetryPolicy(
        statuses: [408, 429, 500, 502, 503, 504], firstWait: .seconds(1),
        longestWait: .seconds(8), jitter: 1...1, longestRetryAfter: .seconds(600), attempts: 5)

    /// The head of an answer that is no redirect, and how many led to it.
    ///
    /// The token goes to the hub only, and no longer once a redirect has left it. Nothing is
    /// compressed: sums, ranges and lengths are those of the files.
    func open(
        _ url: URL, headers: HTTPHeaders = [:], timeout: Duration
    ) async throws -> (response: HTTPResponse, redirects: Int) {
        var headers = headers
        headers["Accept-Encoding"] = "identity"
        var url = url
        var isTrusted = true
        for redirects in 0...5 {
            isTrusted = isTrusted && address.isHub(url)
            let request = HTTPRequest(
                .get, url, headers: headers,
                credential: isTrusted ? token.map { .bearer($0) } : nil,
                timeouts: HTTPTimeouts(firstByte: timeout, idle: timeout), redirects: .returned)
            let response = try await caller.transport.send(request)
            guard [301, 302, 303, 307, 308].contains(response.status),
                let location = response.headers["Location"]
            else { return (response, redirects) }
            url = try address.target(of: location, from: url)
        }
        throw HTTPError.redirect(host: url.host() ?? "", why: "it is the sixth in a row")
    }

    /// A whole answer of the hub's own.
    ///
    /// - Throws: ``HubError`` or `CancellationError`.
    func answer(_ url: URL, timeout: Duration) async throws -> HTTPAnswer {
        do {
            return try await caller.retried(Self.policy, onWait: tell) {
                let (response, _) = try await open(url, timeout: timeout)
                guard (200..<300).contains(response.status) else {
                    throw try await refusal(response)
                }
                return try await response.collected(limit: 32 << 20)
            }
        } catch let failure as HTTPFailure {
            throw error(failure)
        }
    }

    /// An answer that says no, with a wait where the hub asks for one in its own way.
    func refusal(_ response: HTTPResponse) async throws -> HTTPFailure {
        var answer = try await response.beginning(limit: 1 << 16)
        if answer.status == 429, let wait = Self.rateLimit(answer.headers["RateLimit"]) {
            answer.headers["Retry-After"] = "\(wait + 1)"
        }
        return .status(answer)
    }

    /// The seconds of `"api";r=0;t=55`, `0...3600`.
    static func rateLimit(_ text: String?) -> Int? {
        text?.split(whereSeparator: { ";,".contains($0) })
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .first { $0.hasPrefix("t=") }.flatMap { Int($0.dropFirst(2)) }
            .map { min(max($0, 0), 3600) }
    }

    /// Tells that a wait begins.
    @Sendable func tell(_ failure: HTTPFailure, _ wait: Duration, _ failures: Int) {
        let reason =
            switch failure {
            case .transport(let error): error.description
            case .status(let answer) where answer.status == 429: "it takes no more requests for now"
            case .status(let answer): "\(answer.url.host() ?? "it") answers \(answer.status)"
            }
        notify(.waiting(service: Self.service, reason: reason, seconds: wait / .seconds(1)))
    }

    /// What a final failure means.
    func error(_ failure: HTTPFailure) -> HubError {
        switch failure {
        case .transport(let error): return .unreachable(error)
        case .status(let answer): return error(answer)
        }
    }

    private func error(_ answer: HTTPAnswer) -> HubError {
        let message = answer.headers["X-Error-Message"] ?? ""
        let source = token == nil ? nil : tokenSource
        let isHub = address.isHub(answer.url)
        let code = isHub ? answer.headers["X-Error-Code"] : nil
        switch (answer.status, code) {
        case (401, "GatedRepo"), (403, "GatedRepo"):
            return .gated(repository, page: address.page(of: repository), token: source)
        case (404, "RevisionNotFound"): return .noRevision(repository, revision)
        case (404, "RepoNotFound"): return .notFound(repository, token: source)
        case (401, _) where isHub && message.hasPrefix("Invalid credentials"):
            return .badToken(source: tokenSource)
        case (403, _) where isHub && message.hasPrefix("Access to this resource is disabled"):
            return .disabled(repository)
        // A mirror may give no code.
        case (401, nil) where isHub, (404, nil) where isHub:
            return .notFound(repository, token: source)
        case (429, _): return .rateLimited(host: answer.url.host() ?? Self.service)
        default:
            return .refused(
                host: answer.url.host() ?? Self.service, status: answer.status,
                detail: detail(answer, message: message))
        }
    }

    /// What the server says, and the number under which it remembers the request. Never the token.
    private func detail(_ answer: HTTPAnswer, message: String) -> String {
        var text = message
        if text.isEmpty {
            // Many servers send a page instead; its status says enough.
            text =
                (try? JSONDecoder().decode(HubWire.Complaint.self, from: answer.body))?.error ?? ""
        }
        if let id = answer.headers["X-Request-Id"] { text += " (request \(id.prefix(100)))" }
        text = String(text.prefix(400))
        return token?.withText { text.replacing($0, with: "(secret)") } ?? text
    }
}
