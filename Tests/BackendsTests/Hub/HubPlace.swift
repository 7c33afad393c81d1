import Baking
import Foundation
import ServiceSupport
import TestSupport
import Transformer

@testable import Backends

/// A fake hub, a home of its own and a client between them, without any network.
struct HubPlace {
    let hub: FakeHub
    let directory: TemporaryDirectory
    let clock = VirtualClock()
    /// Beside `HOME` and `HF_ENDPOINT`.
    var environment: [String: String] = [:]
    var token = Secret("hf_key")
    var freeSpace: Int?
    let repository: HubRepository

    init(_ hub: FakeHub? = nil) throws {
        self.hub = try hub ?? .tiny()
        directory = try TemporaryDirectory()
        guard let repository = HubRepository(FakeHub.repository) else {
            throw CocoaError(.fileNoSuchFile)
        }
        self.repository = repository
    }

    var surroundings: Surroundings {
        Surroundings(
            workingDirectory: directory.url,
            environment: [
                "HOME": directory.url.path, "HF_ENDPOINT": (hub.urls[.hub] ?? "") + "/",
            ].merging(environment) { $1 },
            executable: directory.url.appending(path: "oven"))
    }

    var cache: HubCache { HubCache(surroundings.hubCache) }

    /// The repository's folder in the cache.
    var folder: URL { cache.folder(of: repository) }

    func entry(_ path: String) -> URL {
        folder.appending(path: "snapshots/\(FakeHub.commit)/\(path)")
    }

    func blob(_ path: String) throws -> URL {
        guard let file = hub.files[path] else { throw CocoaError(.fileNoSuchFile) }
        return folder.appending(path: "blobs/\(file.sum)")
    }

    /// - Parameter transport: nil for one that asks the fake hub itself.
    func client(over transport: (any HTTPTransport)? = nil) throws -> HubClient {
        HubClient(
            try HubSettings(surroundings), token: token, tokenSource: "HF_TOKEN",
            caller: HTTPCaller(transport: transport ?? self.transport, clock: clock) { 0 },
            freeSpace: { [freeSpace] _ in freeSpace })
    }

    /// Fetches the repository with a new client.
    @discardableResult
    func pull(
        _ selection: HubSelection = .model, revision: String = "main",
        over transport: (any HTTPTransport)? = nil
    ) async throws -> HubOutcome {
        var outcome = HubOutcome()
        for try await event in try client(over: transport).pull(
            repository, revision: revision, selection)
        {
            outcome.note(event)
        }
        return outcome
    }

    /// Why that fails.
    func refusal(
        _ selection: HubSelection = .model, revision: String = "main",
        over transport: (any HTTPTransport)? = nil
    ) async throws -> HubError? {
        do {
            try await pull(selection, revision: revision, over: transport)
            return nil
        } catch let error as HubError {
            return error
        }
    }

    /// Asks the fake hub.
    var transport: ScriptedTransport {
        ScriptedTransport { [hub] request, _ in
            let address = request.url.absoluteString
            let host = hub.urls.first { address.hasPrefix($0.value + "/") }?.key
            guard let host else {
                throw HTTPError.cannotConnect(host: request.url.host() ?? "", why: "nobody there")
            }
            let answer = hub.answer(
                FakeHub.Request(
                    host: host, path: request.url.path(percentEncoded: true),
                    query: request.url.query(percentEncoded: true),
                    authorization: request.credential.map { credential in
                        credential.key.withText { credential.scheme + $0 }
                    },
                    range: request.headers["Range"]))
            var headers = HTTPHeaders()
            for (name, value) in answer.headers { headers.add(name, value) }
            let body = Array(answer.body.prefix(answer.cutAfter ?? .max))
            let pieces = stride(from: 0, to: body.count, by: 50_000).map {
                Data(body[$0..<min($0 + 50_000, body.count)])
            }
            var response = HTTPResponse.scripted(
                answer.status, pieces: pieces, headers: headers,
                then: answer.cutAfter.map { _ in HTTPError.cut(host: "files.test", why: "reset") })
            response.url = request.url
            return response
        }
    }

    /// Checks that the cache has exactly the hub's bytes of these files.
    func holds(_ paths: [String]) -> Bool {
        paths.allSatisfy { path in
            (try? Data(contentsOf: entry(path))) == hub.files[path]?.data
        }
    }
}

/// What a pull told.
struct HubOutcome {
    var plan: HubPlan?
    var snapshot: HubSnapshot?
    var files: [String] = []
    var present: [String] = []
    var notices: [ServiceNotice] = []
    var received = 0
    var completed = 0
    var total = 0

    mutating func note(_ event: HubEvent) {
        switch event {
        case .planned(let plan): self.plan = plan
        case .progress(let completed, let total, let received):
            (self.completed, self.total, self.received) = (completed, total, received)
        case .file(let path, _, let wasPresent): if wasPresent { present.append(path) }
        case .notice(let notice): notices.append(notice)
        case .finished(let snapshot, let files): (self.snapshot, self.files) = (snapshot, files)
        }
    }
}
