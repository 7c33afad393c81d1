internal import Backends
import Foundation
internal import Transformer

extension TinkerServer {
    func submitSample(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        var optional: [String: TinkerServerBody.Kind] = [
            "prompt_logprobs": .flag, "topk_prompt_logprobs": .integer, "type": .string,
        ]
        if options.knowsNewFields { optional["prompt_logprobs_last_n"] = .integer }
        let fields = try TinkerServerBody(
            body,
            required: [
                "sampling_session_id": .string, "seq_id": .integer, "num_samples": .integer,
                "prompt": .object, "sampling_params": .object,
            ], optional: optional)
        try fields.checkType("sample")
        let id = fields.string("sampling_session_id")
        guard let slot = samplers[id] else { throw .missing("sampling session \(id)") }
        try checkSession(slot.session)
        let identity = "sample \(fields.integer("seq_id")) of \(id)"
        if let reply = repeated(identity, body) { return reply }
        let request = try sampleRequest(fields)
        let count = fields.integer("num_samples")
        guard (1...64).contains(count) else { throw .invalid("num_samples \(count)") }
        let length = request.tokens.count + request.maximumTokenCount
        let fits = length <= options.contextLength
        let future = startFuture("asample") {
            guard fits else {
                throw TinkerServerRefusal.failed("\(length) tokens do not fit the context")
            }
            var samples: [TinkerSample] = []
            for index in 0..<count {
                var request = request
                request.seed = request.seed.map { $0 &+ index }
                samples.append(try await slot.sampler.sample(request))
            }
            return samples
        } then: { _, samples in
            .samples(samples, request)
        }
        var answer: [String: WireJSON] = ["request_id": .string(future)]
        if options.knowsNewFields {
            answer["sample_sequence_ids"] = .array((0..<count).map { .string("\(future)/\($0)") })
        }
        return accept(identity, body, .object(answer))
    }

    private func sampleRequest(
        _ fields: TinkerServerBody
    ) throws(TinkerServerRefusal) -> TinkerSampleRequest {
        let parameters = try TinkerServerBody(
            fields.values["sampling_params"] ?? nil, "sampling_params",
            required: ["max_tokens": .integer],
            optional: [
                "temperature": .number, "top_p": .number, "top_k": .integer, "seed": .integer,
                "stop": .stop,
            ])
        let tokens = try Self.tokens(fields.values["prompt"] ?? nil)
        guard !tokens.isEmpty,
            tokens.allSatisfy({ (0..<options.vocabularySize).contains($0) })
        else { throw .invalid("prompt") }
        guard parameters.integer("max_tokens") >= 1 else { throw .invalid("max_tokens") }
        let seed = parameters.values["seed"]?.integer
        if let seed, Int32(exactly: seed) == nil { complain("seed \(seed) has more than 32 bits") }
        guard (parameters.values["top_p"]?.number ?? 1) == 1,
            (parameters.values["top_k"]?.integer ?? -1) == -1
        else { throw .invalid("this server samples from everything") }
        var stop: [Int] = []
        if let value = parameters.values["stop"] {
            guard let integers = value.integers else { throw .invalid("stop is no token ids") }
            stop = integers
        } else if parameters.integer("max_tokens") > 1 {
            complain("a sample without stop")
        }
        let topK = fields.values["topk_prompt_logprobs"]?.integer
        if let topK, topK < 0 { throw .invalid("topk_prompt_logprobs \(topK)") }
        return TinkerSampleRequest(
            tokens: tokens.map { TokenID($0) }, maximumTokenCount: parameters.integer("max_tokens"),
            temperature: parameters.values["temperature"]?.number ?? 1, seed: seed,
            stopTokens: stop.filter { (0..<options.vocabularySize).contains($0) }
                .map { TokenID($0) },
            scoresTokens: fields.flag("prompt_logprobs"),
            topK: options.hasTopK && topK != 0 ? topK : nil,
            lastScored: fields.values["prompt_logprobs_last_n"]?.integer)
    }
}
