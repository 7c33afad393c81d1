package import Foundation

extension TinkerClient {
    /// The files of an adapter that are fetched; nothing else is.
    static let adapterFiles = ["adapter_config.json", "adapter_model.safetensors"]

    package func downloadAdapter(_ path: String, to directory: URL) async throws {
        let what = "downloading \(path)"
        let address = try TinkerPath(path).address
        do {
            if address.contains("/external_weights/") {
                try await downloadFiles(at: address, to: directory, what: what)
                return
            }
            do {
                try await downloadArchive(at: address, to: directory, what: what)
            } catch let refusal as TinkerRefusal
                where [400, 404, 405, 501].contains(refusal.status)
            {
                // Servers without archives hand out single files, of what was saved for that.
                do {
                    try await downloadExternal(path, to: directory, what: what)
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    throw refusal
                }
            }
        } catch {
            throw await connection.told(error, what: what)
        }
    }

    // MARK: - Archive

    private func downloadArchive(at address: String, to directory: URL, what: String) async throws {
        let archive = directory.appending(path: "archive.partial")
        defer { try? FileManager.default.removeItem(at: archive) }
        try await trying {
            var call = TinkerCall(.get, address + "/archive")
            // The first call builds the archive.
            call.timeouts.firstByte = .seconds(600)
            let answer = try await archiveAnswer(call, what: what)
            if let location = answer.location {
                try await fetch(location, to: archive)
            } else {
                try answer.body.write(to: archive)
            }
        }
        try await Self.unpack(
            archive, to: directory, limit: connection.configuration.downloadByteLimit)
    }

    /// The run is whole without it: nobody waits long for a server that has none.
    private static let archivePolicy = RetryPolicy(
        statuses: Set([408, 429] + Array(500..<600)), attempts: 4)

    /// Where the archive is, or the archive itself.
    private func archiveAnswer(
        _ call: TinkerCall, what: String
    ) async throws -> (location: URL?, body: Data) {
        do {
            let answer = try await connection.attempt(
                call, what: what, policy: Self.archivePolicy,
                limit: connection.configuration.resultByteLimit)
            return (nil, answer.body)
        } catch let refusal as TinkerRefusal {
            guard case .status(let answer) = refusal.failure, (300..<400).contains(answer.status),
                let location = answer.headers["location"]
            else { throw refusal }
            return (try url(location, relativeTo: answer.url), Data())
        }
    }

    @concurrent private static func unpack(
        _ archive: URL, to directory: URL, limit: Int
    ) async throws {
        var unpacker = TinkerArchive(directory: directory, limit: limit)
        do {
            try unpacker.unpack(Data(contentsOf: archive, options: .mappedIfSafe))
        } catch {
            unpacker.remove()
            throw error
        }
    }

    // MARK: - Single files

    /// Has the server save what it gives out as files: with the weights loaded into a model.
    private func downloadExternal(_ path: String, to directory: URL, what: String) async throws {
        let model = try await loaded(path, withOptimizer: false)
        do {
            let name = "download-\(UUID().uuidString.lowercased())"
            let external = try await model.saveExternal(name, lifetime: .seconds(3600)).value
            try await downloadFiles(
                at: try TinkerPath(external).address, to: directory, what: what)
        } catch {
            await model.unload()
            throw error
        }
        await model.unload()
    }

    private func downloadFiles(at address: String, to directory: URL, what: String) async throws {
        let answer = try await connection.call(
            TinkerWire.ExternalAnswer.self,
            TinkerCall(.get, address + "/external_weights_urls"), what: what)
        for name in Self.adapterFiles {
            guard let location = answer.urls[name] else {
                throw TinkerError.misaligned(what: what, why: "\(name) is missing")
            }
            guard let base = URL(string: connection.configuration.base) else { continue }
            let url = try url(location, relativeTo: base)
            let file = directory.appending(path: name)
            do {
                try await trying { try await fetch(url, to: file) }
            } catch {
                try? FileManager.default.removeItem(at: file)
                throw error
            }
        }
    }

    // MARK: - Transfer

    private func url(_ location: String, relativeTo base: URL) throws(TinkerError) -> URL {
        guard let url = URL(string: location, relativeTo: base)?.absoluteURL,
            let scheme = url.scheme?.lowercased(), url.host() != nil,
            scheme == "https" || scheme == "http" && base.scheme?.lowercased() == "http"
        else {
            throw .failed(what: "a download", why: "the server names no address that can be used")
        }
        return url
    }

    /// Begins again when a transfer breaks off.
    private func trying(_ attempt: () async throws -> Void) async throws {
        let policy = RetryPolicy(statuses: Set([408, 429] + Array(500..<600)), attempts: 4)
        try await connection.caller.retried(policy, attempt: attempt)
    }

    /// Writes what is at `url` into a file. The address is signed, so no key goes there.
    private func fetch(_ url: URL, to file: URL) async throws {
        let request = HTTPRequest(
            .get, url, headers: ["User-Agent": connection.configuration.product],
            timeouts: HTTPTimeouts(firstByte: .seconds(600)), redirects: .followed(limit: 5))
        let response = try await connection.caller.transport.send(request)
        guard (200..<300).contains(response.status) else {
            throw HTTPFailure.status(try await response.collected(limit: 64 << 10))
        }
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw TinkerError.failed(what: "a download", why: "\(file.path) cannot be written")
        }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        var count = 0
        for try await piece in response.body {
            count += piece.count
            guard count <= connection.configuration.downloadByteLimit else {
                throw HTTPError.tooLarge(
                    limit: connection.configuration.downloadByteLimit, host: url.host() ?? "")
            }
            try handle.write(contentsOf: piece)
        }
        // A stream ends without an error when its task is cancelled.
        try Task.checkCancellation()
    }
}
