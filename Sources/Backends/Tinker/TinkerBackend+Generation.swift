package import Baking
package import Transformer

extension TinkerBackend: ResponseGenerator {
    /// Several requests in flight. Tokens come when a response is complete: the server does not
    /// stream.
    package func generate(
        _ requests: [Baking.GenerationRequest]
    ) -> AsyncThrowingStream<Baking.GenerationEvent, any Error> {
        AsyncThrowingStream { emit in
            for request in requests {
                try scoring.context.requireFit(
                    request.context.count + 1, "the conversation \(request.id)")
            }
            try await forEachConcurrently(requests, limit: options.concurrency) { request in
                try await answer(request, emit: emit)
            }
        }
    }

    private func answer(
        _ request: Baking.GenerationRequest, emit: @Sendable (Baking.GenerationEvent) -> Void
    ) async throws {
        let (sampler, step) = try await trainer.sampler(for: request.adapter, samplers)
        emit(.began(id: request.id, step: step))
        let room = scoring.context.contextLength - request.context.count
        let limit = min(request.maximumTokenCount, room)
        do {
            let sample = try await sampler.sample(
                TinkerSampleRequest(
                    tokens: request.context, maximumTokenCount: limit,
                    temperature: request.temperature, seed: Int(seed: request.seed),
                    stopTokens: request.stopTokens))
            try Task.checkCancellation()
            let stop = try stopReason(of: sample, limit: limit, stopTokens: request.stopTokens)
            for token in sample.tokens { emit(.token(id: request.id, token: token)) }
            emit(
                .finished(
                    GeneratedResponse(id: request.id, tokens: sample.tokens, stop: stop)))
        } catch let error as TinkerError {
            switch error {
            // Of this request; the others go on.
            case .failed, .misaligned: emit(.failed(id: request.id, reason: error.description))
            case .unreachable, .unauthorized, .cannot, .streamBroken: throw error
            }
        }
    }

    /// Why the response ended, by its tokens: what the server calls a stop must be one.
    private func stopReason(
        of sample: TinkerSample, limit: Int, stopTokens: [TokenID]
    ) throws(TinkerError) -> StopReason {
        func misaligned(_ why: String) -> TinkerError { .misaligned(what: "a sample", why: why) }
        guard let last = sample.tokens.last else { throw misaligned("it has no tokens") }
        guard sample.tokens.count <= limit else {
            throw misaligned("\(sample.tokens.count) tokens where at most \(limit) were asked for")
        }
        let size = model.vocabularySize
        if let stranger = sample.tokens.first(where: { !(0..<size).contains($0.index) }) {
            throw misaligned("token \(stranger) is outside the vocabulary of \(size)")
        }
        guard !sample.tokens.dropLast().contains(where: stopTokens.contains) else {
            throw misaligned("it goes on behind a stop token")
        }
        if stopTokens.contains(last) { return .end }
        guard !sample.endedByStop else {
            throw misaligned("it ended by a stop token that is not among its tokens")
        }
        return .length
    }
}

extension TinkerBackend {
    /// The log-probability of every token of a sequence given those before it, and the `topK`
    /// likeliest tokens at each place; entry i is about token i + 1.
    package func score(
        _ sequence: [TokenID], topK: Int, adapter: AdapterChoice
    ) async throws -> (logprobs: [Double], rows: [TopKRow]) {
        try scoring.context.requireFit(sequence.count, "the sequence")
        if topK > 0 { try scoring.requireRows(of: topK, try await scoring.context.probe()) }
        guard let first = sequence.first, sequence.count > 1 else { return ([], []) }
        let example = RenderedExample(
            teacherContext: [first], studentContext: [first],
            responseTokens: Array(sequence.dropFirst()))
        let sampler = try await trainer.sampler(for: adapter, samplers).0
        let sample = try await sampler.sample(
            scoring.request(for: example, topK: topK > 0 ? topK : nil))
        let logprobs = try scoring.logprobs(in: sample, of: example)
        guard logprobs.allSatisfy({ !$0.isNaN }) else {
            throw TinkerError.misaligned(
                what: "the scoring of a prompt", why: "a token's score is no number")
        }
        return (
            logprobs.map(Double.init),
            topK > 0 ? try scoring.rows(in: sample, of: example, topK: topK) : []
        )
    }
}

extension Int {
    /// A seed as every server takes it: 31 bits, in which all 64 count.
    init(seed: UInt64) {
        self = Int((seed ^ (seed >> 32)) & 0x7FFF_FFFF)
    }
}

/// Runs `work` on every item, at most `limit` at once; the first error cancels the others.
func forEachConcurrently<Item: Sendable>(
    _ items: [Item], limit: Int,
    _ work: @escaping @Sendable (Item) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var rest = items[...]
        func begin() {
            guard let item = rest.popFirst() else { return }
            group.addTask { try await work(item) }
        }
        for _ in 0..<limit { begin() }
        while try await group.next() != nil { begin() }
    }
}
