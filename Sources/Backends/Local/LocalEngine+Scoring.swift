internal import Baking
internal import Transformer

extension LocalEngine {
    /// Tokens of one pass; more would only take memory.
    private static let passTokenCount = 2048

    /// The teacher's rows of each example.
    func targets(
        for examples: [RenderedExample], topK: Int, emit: @Sendable (ScoredTarget) -> Void
    ) async throws {
        try requireRows(of: topK)
        try await teacherStates(of: examples) { index, states in
            let rows = decoder.topKRows(states, topK: topK)
            emit(ScoredTarget(index: index, rows: TopKRow.rows(rows)))
        }
    }

    /// Teacher, base and student compared over the whole vocabulary.
    func divergences(
        of examples: [RenderedExample], adapter choice: AdapterChoice,
        emit: @Sendable (Divergence) -> Void
    ) async throws {
        let adapter = try applied(choice)
        try await teacherStates(of: examples) { index, teacher in
            let example = [examples[index].student]
            let base = try decoder.responseStates(example, check: check)[0]
            let baked = try decoder.responseStates(example, adapter: adapter, check: check)[0]
            let found = decoder.divergences(
                teacher: teacher, students: [(base, nil), (baked, adapter)])
            emit(
                Divergence(
                    index: index, base: found[0].kls, baked: found[1].kls,
                    baseAgrees: found[0].agrees, bakedAgrees: found[1].agrees))
        }
    }

    /// The log-probability of every token given those before it, and the likeliest tokens there;
    /// entry i is about token i + 1 of the sequence.
    func score(
        _ sequence: [TokenID], topK: Int, adapter choice: AdapterChoice
    ) throws -> (logprobs: [Double], rows: [TopKRow]) {
        try requireFit(sequence.count, "the sequence")
        try requireRows(of: topK)
        guard let first = sequence.first, sequence.count > 1 else { return ([], []) }
        let adapter = try applied(choice)
        let rest = Array(sequence.dropFirst())
        let states = try decoder.responseStates(
            [ScoredResponse(context: [first], response: rest)], adapter: adapter,
            check: check)[0]
        let logprobs = try decoder.logprobs(of: rest, states, adapter: adapter)
        guard topK > 0 else { return (logprobs, []) }
        let width = min(topK, decoder.configuration.vocabularySize)
        return (
            logprobs, TopKRow.rows(decoder.topKRows(states, topK: width, adapter: adapter))
        )
    }

    /// The teacher's final states at the response of each example, in passes that share what all
    /// teacher contexts begin with.
    func teacherStates(
        of examples: [RenderedExample], _ use: (Int, Matrix) throws -> Void
    ) async throws {
        for example in examples {
            try requireFit(
                example.teacherContext.count + example.responseTokens.count,
                "an example with the prompt")
        }
        let prefixCount = examples.map(\.teacherContext).sharedPrefixCount
        let prefix =
            prefixCount == 0
            ? nil
            : try decoder.prefill(
                [Array(examples[0].teacherContext.prefix(prefixCount))], check: check)[0]
        var next = 0
        while next < examples.count {
            var pass: [Int] = []
            var tokenCount = 0
            while next < examples.count, pass.isEmpty || tokenCount < Self.passTokenCount {
                pass.append(next)
                tokenCount +=
                    examples[next].teacherContext.count - prefixCount
                    + examples[next].responseTokens.count
                next += 1
            }
            let states = try decoder.responseStates(
                pass.map { index in
                    ScoredResponse(
                        after: prefix,
                        context: Array(examples[index].teacherContext.dropFirst(prefixCount)),
                        response: examples[index].responseTokens)
                }, check: check)
            for (index, states) in zip(pass, states) {
                try check()
                try use(index, states)
            }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

extension RenderedExample {
    /// What the student is asked.
    fileprivate var student: ScoredResponse {
        ScoredResponse(context: studentContext, response: responseTokens)
    }
}
