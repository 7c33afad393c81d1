internal import Baking
internal import Foundation
internal import Transformer

extension LocalEngine {
    /// Samples the requests, those of one adapter in one batch, the batches in turn.
    func generate(
        _ requests: [Baking.GenerationRequest],
        emit: @Sendable (Baking.GenerationEvent) -> Void
    ) async throws {
        for request in requests {
            try requireFit(request.context.count + 1, "the conversation \(request.id)")
            try requireRows(of: request.topK ?? 1)
        }
        var queues: [RequestQueue] = []
        for (choice, group) in Dictionary(
            grouping: requests.indices, by: { requests[$0].adapter }
        ).sorted(by: { $0.value[0] < $1.value[0] }) {
            queues.append(
                try RequestQueue(
                    requests, group, decoder: decoder, adapter: try held(choice),
                    capacity: capacity(for: requests)))
        }
        while !queues.allSatisfy(\.isIdle) {
            for queue in queues where !queue.isIdle {
                try queue.step(emit: emit)
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    /// As ``applied(_:)``, but weights in training are those of now until the last token.
    private func held(_ choice: AdapterChoice) throws -> AppliedAdapter? {
        guard var applied = try applied(choice) else { return nil }
        if case .training = choice {
            applied.adapter = applied.adapter.snapshot(pool: decoder.pool)
        }
        return applied
    }

    /// Sequences continued at once: 64, or as many as keep their keys and values within a quarter
    /// of the machine's memory. No token depends on it.
    private func capacity(for requests: [Baking.GenerationRequest]) -> Int {
        let longest = requests.map { $0.context.count + $0.maximumTokenCount }.max() ?? 1
        let tokens = min(longest, decoder.configuration.maximumPositionCount)
        let room = Int(ProcessInfo.processInfo.physicalMemory / 4)
        return max(1, min(64, room / (tokens * decoder.cachedByteCount)))
    }
}

/// The requests of one adapter. What all contexts begin with is computed once, and so is each
/// context that several requests share.
private final class RequestQueue {
    private let requests: [Baking.GenerationRequest]
    private let decoder: Transformer.Decoder
    private let adapter: AppliedAdapter?
    private let capacity: Int
    private let batch: BatchGenerator
    private let prefix: KVCache?
    private let prefixCount: Int
    /// Requests of one context each, waiting.
    private var groups: ArraySlice<[Int]>

    init(
        _ requests: [Baking.GenerationRequest], _ indices: [Int], decoder: Transformer.Decoder,
        adapter: AppliedAdapter?, capacity: Int
    ) throws {
        self.requests = requests
        self.decoder = decoder
        self.adapter = adapter
        self.capacity = capacity
        batch = BatchGenerator(decoder, adapter: adapter, capacity: capacity)
        prefixCount = indices.map { requests[$0].context }.sharedPrefixCount
        prefix =
            prefixCount == 0
            ? nil
            : try decoder.prefill(
                [Array(requests[indices[0]].context.prefix(prefixCount))], adapter: adapter,
                check: LocalEngine.check)[0]
        groups =
            Dictionary(grouping: indices) { requests[$0].context }.values
            .sorted { $0[0] < $1[0] }[...]
    }

    var isIdle: Bool { batch.isIdle && groups.isEmpty }

    func step(emit: (Baking.GenerationEvent) -> Void) throws {
        try submit()
        for event in try batch.step(check: LocalEngine.check) {
            switch event {
            case .token(let index, let token):
                emit(.token(id: requests[index].id, token: token))
            case .finished(let sequence):
                emit(
                    .finished(
                        GeneratedResponse(
                            id: requests[sequence.id].id, tokens: sequence.tokens,
                            stop: sequence.stopReason == .end ? .end : .length,
                            rows: sequence.topKRows.map { TopKRow.rows($0) })))
            }
        }
    }

    /// Fills the batch, contexts shared by several requests in one pass.
    private func submit() throws {
        var room = capacity - batch.activeCount - batch.waitingCount
        var chosen: [[Int]] = []
        while room > 0, let group = groups.popFirst() {
            chosen.append(group)
            room -= group.count
        }
        let shared = chosen.filter { $0.count > 1 && body($0[0]).count > 1 }
        let caches =
            shared.isEmpty
            ? []
            : try decoder.prefill(
                shared.map { Array(body($0[0]).dropLast()) }, after: prefix, adapter: adapter,
                check: LocalEngine.check)
        var cacheOfFirst: [Int: KVCache] = [:]
        for (group, cache) in zip(shared, caches) { cacheOfFirst[group[0]] = cache }
        for group in chosen {
            let cache = cacheOfFirst[group[0]]
            for index in group {
                let request = requests[index]
                let limit = decoder.configuration.maximumPositionCount - request.context.count
                batch.submit(
                    Transformer.GenerationRequest(
                        id: index, after: cache ?? prefix,
                        context: cache == nil ? body(index) : [request.context.last ?? 0],
                        sampling: SamplingSettings(temperature: request.temperature),
                        seed: request.seed,
                        maximumTokenCount: min(request.maximumTokenCount, limit),
                        stopTokens: Set(request.stopTokens), capturedTopK: request.topK))
            }
        }
    }

    /// The context after what all share; not empty.
    private func body(_ index: Int) -> [TokenID] {
        Array(requests[index].context.dropFirst(prefixCount))
    }
}

extension TopKRow {
    /// The engine's rows one by one.
    static func rows(_ rows: TopKRows) -> [TopKRow] {
        (0..<rows.count).map { row in
            let flat = row * rows.topK..<(row + 1) * rows.topK
            return TopKRow(
                ids: Array(rows.ids[flat]), logprobs: Array(rows.logprobs[flat]),
                tailLogMass: rows.tailLogMasses[row])
        }
    }
}

extension TopKRows {
    /// The rows of a bake as the engine takes them; all of one K.
    init(_ rows: [TopKRow]) throws {
        try self.init(
            topK: rows.first?.ids.count ?? 1, ids: rows.flatMap(\.ids),
            logprobs: rows.flatMap(\.logprobs), tailLogMasses: rows.map(\.tailLogMass))
    }
}
