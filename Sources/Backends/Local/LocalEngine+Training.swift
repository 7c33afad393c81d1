internal import Baking
internal import Foundation
internal import Transformer

extension LocalEngine {
    /// Starts a new adapter, or goes on from a checkpoint.
    func beginTraining(_ configuration: TrainerConfiguration, from checkpoint: URL?) throws {
        let adapter: Adapter
        if let checkpoint {
            let file = try AdapterFile(directory: checkpoint.path, model: decoder.configuration)
            adapter = Adapter(file, for: decoder.configuration, pool: decoder.pool)
        } else {
            let targets = try configuration.targets.map { name in
                guard let target = AdapterTarget(rawValue: name) else {
                    throw BackendError.refused(
                        what: "there is no projection \(name)",
                        remedy: "known are "
                            + AdapterTarget.allCases.map(\.rawValue).joined(separator: ", "))
                }
                return target
            }
            adapter = Adapter(
                AdapterConfiguration(
                    rank: configuration.rank, alpha: configuration.alpha, targets: targets),
                for: decoder.configuration)
            adapter.initialize(seed: configuration.seed)
        }
        let trainer = AdapterTrainer(
            decoder, adapter, loss: configuration.loss.kind,
            settings: AdamW.Settings(decay: configuration.weightDecay),
            heldTokenCount: memory(rank: configuration.rank, targets: configuration.targets)
                .heldTokenCount)
        if let checkpoint {
            try TrainerFile(directory: checkpoint).restore(trainer.optimizer)
        }
        training = Training(configuration: configuration, trainer: trainer)
    }

    /// Refuses what cannot fit into the memory whatever the examples are.
    func prepare(_ configuration: TrainerConfiguration) throws {
        try memory(rank: configuration.rank, targets: configuration.targets).require(longest: 0)
    }

    func endTraining() { training = nil }

    /// One update, cut into parts that fit the memory; the cut changes no bit.
    func step(
        _ batch: [Baking.TrainingExample], learningRate: Double
    ) async throws -> StepResult {
        let configuration = training?.configuration
        let memory = memory(
            rank: configuration?.rank ?? 0, targets: configuration?.targets ?? [])
        try memory.require(longest: batch.map(\.tokenCount).max() ?? 0)
        let examples = try await engineExamples(batch)
        guard let training else { throw BackendError.notTraining }
        let total = examples.reduce(0) { $0 + $1.totalWeight }
        var losses: [ExampleLoss] = []
        do {
            for part in parts(of: batch) {
                losses += try training.trainer.accumulate(
                    Array(examples[part]), totalWeight: total, check: check)
            }
        } catch {
            training.trainer.discard()
            throw error
        }
        let clip = training.configuration.gradientClip
        let norm = training.trainer.update(rate: learningRate, maximumNorm: clip)
        return StepResult(
            kl: losses.reduce(0) { $0 + $1.kls.reduce(0, +) } / total,
            loss: losses.reduce(0) { $0 + $1.losses.reduce(0, +) } / total, gradientNorm: norm,
            tokenCount: Int(total))
    }

    /// The K-plus-rest KL of examples.
    func kl(of examples: [Baking.TrainingExample], adapter choice: AdapterChoice) throws -> KLSum {
        let adapter = try applied(choice)
        var sum = KLSum(total: 0, tokenCount: 0)
        for part in parts(of: examples) {
            let losses = try decoder.losses(
                try examples[part].map { try $0.engineExample(teacherHidden: nil) }, .tail,
                adapter: adapter, check: check)
            for loss in losses {
                sum.total += loss.kls.reduce(0, +)
                sum.tokenCount += loss.kls.count
            }
        }
        return sum
    }

    /// Writes the adapter and what a resumed training needs.
    func saveCheckpoint(to directory: URL, base: String) throws {
        guard let training else { throw BackendError.notTraining }
        try training.trainer.adapter.file(baseModelName: base).write(into: directory.path)
        try TrainerFile(directory: directory).save(training.trainer.optimizer)
    }

    /// Multiply-adds of the linear layers and what the pass holds, from the shapes alone; the speed
    /// is measured on one example.
    func estimate(for batch: [Baking.TrainingExample], rank: Int) async throws -> StepEstimate {
        guard let first = batch.max(by: { $0.tokenCount < $1.tokenCount }) else {
            return StepEstimate(seconds: 0, peakByteCount: 0)
        }
        try beginTraining(
            TrainerConfiguration(
                rank: rank, alpha: Double(rank), targets: AdapterTarget.block.map(\.rawValue),
                loss: .tail, weightDecay: 0, gradientClip: nil, seed: 0), from: nil)
        defer { endTraining() }
        var seconds = Double.infinity
        for _ in 0..<2 {
            let start = ContinuousClock.now
            _ = try await step([first], learningRate: 0)
            seconds = min(seconds, (ContinuousClock.now - start) / .seconds(1))
        }
        let tokenCount = batch.reduce(0) { $0 + $1.tokenCount }
        let memory = memory(rank: rank, targets: AdapterTarget.block.map(\.rawValue))
        return StepEstimate(
            seconds: seconds * Double(tokenCount) / Double(first.tokenCount),
            peakByteCount: memory.peakByteCount(
                tokenCount: tokenCount, longest: first.tokenCount))
    }

    private func engineExamples(
        _ batch: [Baking.TrainingExample]
    ) async throws -> [Transformer.TrainingExample] {
        guard let kind = training?.configuration.loss.kind else { throw BackendError.notTraining }
        for example in batch {
            try requireFit(example.tokenCount, "an example without the prompt")
        }
        if kind.needsTeacherLogits {
            let missing = batch.map(\.rendered).filter { training?.teacherHidden[$0] == nil }
            var states: [RenderedExample: Matrix] = [:]
            try await teacherStates(of: missing) { states[missing[$0]] = $1 }
            training?.teacherHidden.merge(states) { first, _ in first }
        }
        return try batch.map {
            try $0.engineExample(teacherHidden: training?.teacherHidden[$0.rendered])
        }
    }

    /// Neighbours that go through the model together.
    private func parts(of examples: [Baking.TrainingExample]) -> [Range<Int>] {
        let partTokenCount = decoder.partTokenCount(memoryByteCount: memoryByteCount)
        var parts: [Range<Int>] = []
        var start = 0
        var tokenCount = 0
        for (index, example) in examples.enumerated() {
            if index > start, tokenCount + example.tokenCount > partTokenCount {
                parts.append(start..<index)
                start = index
                tokenCount = 0
            }
            tokenCount += example.tokenCount
        }
        if start < examples.count { parts.append(start..<examples.count) }
        return parts
    }

    private func memory(rank: Int, targets: [String]) -> TrainingMemory {
        TrainingMemory(decoder, rank: rank, targets: targets, available: memoryByteCount)
    }
}

extension BackendError {
    static let notTraining = BackendError.refused(what: "nothing is being trained", remedy: nil)
}

extension Baking.LossKind {
    var kind: Transformer.LossKind {
        switch self {
        case .tail: .tail
        case .full: .full
        case .truncated: .truncated
        }
    }
}

extension Baking.TrainingExample {
    /// Tokens of the student's pass.
    var tokenCount: Int { rendered.studentContext.count + rendered.responseTokens.count }

    func engineExample(teacherHidden: Matrix?) throws -> Transformer.TrainingExample {
        Transformer.TrainingExample(
            context: rendered.studentContext, response: rendered.responseTokens,
            topKRows: try TopKRows(rows), teacherHidden: teacherHidden)
    }
}
