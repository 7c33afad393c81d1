import Foundation

/// `tinker://RUN/FOLDER/NAME`; on some servers without the folder.
struct TinkerPath: Hashable {
    var run: String
    /// What follows the run.
    var checkpoint: String

    /// - Throws: ``TinkerError`` for what is no such path.
    init(_ text: String) throws(TinkerError) {
        let scheme = "tinker://"
        guard text.hasPrefix(scheme), let slash = text.dropFirst(scheme.count).firstIndex(of: "/")
        else {
            throw .failed(what: "a checkpoint", why: "\(text.prefix(80)) is no tinker:// path")
        }
        run = String(text.dropFirst(scheme.count)[..<slash])
        checkpoint = String(text[text.index(after: slash)...])
        _ = try address
    }

    /// Below `/api/v1/`.
    var address: String {
        get throws(TinkerError) {
            "training_runs/\(try TinkerCall.escaped(run))/checkpoints/"
                + (try TinkerCall.escaped(checkpoint))
        }
    }
}

extension TinkerConnection {
    /// Pages that are read at most, so that a server that counts wrongly comes to an end.
    private static let pageLimit = 1000
    private static let pageSize = 100

    func checkpoints(of run: String?) async throws -> [TinkerCheckpoint] {
        let path =
            try run.map { "training_runs/\(try TinkerCall.escaped($0))/checkpoints" }
            ?? "checkpoints"
        var found: [TinkerCheckpoint] = []
        var paths: Set<String> = []
        var count = 0
        for _ in 0..<Self.pageLimit {
            // The first page of a run has no parameters: some servers know none there.
            let query =
                run != nil && count == 0 ? "" : "limit=\(Self.pageSize)&offset=\(count)"
            let answer = try await call(
                TinkerWire.CheckpointsAnswer.self, TinkerCall(.get, path, query: query),
                what: "listing checkpoints")
            let page = answer.checkpoints.compactMap(\.value)
            let new = page.filter { paths.insert($0.tinkerPath).inserted }
            found += new.map(Self.checkpoint)
            count += answer.checkpoints.count
            guard !new.isEmpty, let total = answer.cursor?.value?.totalCount?.value, count < total
            else { break }
        }
        return found
    }

    private static func checkpoint(
        _ answer: TinkerWire.CheckpointsAnswer.Checkpoint
    ) -> TinkerCheckpoint {
        let type = answer.checkpointType?.value
        return TinkerCheckpoint(
            path: answer.tinkerPath,
            isForSampling: type == "sampler"
                || type == nil && answer.tinkerPath.contains("/sampler_weights/"),
            created: answer.time?.value.flatMap(date), byteCount: answer.sizeBytes?.value,
            expires: answer.expiresAt?.value.flatMap(date))
    }

    /// ISO 8601, with or without fractions; without a zone it is UTC.
    static func date(_ text: String) -> Date? {
        let full = Date.ISO8601FormatStyle()
        for style in [full, Date.ISO8601FormatStyle(includingFractionalSeconds: true)] {
            for text in [text, text + "Z"] {
                // What no style reads has no date.
                if let date = try? style.parse(text) { return date }
            }
        }
        return nil
    }
}

extension TinkerClient {
    package func checkpoints(of run: String?) async throws -> [TinkerCheckpoint] {
        try await connection.checkpoints(of: run)
    }

    /// What is gone already counts as deleted.
    package func deleteCheckpoint(_ path: String) async throws {
        let what = "deleting \(path)"
        do {
            _ = try await connection.attempt(
                TinkerCall(.delete, try TinkerPath(path).address), what: what)
        } catch let refusal as TinkerRefusal where [404, 410].contains(refusal.status) {
            return
        } catch {
            throw await connection.told(error, what: what)
        }
    }
}
