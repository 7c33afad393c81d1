internal import Backends
internal import FlyingFox
import Foundation

extension TinkerServer {
    /// The result of a request before it is encoded.
    enum Outcome: Sendable {
        case json(WireJSON)
        case pass(TinkerPassResult, [TinkerDatum])
        case samples([TinkerSample], TinkerSampleRequest)
    }

    /// A request whose result is fetched.
    struct Future {
        var kind: String
        var result: Result<Outcome, TinkerServerRefusal>?
        var pollCount = 0
        var isAnnounced = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    // MARK: Submitting

    func submitStep(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["model_id": .string, "seq_id": .integer, "adam_params": .object],
            optional: ["type": .string])
        try fields.checkType("optim_step")
        var optional: [String: TinkerServerBody.Kind] = [
            "beta1": .number, "beta2": .number, "eps": .number, "weight_decay": .number,
        ]
        optional["grad_clip_norm"] = .number
        let adam = try TinkerServerBody(
            fields.values["adam_params"] ?? nil, "adam_params",
            required: ["learning_rate": .number], optional: optional)
        func value(_ name: String, _ absent: Double) -> Double {
            adam.values[name]?.number ?? absent
        }
        return try submit(
            fields, body,
            .step(
                TinkerAdam(
                    learningRate: adam.number("learning_rate"), beta1: value("beta1", 0.9),
                    beta2: value("beta2", 0.95), epsilon: value("eps", 1e-12),
                    weightDecay: value("weight_decay", 0),
                    gradientClip: value("grad_clip_norm", 0))))
    }

    /// Takes a request with `model_id` and `seq_id`.
    func submit(
        _ fields: TinkerServerBody, _ body: Data, _ work: Work
    ) throws(TinkerServerRefusal) -> Reply {
        try submit(
            model: fields.string("model_id"), seq: fields.integer("seq_id"), body, work)
    }

    func submit(
        model: String, seq: Int, _ body: Data, _ work: Work
    ) throws(TinkerServerRefusal) -> Reply {
        guard let slot = slots[model] else { throw .missing("model \(model)") }
        try checkSession(slot.session)
        guard seq >= 1 else { throw .invalid("seq_id \(seq)") }
        let identity = "request \(seq) of \(model)"
        if let reply = repeated(identity, body) { return reply }
        if options.order == .waits, seq < slot.next {
            throw TinkerServerRefusal(status: 409, detail: "seq_id \(seq) is over")
        }
        let future = newFuture(work.name)
        slots[model]?.waiting.append((seq, future, work))
        runNext(of: model)
        return accept(
            identity, body, ["request_id": .string(future), "model_id": .string(model)])
    }

    /// Runs the request whose turn it is, and those behind it, one at a time.
    private func runNext(of id: String) {
        guard var slot = slots[id], !slot.isRunning else { return }
        let place =
            options.order == .waits
            ? slot.waiting.firstIndex { $0.seq == slot.next } : slot.waiting.indices.first
        guard let place else { return }
        let (seq, future, work) = slot.waiting.remove(at: place)
        guard options.order != .refuses || seq == slot.next else {
            slots[id] = slot
            end(
                future,
                .failure(
                    TinkerServerRefusal(
                        status: 409,
                        detail: "Sequence conflict: expected \(slot.next), got \(seq).")))
            return runNext(of: id)
        }
        slot.isRunning = true
        slots[id] = slot
        Task {
            let result = await self.run(work, seq: seq, of: id)
            self.slots[id]?.isRunning = false
            let next = max(seq + 1, self.slots[id]?.next ?? 1)
            self.slots[id]?.next = next
            self.histories[id, default: []].append("\(seq) \(work.name)")
            self.end(future, result)
            self.runNext(of: id)
        }
    }

    private func run(
        _ work: Work, seq: Int, of id: String
    ) async -> Result<Outcome, TinkerServerRefusal> {
        do {
            guard let slot = slots[id] else {
                throw TinkerServerRefusal(status: 410, detail: "model \(id) is gone")
            }
            guard let model = slot.model else {
                throw TinkerServerRefusal.failed("model \(id) is not made yet")
            }
            switch work {
            case .failure(let refusal): throw refusal
            case .pass(let data, let isTraining):
                let result = try await Self.aside {
                    try await model.pass(data, isTraining: isTraining).value
                }
                return .success(.pass(result, data))
            case .step(let adam):
                let metrics = try await Self.aside { try await model.step(adam).value }
                let shown = options.hasMetrics ? metrics : [:]
                return .success(.json(["metrics": .object(shown.mapValues { .number($0) })]))
            case .saveState(let name, let lifetime, let overwrites):
                return .success(
                    try await saveState(name, lifetime, overwrites: overwrites, model, id))
            case .saveSampler(let name, let lifetime):
                return .success(try await saveSampler(name, lifetime, model, id))
            case .sampler(let sequence):
                let sampler = try await Self.aside { try await model.sampler().value }
                let name = "\(slot.session):sample:\(sequence)"
                samplers[name] = SamplerSlot(session: slot.session, sampler: sampler)
                return .success(
                    .json(["path": nil, "sampling_session_id": .string(name)]))
            case .load(let path, let withOptimizer):
                guard seq == 1 else {
                    throw TinkerServerRefusal.failed("load_weights is not the first request")
                }
                let saved = try checkpoint(path)
                guard saved.adapter.rank == slot.adapter.rank else {
                    throw TinkerServerRefusal.failed("rank \(saved.adapter.rank) was saved")
                }
                let engine = engine
                let loaded = try await Self.aside {
                    try await engine.loadModel(
                        from: saved.enginePath, withOptimizer: withOptimizer)
                }
                slots[id]?.model = loaded
                return .success(.json(["path": .string(path), "type": "load_weights"]))
            }
        } catch let error as TinkerServerRefusal {
            return .failure(error)
        } catch {
            return .failure(
                TinkerServerRefusal(status: 400, detail: "\(error)", category: "server"))
        }
    }

    /// Off the server's actor, which goes on answering.
    @concurrent static func aside<Value: Sendable>(
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await body()
    }

    // MARK: Futures

    func newFuture(_ kind: String) -> String {
        let id = "future-\(futures.count + 1)"
        futures[id] = Future(kind: kind)
        return id
    }

    /// Starts work that has no place in a model's order.
    func startFuture<Value: Sendable>(
        _ kind: String, _ work: @escaping @Sendable () async throws -> Value,
        then: @escaping @Sendable (isolated TinkerServer, Value) -> Outcome
    ) -> String {
        let id = newFuture(kind)
        Task {
            do {
                let value = try await Self.aside(work)
                self.end(id, .success(then(self, value)))
            } catch let error as TinkerServerRefusal {
                self.end(id, .failure(error))
            } catch {
                self.end(
                    id,
                    .failure(
                        TinkerServerRefusal(status: 400, detail: "\(error)", category: "server")))
            }
        }
        return id
    }

    func end(_ id: String, _ result: Result<Outcome, TinkerServerRefusal>) {
        futures[id]?.result = result
        release(id)
    }

    private func release(_ id: String) {
        let waiters = futures[id]?.waiters ?? []
        futures[id]?.waiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when there is a result, or when a poll is not held any longer.
    private func wait(for id: String) async {
        let limit = Task {
            try await Task.sleep(for: options.hold)
            self.release(id)
        }
        await withCheckedContinuation { futures[id]?.waiters.append($0) }
        limit.cancel()
    }

    func retrieve(
        _ request: FlyingFox.HTTPRequest, _ body: Data
    ) async throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["request_id": .string], optional: ["allow_metadata_only": .flag])
        let id = fields.string("request_id")
        guard futures[id] != nil else { throw .missing("future \(id)") }
        futures[id]?.pollCount += 1
        func unready(_ state: String, _ reason: WireJSON) -> Reply {
            Reply(json: [
                "type": "try_again", "request_id": .string(id), "queue_state": .string(state),
                "queue_state_reason": reason,
            ])
        }
        if let count = futures[id]?.pollCount, count <= options.unreadyCount {
            return unready("paused_capacity", "all ovens are in use")
        }
        if futures[id]?.result == nil { await wait(for: id) }
        switch futures[id]?.result {
        case nil: return unready("active", nil)
        case .failure(let refusal):
            guard options.failures == .answers else { throw refusal }
            return Reply(json: [
                "error": .string(refusal.detail), "category": .string(refusal.category),
            ])
        case .success(let outcome):
            let accept = request.headers[FlyingFox.HTTPHeader("Accept")] ?? ""
            let reply = encode(
                outcome, asProtobuf: options.dialects != .json && accept.contains("x-protobuf"))
            if let limit = options.announcesAbove, fields.flag("allow_metadata_only"),
                let size = reply.body?.count, size > limit, futures[id]?.isAnnounced == false
            {
                futures[id]?.isAnnounced = true
                return Reply(json: [
                    "status": "complete_metadata", "response_payload_size": .number(Double(size)),
                ])
            }
            return reply
        }
    }

    // MARK: What happened

    /// How often models did something: "optim_step", "forward_backward" …
    ///
    /// - Parameter model: One of them; nil for all.
    package func count(of work: String, model: String? = nil) -> Int {
        let names = (model.map { histories[$0] ?? [] } ?? histories.values.flatMap(\.self))
        return names.count { $0.hasSuffix(" \(work)") }
    }
}
