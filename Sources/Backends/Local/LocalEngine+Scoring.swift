internal import Baking
internal import Transformer

extension LocalEngine {
    /// Tokens of one pass; more would only take memory.
    private static let passTokenCount = 2048

    /// The teacher's rows of each example.
    func targets(
        for examples: [RenderedExample], topK: Int, emit: @Sendable (ScoredTarget) -> Void
    ) async throws {
        try await teacherStates(of: examples) { index, hidden in
            var rows = TopKRows(topK: topK)
            for chunk in Self.chunks(of: hidden) {
                rows.append(
                    TopKRows(
                        of: decoder.logits(hidden, rows: chunk), topK: topK, pool: decoder.pool))
            }
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
            let input = examples[index].studentInput
            let base = try decoder.hidden([input], check: Self.check)
            let baked = try decoder.hidden([input], adapter: adapter, check: Self.check)
            var divergence = Divergence(
                index: index, base: [], baked: [], baseAgrees: [], bakedAgrees: [])
            for chunk in Self.chunks(of: teacher) {
                let teacher = decoder.logits(teacher, rows: chunk)
                let baseRows = teacher.divergence(
                    to: decoder.logits(base, rows: chunk), pool: decoder.pool)
                let bakedRows = teacher.divergence(
                    to: decoder.logits(baked, rows: chunk, adapter: adapter), pool: decoder.pool)
                divergence.base += baseRows.kl
                divergence.baked += bakedRows.kl
                divergence.baseAgrees += baseRows.agrees
                divergence.bakedAgrees += bakedRows.agrees
            }
            emit(divergence)
        }
    }

    /// The log-probability of every token given those before it, and the likeliest tokens there;
    /// entry i is about token i + 1 of the sequence.
    func score(
        _ sequence: [TokenID], topK: Int, adapter choice: AdapterChoice
    ) throws -> (logprobs: [Float], rows: [TopKRow]) {
        try requireFit(sequence.count, "the sequence")
        guard sequence.count > 1 else { return ([], []) }
        let adapter = try applied(choice)
        let hidden = try decoder.hidden(
            [DecoderInput(Array(sequence.dropLast()), wanted: 0..<sequence.count - 1)],
            adapter: adapter, check: Self.check)
        var logprobs: [Float] = []
        var rows = TopKRows(topK: max(topK, 1))
        for chunk in Self.chunks(of: hidden) {
            let logits = decoder.logits(hidden, rows: chunk, adapter: adapter)
            rows.append(TopKRows(of: logits, topK: max(topK, 1), pool: decoder.pool))
            logprobs += logits.logprobs(
                of: chunk.map { sequence[$0 + 1] }, pool: decoder.pool)
        }
        return (logprobs, topK > 0 ? TopKRow.rows(rows) : [])
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
                [Array(examples[0].teacherContext.prefix(prefixCount))], check: Self.check)[0]
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
            let inputs = pass.map { index in
                let example = examples[index]
                let context = example.teacherContext.dropFirst(prefixCount)
                return DecoderInput(
                    context + example.responseTokens.dropLast(), cache: prefix?.fork(),
                    wanted: context.count - 1..<context.count + example.responseTokens.count - 1)
            }
            let states = try decoder.hidden(inputs, check: Self.check)
            var row = 0
            for index in pass {
                let count = examples[index].responseTokens.count
                let hidden = Matrix(rowCount: count, columnCount: states.columnCount)
                for offset in 0..<count {
                    _ = hidden[offset].update(from: states[row + offset])
                }
                row += count
                try use(index, hidden)
                try Task.checkCancellation()
            }
            await Task.yield()
        }
    }

    private static func chunks(of rows: Matrix) -> [Range<Int>] {
        stride(from: 0, to: rows.rowCount, by: 128).map {
            $0..<min($0 + 128, rows.rowCount)
        }
    }
}

extension RenderedExample {
    /// The student's pass: the states that predict the response.
    var studentInput: DecoderInput {
        DecoderInput(
            studentContext + responseTokens.dropLast(),
            wanted: studentContext.count - 1..<studentContext.count + responseTokens.count - 1)
    }
}
