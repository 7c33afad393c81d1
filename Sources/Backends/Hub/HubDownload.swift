import Baking
import Foundation

/// Brings one content into the cache, under all names that a commit has for it.
struct HubDownload: Sendable {
    let requests: HubRequests
    let store: HubStore
    let file: HubFile
    /// At least one.
    let paths: [String]
    let timeout: Duration

    /// The server of a redirect does not take it; its addresses are good for a while only.
    private struct Expired: Error {
        var failure: HTTPFailure
    }

    /// Bytes that an attempt must bring to count as progress.
    private static let progressByteCount = 1 << 16

    /// - Returns: Whether it was here already.
    /// - Throws: ``HubError`` or `CancellationError`.
    func run(_ progress: HubProgress) async throws -> Bool {
        if try await useWhatIsThere(progress) { return true }
        let path = paths.first ?? file.path
        var hasWaited = false
        let lock = try await HubLock.acquire(store.lock(file), clock: requests.caller.clock) {
            hasWaited = true
            requests.notify(
                .waiting(
                    service: HubRequests.service, reason: "another program fetches \(path)",
                    seconds: 0))
        }
        defer { withExtendedLifetime(lock) {} }
        if hasWaited, try await useWhatIsThere(progress) { return true }
        for attempt in 1...2 {
            let partial = try HubPartial(path: store.partial(file).path, file: file)
            try await partial.readBack()
            do {
                try await fill(partial, progress)
            } catch is HubPartial.TooLong {
                // As wrong as another sum.
                try partial.restart()
            }
            // Where nothing can be locked another program may have written into it.
            var isRight = partial.isRight
            if isRight, lock == nil { isRight = try await store.holds(store.partial(file), file) }
            if isRight {
                try partial.commit(to: store.blob(file).path)
                try await store.place(store.blob(file), of: file, at: paths, isNew: true)
                return false
            }
            partial.discard()
            await progress.set(file, to: 0)
            if attempt == 1 {
                requests.notify(
                    .warning(
                        service: HubRequests.service,
                        "\(path) arrived with a wrong check sum and is fetched again"))
            }
        }
        throw HubError.damaged(requests.repository, file: path)
    }

    private func useWhatIsThere(_ progress: HubProgress) async throws -> Bool {
        guard let content = try await store.content(of: file, paths: paths) else { return false }
        try await store.place(content, of: file, at: paths, isNew: false)
        await progress.set(file, to: file.size)
        return true
    }

    /// Asks until all bytes are there. Attempts that bring something are not counted.
    private func fill(_ partial: HubPartial, _ progress: HubProgress) async throws {
        let caller = requests.caller
        var failures = 0
        var refusals = 0
        var mark = partial.count
        await progress.set(file, to: partial.count)
        while partial.count < file.size {
            let failure: HTTPFailure
            do {
                try await fetchRest(of: partial, progress)
                guard partial.count < file.size else { return }
                failure = .transport(
                    .cut(
                        host: requests.address.endpoint.host() ?? HubRequests.service,
                        why: "\(partial.count) of \(file.size) bytes of \(file.path) came"))
            } catch let expired as Expired {
                refusals += 1
                guard refusals > 2 else { continue }
                throw requests.error(expired.failure)
            } catch let error as HTTPFailure {
                failure = error
            } catch let error as HTTPError {
                failure = .transport(error)
            }
            if partial.count - mark >= Self.progressByteCount {
                (failures, refusals) = (0, 0)
                mark = partial.count
            }
            failures += 1
            guard
                let wait = HubRequests.policy.wait(
                    after: failure, failures: failures, elapsed: .zero, date: caller.clock.date,
                    random: caller.random())
            else { throw requests.error(failure) }
            requests.tell(failure, wait, failures)
            try await caller.clock.sleep(for: wait)
        }
    }

    /// One request for the bytes that are not there. The hub is asked each time: where it sends us
    /// is good for an hour or less.
    private func fetchRest(of partial: HubPartial, _ progress: HubProgress) async throws {
        let url = try requests.address.file(
            file.path, of: requests.repository, commit: store.snapshot.commit)
        let have = partial.count
        let headers: HTTPHeaders = have > 0 ? ["Range": "bytes=\(have)-"] : [:]
        let (response, redirects) = try await requests.open(
            url, headers: headers, timeout: timeout)
        switch response.status {
        case 206:
            guard Self.start(of: response.headers["Content-Range"]) == have else {
                try partial.restart()
                throw cut(response, "it sends another part than the one asked for")
            }
        case 200: if have > 0 { try partial.restart() }
        case 416:
            try partial.restart()
            throw cut(response, "it has no such part")
        default:
            let failure = try await requests.refusal(response)
            if [401, 403].contains(response.status), redirects > 0,
                response.headers["X-Error-Code"] == nil
            {
                throw Expired(failure: failure)
            }
            throw failure
        }
        if let coding = response.headers["Content-Encoding"], coding.lowercased() != "identity" {
            throw HubError.unexpected(
                what: "what \(response.url.host() ?? HubRequests.service) sends of \(file.path)",
                why: "it is compressed")
        }
        for try await piece in response.body {
            try partial.append(piece)
            await progress.set(file, to: partial.count, received: piece.count)
        }
        // A stream ends without an error when its task is cancelled.
        try Task.checkCancellation()
    }

    private func cut(_ response: HTTPResponse, _ why: String) -> HTTPError {
        .cut(host: response.url.host() ?? HubRequests.service, why: why)
    }

    /// The first byte of `bytes 100-199/200`.
    private static func start(of range: String?) -> Int? {
        range?.wholeMatch(of: /\s*bytes\s+([0-9]+)-.*/).flatMap { Int($0.output.1) }
    }
}
