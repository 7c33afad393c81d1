internal import Baking
internal import Foundation
internal import Transformer

extension LocalEngine {
    /// Samples the requests; between the steps other calls get their turn.
    func generate(
        _ requests: [Baking.GenerationRequest],
        emit: @Sendable (Baking.GenerationEvent) -> Void
    ) async throws {
        let sampling = try sampling(of: requests, check: check)
        while !sampling.isIdle {
            try sampling.step(check: check, emit: emit)
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Prepares the requests, those of one adapter in one batch. Weights in training are those of
    /// now until the last token.
    func sampling(
        of requests: [Baking.GenerationRequest], check: () throws -> Void
    ) throws -> Sampling {
        for request in requests {
            try requireFit(request.context.count + 1, "the conversation \(request.id)")
            try requireRows(of: request.topK ?? 1)
        }
        let groups = Dictionary(grouping: requests.indices) { requests[$0].adapter }
            .sorted { $0.value[0] < $1.value[0] }
        return Sampling(
            try groups.map { choice, group in
                try RequestQueue(
                    requests, group, decoder: decoder, weights: try held(choice),
                    capacity: capacity(for: requests), check: check)
            })
    }

    /// As ``applied(_:)``, but weights in training no longer change; with the steps they have taken.
    private func held(_ choice: AdapterChoice) throws -> (adapter: AppliedAdapter?, step: Int?) {
        guard case .training = choice else { return (try applied(choice), nil) }
        guard let training else { throw BackendError.notTraining }
        var applied = try applied(choice)
        applied?.adapter = training.trainer.adapter.snapshot(pool: decoder.pool)
        return (applied, training.trainer.optimizer.stepCount)
    }

    /// Sequences continued at once: 64, or as many as keep their keys and values within a quarter
    /// of the machine's memory. No token depends on it.
    private func capacity(for requests: [Baking.GenerationRequest]) -> Int {
        let longest = requests.map { $0.context.count + $0.maximumTokenCount }.max() ?? 1
        let tokens = min(longest, decoder.configuration.maximumPositionCount)
        let room = memoryByteCount / 4
        return max(1, min(64, room / (tokens * decoder.cachedByteCount)))
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
