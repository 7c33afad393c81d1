internal import Backends
internal import FlyingFox
import Foundation

extension TinkerServer {
    /// Weights that were saved.
    struct Saved {
        var path: String
        var isForSampling: Bool
        /// Where the engine has them.
        var enginePath: String
        var base: String
        var adapter: TinkerAdapter
        var created: Date
        var expires: Date?
    }

    // MARK: Saving

    func submitSave(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["model_id": .string, "seq_id": .integer, "path": .string],
            optional: [
                "overwrite": .flag, "type": .string, "ttl_seconds": .integer,
                "user_metadata": .texts,
            ])
        try fields.checkType("save_weights")
        return try submit(
            fields, body,
            .saveState(
                try name(fields), try lifetime(fields), overwrites: fields.flag("overwrite")))
    }

    func submitSamplerSave(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        var optional: [String: TinkerServerBody.Kind] = [
            "path": .string, "sampling_session_seq_id": .integer, "type": .string,
            "ttl_seconds": .integer, "user_metadata": .texts,
        ]
        if options.knowsNewFields { optional["kind"] = .string }
        let fields = try TinkerServerBody(
            body, required: ["model_id": .string, "seq_id": .integer], optional: optional)
        try fields.checkType("save_weights_for_sampler")
        switch (fields.values["path"], fields.values["sampling_session_seq_id"]?.integer) {
        case (_?, nil):
            return try submit(
                fields, body, .saveSampler(try name(fields), try lifetime(fields)))
        case (nil, let sequence?):
            return try submit(fields, body, .sampler(sequence: sequence))
        default: throw .invalid("either path or sampling_session_seq_id")
        }
    }

    private func name(_ fields: TinkerServerBody) throws(TinkerServerRefusal) -> String {
        let name = fields.string("path")
        let isSafe = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isSafe, (1...255).contains(name.utf8.count) else { throw .invalid("path \(name)") }
        return name
    }

    private func lifetime(_ fields: TinkerServerBody) throws(TinkerServerRefusal) -> Duration? {
        guard let seconds = fields.values["ttl_seconds"]?.integer else { return nil }
        guard (3600...315_360_000).contains(seconds) else {
            throw .invalid("ttl_seconds \(seconds)")
        }
        return .seconds(seconds)
    }

    func saveState(
        _ name: String, _ lifetime: Duration?, overwrites: Bool,
        _ model: any TinkerTrainingModel, _ id: String
    ) async throws -> Outcome {
        let path = "tinker://\(id)/weights/\(name)"
        if let old = checkpoints[path] {
            guard overwrites else {
                throw TinkerServerRefusal(status: 409, detail: "\(path) exists")
            }
            try await engine.deleteCheckpoint(old.enginePath)
        }
        let saved = try await Self.aside {
            try await model.saveState(name, lifetime: lifetime).value
        }
        note(path, isForSampling: false, saved, lifetime, id)
        return .json(["path": .string(path), "type": "save_weights"])
    }

    func saveSampler(
        _ name: String, _ lifetime: Duration?, _ model: any TinkerTrainingModel, _ id: String
    ) async throws -> Outcome {
        let path = "tinker://\(id)/sampler_weights/\(name)"
        guard checkpoints[path] == nil else {
            throw TinkerServerRefusal(status: 409, detail: "\(path) exists")
        }
        let saved = try await Self.aside {
            try await model.saveSampler(name, lifetime: lifetime).value
        }
        note(path, isForSampling: true, saved, lifetime, id)
        return .json(["path": .string(path), "type": "save_weights_for_sampler"])
    }

    private func note(
        _ path: String, isForSampling: Bool, _ enginePath: String, _ lifetime: Duration?,
        _ id: String
    ) {
        guard let slot = slots[id] else { return }
        let now = options.date()
        checkpoints[path] = Saved(
            path: path, isForSampling: isForSampling, enginePath: enginePath, base: slot.base,
            adapter: slot.adapter, created: now,
            expires: lifetime.map { now.addingTimeInterval($0 / .seconds(1)) })
    }

    // MARK: Finding

    /// - Throws: 404 where it was never saved, is deleted or has expired.
    func checkpoint(
        _ path: String, isForSampling: Bool = false
    ) throws(TinkerServerRefusal) -> Saved {
        guard let saved = checkpoints[path], saved.isForSampling == isForSampling,
            saved.expires.map({ $0 > options.date() }) ?? true
        else { throw .missing("checkpoint \(path)") }
        return saved
    }

    /// The checkpoint a path of a request names: `weights/name` or `sampler_weights/name`.
    private func checkpoint(
        _ run: String, _ parts: ArraySlice<String>
    ) throws(TinkerServerRefusal) -> Saved {
        let path = "tinker://\(run)/\(parts.joined(separator: "/"))"
        return try checkpoint(path, isForSampling: parts.first == "sampler_weights")
    }

    /// Paths of the weights that are there, sorted.
    package var checkpointPaths: [String] { checkpoints.keys.sorted() }

    /// The weights of `path` are no longer there, as when their time is over.
    package func expire(_ path: String) { checkpoints[path]?.expires = .distantPast }

    func weightsInfo(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(body, required: ["tinker_path": .string])
        let path = fields.string("tinker_path")
        let saved = try checkpoint(path, isForSampling: path.contains("/sampler_weights/"))
        return Reply(json: [
            "base_model": .string(saved.base), "is_lora": true,
            "lora_rank": .number(Double(saved.adapter.rank)),
            "train_unembed": .flag(saved.adapter.trainsUnembedding),
            "train_mlp": .flag(saved.adapter.trainsFeedForward),
            "train_attn": .flag(saved.adapter.trainsAttention),
        ])
    }

    func list(of run: String?, _ request: FlyingFox.HTTPRequest) -> Reply {
        func parameter(_ name: String) -> Int? {
            request.query.first { $0.name == name }.flatMap { Int($0.value) }
        }
        let all = checkpoints.values.filter { saved in
            (run.map { saved.path.hasPrefix("tinker://\($0)/") } ?? true)
                && (saved.expires.map { $0 > options.date() } ?? true)
        }.sorted { ($0.created, $0.path) < ($1.created, $1.path) }
        let offset = min(max(parameter("offset") ?? 0, 0), all.count)
        let limit = min(max(parameter("limit") ?? 100, 1), 1000)
        let shown = run == nil ? Array(all.dropFirst(offset).prefix(limit)) : all
        let rows = shown.map { saved in
            WireJSON.object([
                "checkpoint_id": .string(
                    saved.path.split(separator: "/").dropFirst(2).joined(separator: "/")),
                "checkpoint_type": saved.isForSampling ? "sampler" : "training",
                "time": .string(saved.created.formatted(.iso8601)),
                "tinker_path": .string(saved.path), "size_bytes": 12345, "public": false,
                "expires_at": saved.expires.map { .string($0.formatted(.iso8601)) } ?? nil,
                "user_metadata": nil,
            ])
        }
        let cursor: WireJSON =
            run == nil
            ? [
                "offset": .number(Double(offset)), "limit": .number(Double(limit)),
                "total_count": .number(Double(all.count)),
            ] : nil
        return Reply(json: ["checkpoints": .array(rows), "cursor": cursor])
    }

    func delete(
        _ run: String, _ parts: ArraySlice<String>
    ) async throws(TinkerServerRefusal) -> Reply {
        let saved = try checkpoint(run, parts)
        checkpoints[saved.path] = nil
        // Nobody can ask for it any more; the engine may keep it.
        try? await engine.deleteCheckpoint(saved.enginePath)
        return Reply(status: 204, body: nil)
    }

    // MARK: Downloading

    func archive(
        of run: String, _ parts: ArraySlice<String>
    ) async throws(TinkerServerRefusal) -> Reply {
        let saved = try checkpoint(run, parts)
        guard saved.isForSampling else { throw .failed("only sampler weights are archived") }
        do {
            let directory = FileManager.default.temporaryDirectory.appending(
                path: "archive-\(UUID().uuidString)", directoryHint: .isDirectory)
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            try await engine.downloadAdapter(saved.enginePath, to: directory)
            var files: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
                files[name] = try Data(contentsOf: directory.appending(path: name))
            }
            // Something that nobody asked for.
            files["checkpoint_complete"] = Data()
            let archive = TarArchive.data(files)
            let token = UUID().uuidString
            archives[token] = options.compressesArchives ? TarArchive.gzip(archive) : archive
            var reply = Reply(status: 302, body: nil)
            reply.headers["Location"] =
                "http://127.0.0.1:\(archivePort)/files/\(token)?signature=abc%2Bdef"
            reply.headers["Expires"] = "Wed, 01 Jan 2200 00:00:00 GMT"
            return reply
        } catch {
            throw TinkerServerRefusal(status: 500, detail: "\(error)", category: "server")
        }
    }

    /// The other origin: it hands out files by their addresses alone.
    func answerArchive(_ request: FlyingFox.HTTPRequest) -> Reply {
        for name in ["X-API-Key", "Authorization"]
        where request.headers[FlyingFox.HTTPHeader(name)] != nil {
            complain("\(name) went to the host of the archives")
        }
        guard let archive = archives[String(request.path.dropFirst("/files/".count))] else {
            return Reply(TinkerServerRefusal.missing(request.path))
        }
        var reply = Reply(status: 200, body: archive)
        reply.headers["Content-Type"] = "application/x-tar"
        return reply
    }
}
