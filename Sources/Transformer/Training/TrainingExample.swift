/// A response with what came before it for the student, and what the teacher thought of each
/// token.
package struct TrainingExample {
    /// What the student sees before the response; not empty.
    package var context: [TokenID]
    /// The tokens both sides predict, the end of turn included if there was one; not empty.
    package var response: [TokenID]
    /// One row for each response token; needed by the losses that look at the top K, and for the
    /// `kl` beside any loss.
    package var topKRows: TopKRows?
    /// The teacher's final hidden states `[m, D]`, row t the one that predicts response token t;
    /// needed by the losses over all tokens. Logits are made from them anew each time.
    package var teacherHidden: Matrix?
    /// How much each response token counts; nil for 1 each.
    package var weights: [Float]?

    package init(
        context: [TokenID], response: [TokenID], topKRows: TopKRows? = nil,
        teacherHidden: Matrix? = nil, weights: [Float]? = nil
    ) {
        precondition(!context.isEmpty && !response.isEmpty)
        precondition((topKRows?.count ?? response.count) == response.count)
        precondition((teacherHidden?.rowCount ?? response.count) == response.count)
        precondition((weights?.count ?? response.count) == response.count)
        self.context = context
        self.response = response
        self.topKRows = topKRows
        self.teacherHidden = teacherHidden
        self.weights = weights
    }

    /// Σ weights.
    package var totalWeight: Double {
        weights?.reduce(0) { $0 + Double($1) } ?? Double(response.count)
    }

    /// The states that predict the response, the first one the last of the context. The response's
    /// last token is not read: nothing follows it.
    package var input: DecoderInput {
        DecoderInput(
            context + response.dropLast(),
            wanted: context.count - 1..<context.count + response.count - 1)
    }
}

/// Figures of one example's response tokens, in order.
package struct ExampleLoss: Equatable, Sendable {
    /// The loss trained on, unweighted.
    package var losses: [Double]
    /// The `tail` loss, whatever was trained on; NaN without top rows.
    package var kls: [Double]
}

/// The targets of a batch as flat arrays, one row for each wanted state.
struct LossTargets {
    private(set) var topK = 0
    private(set) var ids: [Int32] = []
    private(set) var logprobs: [Float] = []
    private(set) var tailLogMasses: [Float] = []
    private(set) var tokens: [Int32] = []
    private(set) var weights: [Float] = []

    var count: Int { tokens.count }

    /// - Parameter totalWeight: Of the whole batch that this may be a part of; weights are divided
    ///   by it.
    /// - Throws: ``DecoderError`` when a target is outside the vocabulary.
    init(
        _ examples: [TrainingExample], totalWeight: Double, vocabularySize: Int
    ) throws(DecoderError) {
        topK = examples.first?.topKRows?.topK ?? 0
        for example in examples {
            precondition((example.topKRows?.topK ?? 0) == topK, "one K for all")
            if let rows = example.topKRows {
                ids += rows.ids.map(\.rawValue)
                logprobs += rows.logprobs
                tailLogMasses += rows.tailLogMasses
            }
            tokens += example.response.map(\.rawValue)
            weights += (example.weights ?? example.response.map { _ in 1 }).map {
                Float(Double($0) / totalWeight)
            }
        }
        for id in [ids, tokens].joined() where id < 0 || id >= vocabularySize {
            throw .unknownToken(TokenID(rawValue: id), vocabularySize: vocabularySize)
        }
    }
}
