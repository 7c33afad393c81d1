internal import Baking
internal import Transformer

/// The requests of one adapter. What all contexts begin with is computed once, and so is each
/// context that several requests share. A step that throws can be made again.
final class RequestQueue {
    private let requests: [Baking.GenerationRequest]
    private let decoder: Transformer.Decoder
    private let adapter: AppliedAdapter?
    /// Of weights in training.
    private let trainedSteps: Int?
    private let capacity: Int
    private let batch: BatchGenerator
    private let prefix: KVCache?
    private let prefixCount: Int
    /// Requests of one context each, waiting.
    private var groups: ArraySlice<[Int]>

    init(
        _ requests: [Baking.GenerationRequest], _ indices: [Int], decoder: Transformer.Decoder,
        weights: (adapter: AppliedAdapter?, step: Int?), capacity: Int, check: () throws -> Void
    ) throws {
        self.requests = requests
        self.decoder = decoder
        adapter = weights.adapter
        trainedSteps = weights.step
        self.capacity = capacity
        batch = BatchGenerator(decoder, adapter: weights.adapter, capacity: capacity)
        prefixCount = indices.map { requests[$0].context }.sharedPrefixCount
        prefix =
            prefixCount == 0
            ? nil
            : try decoder.prefill(
                [Array(requests[indices[0]].context.prefix(prefixCount))], adapter: adapter,
                check: check)[0]
        groups =
            Dictionary(grouping: indices) { requests[$0].context }.values
            .sorted { $0[0] < $1[0] }[...]
    }

    var isIdle: Bool { batch.isIdle && groups.isEmpty }

    func step(
        check: () throws -> Void, emit: (Baking.GenerationEvent) -> Void
    ) throws {
        try submit(check: check, emit: emit)
        for event in try batch.step(check: check) {
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
    private func submit(
        check: () throws -> Void, emit: (Baking.GenerationEvent) -> Void
    ) throws {
        var groups = groups
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
                check: check)
        self.groups = groups
        var cacheOfFirst: [Int: KVCache] = [:]
        for (group, cache) in zip(shared, caches) { cacheOfFirst[group[0]] = cache }
        for group in chosen {
            let cache = cacheOfFirst[group[0]]
            for index in group {
                let request = requests[index]
                emit(.began(id: request.id, step: trainedSteps))
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
