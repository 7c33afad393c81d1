extension Decoder {
    /// The losses of the examples without any gradient.
    ///
    /// - Parameter adapter: The student; nil for the base model.
    /// - Throws: ``DecoderError``, or what `check` throws.
    package func losses(
        _ examples: [TrainingExample], _ kind: LossKind, adapter: AppliedAdapter?,
        check: () throws -> Void = {}
    ) throws -> [ExampleLoss] {
        let targets = try LossTargets(
            examples, totalWeight: 1, vocabularySize: configuration.vocabularySize)
        let hidden = try hidden(examples.map(\.input), adapter: adapter, check: check)
        return try LossPass(self, examples, targets, kind, adapter).run(hidden, nil, check)
    }

    /// The losses of the examples; adds the gradient of Σ weight · loss / `totalWeight`.
    ///
    /// - Parameters:
    ///   - totalWeight: Of the whole batch that the examples may be a part of.
    ///   - activations: From ``makeActivations()``.
    func addGradient(
        _ examples: [TrainingExample], _ kind: LossKind, totalWeight: Double,
        adapter: AppliedAdapter?, into sinks: GradientSinks, activations: Activations,
        check: () throws -> Void
    ) throws -> [ExampleLoss] {
        let targets = try LossTargets(
            examples, totalWeight: totalWeight, vocabularySize: configuration.vocabularySize)
        let hidden = try forward(
            examples.map(\.input), adapter: adapter, saving: activations, check: check)
        let dHidden = Matrix(rowCount: hidden.rowCount, columnCount: hidden.columnCount)
        let losses = try LossPass(self, examples, targets, kind, adapter).run(
            hidden, (dHidden, sinks), check)
        try backward(dHidden, activations, adapter: adapter, into: sinks, check: check)
        return losses
    }
}

/// Logits and losses, some rows at a time, so that logits never exist for all positions.
private struct LossPass {
    let decoder: Decoder
    let examples: [TrainingExample]
    let targets: LossTargets
    let kind: LossKind
    let adapter: AppliedAdapter?

    init(
        _ decoder: Decoder, _ examples: [TrainingExample], _ targets: LossTargets,
        _ kind: LossKind, _ adapter: AppliedAdapter?
    ) {
        self.decoder = decoder
        self.examples = examples
        self.targets = targets
        self.kind = kind
        self.adapter = adapter
    }

    /// - Parameter gradient: Where the gradient of the hidden states, zero at first, and that of
    ///   the unembedding go; nil for none.
    func run(
        _ hidden: Matrix, _ gradient: (dHidden: Matrix, sinks: GradientSinks)?,
        _ check: () throws -> Void
    ) throws -> [ExampleLoss] {
        let size = decoder.configuration.vocabularySize
        let logits = Matrix(rowCount: 0, columnCount: size)
        let teacherLogits = Matrix(rowCount: 0, columnCount: size)
        let teacher = kind.needsTeacherLogits ? teacherHidden() : nil
        let branch = adapter?.adapter.unembedding
        let branchHidden = Matrix(rowCount: 0, columnCount: branch?.hiddenCount ?? 1)
        var losses: [Double] = []
        var kls: [Double] = []
        for start in stride(from: 0, to: hidden.rowCount, by: Decoder.chunkRowCount) {
            try check()
            let range = start..<min(start + Decoder.chunkRowCount, hidden.rowCount)
            let x = hidden.rows.rows(range)
            decoder.unembed(x, into: logits, hidden: branchHidden, adapter: adapter)
            if let teacher {
                decoder.unembed(
                    teacher.rows.rows(range), into: teacherLogits, hidden: nil, adapter: nil)
            }
            let part = Kernels.klLoss(
                kind, logits: logits.rows, targets: targets, first: start,
                teacherLogits: teacher == nil ? nil : teacherLogits.rows,
                wantsGradient: gradient != nil, pool: decoder.pool)
            losses += part.losses
            kls += part.kls
            guard let gradient else { continue }
            let dx = gradient.dHidden.rows.rows(range)
            decoder.unembedding.multiplyBackward(logits.rows, addingTo: dx, decoder.compute)
            if let adapter, let branch, let sink = gradient.sinks.adapter {
                branch.backward(
                    dy: logits.rows, x: x, hidden: branchHidden, dx: dx, gradient: sink,
                    factor: adapter.factor,
                    dHidden: Matrix(rowCount: 0, columnCount: branch.hiddenCount),
                    decoder.compute)
            }
            if let base = gradient.sinks.base {
                PackedMatrix.addWeightGradient(
                    to: base.unembedding, dy: logits.rows, x: x, decoder.compute)
            }
        }
        var row = 0
        return examples.map { example in
            defer { row += example.response.count }
            let range = row..<row + example.response.count
            return ExampleLoss(losses: Array(losses[range]), kls: Array(kls[range]))
        }
    }

    private func teacherHidden() -> Matrix {
        let matrix = Matrix(
            rowCount: targets.count, columnCount: decoder.configuration.hiddenSize)
        var row = 0
        for example in examples {
            guard let hidden = example.teacherHidden else {
                preconditionFailure("\(kind) needs the teacher's hidden states")
            }
            for index in 0..<hidden.rowCount {
                _ = matrix[row].update(from: hidden[index])
                row += 1
            }
        }
        return matrix
    }
}
