internal import Backends
import Foundation

extension TinkerServer {
    /// A model in training and its requests.
    struct Slot {
        var session: String
        var base: String
        var adapter: TinkerAdapter
        /// nil until it is made.
        var model: (any TinkerTrainingModel)?
        /// The number that runs next.
        var next = 1
        var waiting: [(seq: Int, future: String, work: Work)] = []
        var isRunning = false
    }

    struct SamplerSlot {
        var session: String
        var base: String?
        var path: String?
        var sampler: any TinkerSampler
    }

    /// What a model does at the turn of a request.
    enum Work: Sendable {
        case pass([TinkerDatum], isTraining: Bool)
        case step(TinkerAdam)
        case saveState(String, Duration?, overwrites: Bool)
        case saveSampler(String, Duration?)
        case sampler(sequence: Int)
        case load(String, withOptimizer: Bool)
        /// Found out before its turn.
        case failure(TinkerServerRefusal)

        var name: String {
            switch self {
            case .pass(_, let isTraining): isTraining ? "forward_backward" : "forward"
            case .step: "optim_step"
            case .saveState: "save_weights"
            case .saveSampler, .sampler: "save_weights_for_sampler"
            case .load: "load_weights"
            case .failure: "failure"
            }
        }
    }

    func createModel(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        var optional: [String: TinkerServerBody.Kind] = ["user_metadata": .texts, "type": .string]
        if options.knowsNewFields { optional["optimizer_config"] = .object }
        let fields = try TinkerServerBody(
            body,
            required: [
                "session_id": .string, "model_seq_id": .integer, "base_model": .string,
                "lora_config": .object,
            ], optional: optional)
        try fields.checkType("create_model")
        let session = fields.string("session_id")
        try checkSession(session)
        let number = fields.integer("model_seq_id")
        let identity = "create_model \(session) \(number)"
        if let reply = repeated(identity, body) { return reply }
        let lora = try TinkerServerBody(
            fields.values["lora_config"] ?? nil, "lora_config", required: ["rank": .integer],
            optional: [
                "seed": .integer, "train_unembed": .flag, "train_mlp": .flag, "train_attn": .flag,
            ])
        let rank = lora.integer("rank")
        guard rank > 0, rank & (rank - 1) == 0 else { throw .invalid("rank \(rank)") }
        let adapter = TinkerAdapter(
            rank: rank, seed: lora.values["seed"]?.integer,
            trainsUnembedding: lora.values["train_unembed"]?.flag ?? true,
            trainsFeedForward: lora.values["train_mlp"]?.flag ?? true,
            trainsAttention: lora.values["train_attn"]?.flag ?? true)
        guard adapter.trainsUnembedding || adapter.trainsFeedForward || adapter.trainsAttention
        else { throw .invalid("nothing to train") }
        let base = fields.string("base_model")
        guard base == options.model else { throw .missing("model \(base)") }
        let id = try newModel(session, number, base, adapter)
        let engine = engine
        let future = startFuture("create_model") {
            try await engine.makeModel(base, adapter)
        } then: { server, model in
            server.slots[id]?.model = model
            return .json(["model_id": .string(id), "type": "create_model"])
        }
        return accept(identity, body, ["request_id": .string(future), "model_id": .string(id)])
    }

    private func newModel(
        _ session: String, _ number: Int, _ base: String, _ adapter: TinkerAdapter
    ) throws(TinkerServerRefusal) -> String {
        let id = "\(session):train:\(number)"
        guard slots[id] == nil else {
            throw TinkerServerRefusal(status: 409, detail: "model_seq_id \(number) is taken")
        }
        slots[id] = Slot(session: session, base: base, adapter: adapter)
        return id
    }

    func info(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["model_id": .string], optional: ["type": .string])
        try fields.checkType("get_info")
        let id = fields.string("model_id")
        guard let slot = slots[id] else { throw .missing("model \(id)") }
        return Reply(json: [
            "type": "get_info", "model_id": .string(id), "is_lora": true,
            "lora_rank": .number(Double(slot.adapter.rank)), "model_name": .string(slot.base),
            "model_data": [
                "arch": nil, "model_name": .string(slot.base),
                "tokenizer_id": options.tokenizer.map { .string($0) } ?? nil,
            ],
        ])
    }

    func unload(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["model_id": .string], optional: ["type": .string])
        try fields.checkType("unload_model")
        let id = fields.string("model_id")
        guard let slot = slots[id] else { throw .missing("model \(id)") }
        slots[id] = nil
        if options.forgetsUnloaded {
            checkpoints = checkpoints.filter { !$0.key.hasPrefix("tinker://\(id)/") }
        }
        let future = startFuture("unload_model") {
            await slot.model?.unload()
        } then: { _, _ in
            .json(["model_id": .string(id)])
        }
        return accept("unload_model \(id)", body, ["request_id": .string(future)])
    }

    // MARK: Loading

    func submitLoad(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        if options.loadsBySession,
            let whole = try? JSONDecoder().decode(WireJSON.self, from: body),
            whole["model_seq_id"] != nil
        {
            return try loadBySession(body)
        }
        let fields = try TinkerServerBody(
            body,
            required: [
                "model_id": .string, "seq_id": .integer, "path": .string, "optimizer": .flag,
            ],
            optional: ["type": .string])
        try fields.checkType("load_weights")
        return try submit(
            fields, body,
            .load(fields.string("path"), withOptimizer: fields.flag("optimizer")))
    }

    private func loadBySession(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body,
            required: [
                "session_id": .string, "model_seq_id": .integer, "path": .string,
                "optimizer": .flag,
            ], optional: ["type": .string, "weights_access_token": .string])
        try fields.checkType("load_weights")
        let session = fields.string("session_id")
        try checkSession(session)
        let number = fields.integer("model_seq_id")
        let identity = "load_weights \(session) \(number)"
        if let reply = repeated(identity, body) { return reply }
        let path = fields.string("path")
        let saved = try checkpoint(path)
        let id = try newModel(session, number, saved.base, saved.adapter)
        let engine = engine
        let withOptimizer = fields.flag("optimizer")
        let future = startFuture("load_weights") {
            try await engine.loadModel(from: saved.enginePath, withOptimizer: withOptimizer)
        } then: { server, model in
            server.slots[id]?.model = model
            return .json([
                "path": .string(path), "model_id": .string(id), "type": "load_weights",
            ])
        }
        return accept(identity, body, ["request_id": .string(future), "model_id": .string(id)])
    }

    // MARK: Samplers

    func createSampler(_ body: Data) async throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["session_id": .string, "sampling_session_seq_id": .integer],
            optional: ["base_model": .string, "model_path": .string, "type": .string])
        try fields.checkType("create_sampling_session")
        let session = fields.string("session_id")
        try checkSession(session)
        let identity =
            "create_sampling_session \(session) \(fields.integer("sampling_session_seq_id"))"
        if var reply = repeated(identity, body) {
            reply.status = 200
            return reply
        }
        let base = fields.values["base_model"]?.string
        let path = fields.values["model_path"]?.string
        let source: TinkerSamplerSource
        switch (base, path) {
        case (let base?, nil):
            guard base == options.model else { throw .missing("model \(base)") }
            source = .base(base)
        case (nil, let path?): source = .path(try checkpoint(path, isForSampling: true).enginePath)
        default: throw .invalid("exactly one of base_model and model_path")
        }
        let id = "\(session):sample:\(fields.integer("sampling_session_seq_id"))"
        guard samplers[id] == nil else {
            throw TinkerServerRefusal(status: 409, detail: "sampling_session_seq_id is taken")
        }
        do {
            let sampler = try await engine.makeSampler(source)
            samplers[id] = SamplerSlot(session: session, base: base, path: path, sampler: sampler)
        } catch {
            throw TinkerServerRefusal(status: 500, detail: "\(error)", category: "server")
        }
        _ = accept(
            identity, body,
            ["type": "create_sampling_session", "sampling_session_id": .string(id)])
        return Reply(json: [
            "type": "create_sampling_session", "sampling_session_id": .string(id),
        ])
    }

    func sampler(_ id: String) throws(TinkerServerRefusal) -> Reply {
        guard let slot = samplers[id] else { throw .missing("sampler \(id)") }
        return Reply(json: [
            "sampler_id": .string(id), "base_model": slot.base.map { .string($0) } ?? nil,
            "model_path": slot.path.map { .string($0) } ?? nil,
        ])
    }
}
