package import Backends
import Foundation
import Transformer

extension TinkerEngine {
    /// A sampler of the base model or of saved weights; returns its id.
    package func makeSampler(_ source: TinkerSamplerSource) throws -> String {
        let chosen: Weights?
        switch source {
        case .base(let name):
            guard name == base else {
                throw TinkerError.failed(
                    what: "create_sampling_session", why: "there is no model \(name)")
            }
            chosen = nil
        case .path(let path): chosen = try weights(at: path).weights
        }
        let id = newID("sampler")
        samplers[id] = .some(chosen)
        return id
    }

    /// A sampler of a model's present numbers; returns its id.
    package func makeSampler(ofModel id: String) throws -> String {
        let chosen = try weights(of: id)
        let id = newID("sampler")
        samplers[id] = .some(chosen)
        return id
    }

    /// One response, and the scores of the request's tokens where they are asked for.
    package func sample(_ id: String, _ request: TinkerSampleRequest) throws -> TinkerSample {
        guard let chosen = samplers[id] else {
            throw TinkerError.failed(what: "asample", why: "there is no sampler \(id)")
        }
        let length = request.tokens.count + request.maximumTokenCount
        guard !request.tokens.isEmpty, request.maximumTokenCount >= 1, length <= contextLength,
            request.tokens.allSatisfy({ (0..<vocabularySize).contains($0.index) })
        else {
            throw TinkerError.failed(what: "asample", why: "the prompt or max_tokens is invalid")
        }
        let applied = chosen.map { AppliedAdapter(adapter(of: $0)) }
        var sample = try draw(request, applied)
        if request.scoresTokens || request.topK != nil { try score(request, applied, &sample) }
        return sample
    }

    private func draw(
        _ request: TinkerSampleRequest, _ adapter: AppliedAdapter?
    ) throws -> TinkerSample {
        let batch = BatchGenerator(decoder, adapter: adapter, capacity: 1)
        batch.submit(
            Transformer.GenerationRequest(
                id: 0, context: request.tokens,
                sampling: SamplingSettings(temperature: request.temperature),
                seed: UInt64(bitPattern: Int64(request.seed ?? 0)),
                maximumTokenCount: request.maximumTokenCount,
                stopTokens: Set(request.stopTokens)))
        while true {
            for event in try batch.step() {
                if case .finished(let sequence) = event {
                    return TinkerSample(
                        tokens: sequence.tokens, endedByStop: sequence.stopReason == .end)
                }
            }
        }
    }

    /// Entry i is about token i given those before it; the first has none.
    private func score(
        _ request: TinkerSampleRequest, _ adapter: AppliedAdapter?, _ sample: inout TinkerSample
    ) throws {
        let tokens = request.tokens
        let scored = min(request.lastScored ?? tokens.count, tokens.count)
        let first = max(tokens.count - scored, 1)
        let hasNone = scored == tokens.count
        guard first < tokens.count else {
            sample.logprobs = [nil]
            sample.topK = request.topK == nil ? [] : [nil]
            return
        }
        let states = try decoder.responseStates(
            [ScoredResponse(context: Array(tokens[..<first]), response: Array(tokens[first...]))],
            adapter: adapter)[0]
        if request.scoresTokens {
            let found = try decoder.logprobs(of: Array(tokens[first...]), states, adapter: adapter)
            sample.logprobs = (hasNone ? [nil] : []) + found.map { Float($0) }
        }
        if let topK = request.topK {
            let rows = decoder.topKRows(states, topK: topK, adapter: adapter)
            sample.topK =
                (hasNone ? [nil] : [])
                + (0..<rows.count).map { row in
                    (row * topK..<(row + 1) * topK).map {
                        .init(token: rows.ids[$0], logprob: rows.logprobs[$0])
                    }
                }
        }
    }
}
