/// A response to be scored after its context.
package struct ScoredResponse {
    /// What the context begins with; forked, so that many may name the same one.
    package var cache: KVCache?
    /// Everything after `cache` that comes before the response; not empty.
    package var context: [TokenID]
    /// Not empty.
    package var response: [TokenID]

    package init(after cache: KVCache? = nil, context: [TokenID], response: [TokenID]) {
        precondition(!context.isEmpty && !response.isEmpty)
        self.cache = cache
        self.context = context
        self.response = response
    }

    fileprivate var input: DecoderInput {
        DecoderInput(
            context + response.dropLast(), cache: cache?.fork(),
            wanted: context.count - 1..<context.count + response.count - 1)
    }
}

/// How far a student is from its teacher at each token of a response.
package struct ResponseDivergence: Equatable, Sendable {
    /// KL(teacher ‖ student) over all tokens, in nats.
    package var kls: [Double]
    /// Whether both have the same likeliest token.
    package var agrees: [Bool]
}

extension Decoder {
    /// The final hidden states that predict each token of each response: `[m, D]` each, all that is
    /// needed for any figure below. Keep a teacher's to compare with several students.
    ///
    /// - Throws: ``DecoderError``, or what `check` throws.
    package func responseStates(
        _ responses: [ScoredResponse], adapter: AppliedAdapter? = nil,
        check: () throws -> Void = {}
    ) throws -> [Matrix] {
        let states = try hidden(responses.map(\.input), adapter: adapter, check: check)
        var row = 0
        return responses.map { scored in
            let matrix = Matrix(
                rowCount: scored.response.count, columnCount: states.columnCount)
            for index in 0..<matrix.rowCount {
                _ = matrix[index].update(from: states[row])
                row += 1
            }
            return matrix
        }
    }

    /// The likeliest tokens of each state; the same bits as captured while sampling.
    ///
    /// - Parameter topK: At most the vocabulary's size and 1024.
    package func topKRows(
        _ states: Matrix, topK: Int, adapter: AppliedAdapter? = nil
    ) -> TopKRows {
        var rows = TopKRows(topK: topK)
        forEachChunk(states.rowCount, of: [(states, adapter)]) { _, logits in
            rows.append(TopKRows(of: logits[0], topK: topK, pool: pool))
        }
        return rows
    }

    /// The logprob of one token for each state.
    ///
    /// - Throws: ``DecoderError/unknownToken(_:vocabularySize:)``.
    package func logprobs(
        of tokens: [TokenID], _ states: Matrix, adapter: AppliedAdapter? = nil
    ) throws -> [Double] {
        precondition(tokens.count == states.rowCount)
        let size = configuration.vocabularySize
        for token in tokens where token.index < 0 || token.index >= size {
            throw DecoderError.unknownToken(token, vocabularySize: size)
        }
        var result: [Double] = []
        forEachChunk(states.rowCount, of: [(states, adapter)]) { range, logits in
            result += Kernels.logprobs(
                of: tokens[range].map(\.rawValue), logits: logits[0], pool: pool)
        }
        return result
    }

    /// How far each student is from the teacher, whose logits are made once for all.
    ///
    /// - Parameters:
    ///   - teacher: States of the base model with the prompt.
    ///   - students: States `[m, D]` of the same tokens, and the adapter they were made with.
    package func divergences(
        teacher: Matrix, teacherAdapter: AppliedAdapter? = nil,
        students: [(states: Matrix, adapter: AppliedAdapter?)]
    ) -> [ResponseDivergence] {
        var result = students.map { _ in ResponseDivergence(kls: [], agrees: []) }
        forEachChunk(teacher.rowCount, of: [(teacher, teacherAdapter)] + students) { _, logits in
            for index in students.indices {
                let part = Kernels.fullKL(
                    teacher: logits[0], student: logits[index + 1], pool: pool)
                result[index].kls += part.kls
                result[index].agrees += part.agrees
            }
        }
        return result
    }

    /// Logits of several models at the same rows, some rows at a time.
    private func forEachChunk(
        _ count: Int, of models: [(states: Matrix, adapter: AppliedAdapter?)],
        _ body: (Range<Int>, [Rows]) -> Void
    ) {
        precondition(models.allSatisfy { $0.states.rowCount == count })
        let logits = models.map { _ in
            Matrix(rowCount: 0, columnCount: configuration.vocabularySize)
        }
        for start in stride(from: 0, to: count, by: Self.chunkRowCount) {
            let range = start..<min(start + Self.chunkRowCount, count)
            for (model, matrix) in zip(models, logits) {
                unembed(
                    model.states.rows.rows(range), into: matrix, hidden: nil,
                    adapter: model.adapter)
            }
            body(range, logits.map(\.rows))
        }
    }
}
