internal import Baking
internal import Foundation
internal import Transformer

/// The teacher's rows, from the scores of a prompt's own tokens.
struct TinkerScoring: Sendable {
    let context: TinkerContext
    private let samplers: TinkerSamplers

    init(_ context: TinkerContext, _ samplers: TinkerSamplers) {
        self.context = context
        self.samplers = samplers
    }

    /// Whether rows are the response's own tokens and the rest, for want of the likeliest ones.
    private func usesResponseTokens(_ probe: TinkerProbe) -> Bool {
        !probe.hasTopK.isYes && context.options.allowsResponseTokenRows
    }

    /// Tokens that a row of `topK` really names.
    func realTopK(_ topK: Int, _ probe: TinkerProbe) -> Int { usesResponseTokens(probe) ? 1 : topK }

    /// Refuses rows that the server cannot give.
    func requireRows(of topK: Int, _ probe: TinkerProbe) throws(BackendError) {
        guard topK <= context.vocabularySize else {
            throw .refused(
                what:
                    "\(topK) tokens a position are more than the \(context.vocabularySize) there are",
                remedy: "choose a smaller top-k")
        }
        if case .no(let reason) = probe.hasTopK {
            guard context.options.allowsResponseTokenRows else {
                throw .refused(
                    what:
                        "\(context.options.serviceName) does not tell the teacher's likeliest tokens"
                        + " (\(reason))",
                    remedy: "use a server that does, or set services."
                        + "\(context.options.serviceName).allow to [response-tokens]: rows of the "
                        + "response's own tokens, which teach much less")
            }
            if case .no(let reason) = probe.hasPromptLogprobs {
                throw .refused(
                    what: "\(context.options.serviceName) does not score prompts (\(reason))",
                    remedy: "use a server that does")
            }
        }
    }

    /// The rows of every example, in any order.
    func rows(
        of examples: [RenderedExample], topK: Int,
        emit: @escaping @Sendable (Int, [TopKRow]) -> Void
    ) async throws {
        let probe = try await context.probe()
        let usesResponseTokens = usesResponseTokens(probe)
        try requireRows(of: topK, probe)
        for example in examples {
            try context.requireFit(
                example.teacherContext.count + example.responseTokens.count,
                "an example with the prompt")
        }
        if examples.isEmpty { return }
        if usesResponseTokens {
            await context.warnOnce(
                "the teacher does not tell its likeliest tokens; rows are the response's own tokens "
                    + "and the rest, which teaches much less")
        }
        let sampler = try await samplers.base()
        try await forEachConcurrently(
            Array(examples.enumerated()), limit: context.options.concurrency
        ) { index, example in
            let sample = try await sampler.sample(
                request(for: example, topK: usesResponseTokens ? nil : topK))
            try Task.checkCancellation()
            emit(
                index,
                try rows(
                    in: sample, of: example, topK: topK, usesResponseTokens: usesResponseTokens))
        }
    }

    /// - Parameter topK: nil for the tokens' own scores alone.
    func request(for example: RenderedExample, topK: Int?) -> TinkerSampleRequest {
        TinkerSampleRequest(
            tokens: example.teacherContext + example.responseTokens, maximumTokenCount: 1,
            temperature: 1, scoresTokens: true, topK: topK,
            lastScored: example.responseTokens.count)
    }

    /// The rows of a response, the last entries of an answer.
    ///
    /// - Throws: ``TinkerError/misaligned(what:why:)`` when the answer is not about these tokens.
    func rows(
        in sample: TinkerSample, of example: RenderedExample, topK: Int,
        usesResponseTokens: Bool = false
    ) throws(TinkerError) -> [TopKRow] {
        let response = example.responseTokens
        if usesResponseTokens {
            let logprobs = try logprobs(in: sample, of: example)
            var rows: [TopKRow] = []
            for (token, logprob) in zip(response, logprobs) {
                rows.append(try row([.init(token: token, logprob: logprob)], topK: topK))
            }
            return rows
        }
        guard !sample.topK.isEmpty else {
            throw .cannot("tell the teacher's likeliest tokens")
        }
        let candidates = try last(sample.topK, of: example, "topk_prompt_logprobs")
        var rows: [TopKRow] = []
        for entry in candidates { rows.append(try row(entry, topK: topK)) }
        if !sample.logprobs.isEmpty {
            let logprobs = try logprobs(in: sample, of: example)
            for (index, row) in rows.enumerated() {
                try requireSamePlace(row, token: response[index], logprob: logprobs[index], index)
            }
        }
        return rows
    }

    /// The log-probabilities of a response's own tokens.
    func logprobs(
        in sample: TinkerSample, of example: RenderedExample
    ) throws(TinkerError) -> [Float] {
        try last(sample.logprobs, of: example, "prompt_logprobs")
    }

    /// The entries of the response's tokens: the last ones, whichever others there are.
    private func last<Entry>(
        _ entries: [Entry?], of example: RenderedExample, _ name: String
    ) throws(TinkerError) -> [Entry] {
        let count = example.responseTokens.count
        let total = example.teacherContext.count + count
        // All tokens, all but the first, or as many as were asked for: the end is the same.
        guard (count...total).contains(entries.count) else {
            throw misaligned(
                "\(name) has \(entries.count) entries for \(total) tokens, of which \(count) are the "
                    + "response")
        }
        let found = entries.suffix(count).compactMap { $0 }
        guard found.count == count else {
            throw misaligned("\(name) lacks entries of the response")
        }
        return found
    }

    /// A row of the likeliest tokens; one that is short is filled up with cells of no mass.
    private func row(
        _ candidates: [TinkerSample.Candidate], topK: Int
    ) throws(TinkerError) -> TopKRow {
        // Some servers add the prompt's own token behind the K.
        let kept = candidates.prefix(topK)
        guard !kept.isEmpty else { throw misaligned("a row has no tokens") }
        guard kept.allSatisfy({ (0..<context.vocabularySize).contains($0.token.index) }) else {
            throw misaligned(
                "a row has a token outside the vocabulary of \(context.vocabularySize)")
        }
        guard Set(kept.map(\.token)).count == kept.count else {
            throw misaligned("a row has a token twice")
        }
        guard kept.allSatisfy(\.logprob.isFinite) else {
            throw misaligned("a row has a log-probability that is no number")
        }
        guard zip(kept, kept.dropFirst()).allSatisfy({ $0.logprob >= $1.logprob }) else {
            throw misaligned("a row is not sorted")
        }
        let mass = kept.reduce(0.0) { $0 + exp(Double($1.logprob)) }
        guard mass <= 1 + 1e-3 else { throw misaligned("a row's probabilities sum to \(mass)") }
        let missing = topK - kept.count
        return TopKRow(
            ids: kept.map(\.token) + Array(repeating: 0, count: missing),
            logprobs: kept.map(\.logprob) + Array(repeating: -.infinity, count: missing),
            tailLogMass: Self.tailLogMass(kept.map(\.logprob)))
    }

    /// Below this a rest is what float32 log-probabilities round to, and says nothing.
    static let smallestTail = 1e-6

    /// log(1 − Σ exp), summed in double; −∞ where the rest is too small to be told from rounding,
    /// which drops the term. A server tells no measured tail.
    static func tailLogMass(_ logprobs: [Float]) -> Float {
        if logprobs.count == 1, let only = logprobs.first {
            let tail = -expm1(Double(only))
            return tail < smallestTail ? -.infinity : Float(log(tail))
        }
        let mass = logprobs.reduce(0.0) { $0 + exp(Double($1)) }
        return 1 - mass < smallestTail ? -.infinity : Float(log1p(-mass))
    }

    /// Both scores of one place must agree on the token that stands there: rows that are shifted
    /// against the tokens do not.
    private func requireSamePlace(
        _ row: TopKRow, token: TokenID, logprob: Float, _ index: Int
    ) throws(TinkerError) {
        // As far apart as bfloat16 may round the two.
        let tolerance = max(0.1, 0.01 * abs(logprob))
        guard logprob.isFinite else { throw misaligned("a token's score is no number") }
        let isThere =
            if let place = row.ids.indices.first(where: {
                row.ids[$0] == token && row.logprobs[$0] > -.infinity
            }) {
                abs(row.logprobs[place] - logprob) <= tolerance
            } else {
                logprob <= (row.logprobs.last { $0 > -.infinity } ?? 0) + tolerance
            }
        guard isThere else {
            throw misaligned(
                "token \(index) of a response is scored otherwise than in its row: the rows are not "
                    + "aligned with the tokens")
        }
    }

    private func misaligned(_ why: String) -> TinkerError {
        .misaligned(what: "the scoring of a prompt", why: why)
    }
}
