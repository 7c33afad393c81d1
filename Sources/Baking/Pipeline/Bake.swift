import Foundation

/// Why training stopped.
public enum BakeError: Error, Hashable, CustomStringConvertible {
    /// A number of this step is not finite.
    case diverged(step: Int)
    /// The backend lacks something.
    case cannot(String, model: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .diverged(let step):
            "the bake diverged in step \(step): its numbers are not finite; lower learning-rate"
        case .cannot(let what, let model): "\(model) cannot be \(what) here"
        }
    }
}

/// Trains the adapter: one bake, continued from its newest checkpoint.
struct Bake {
    let run: Run
    let configuration: BakeConfiguration
    let trainer: any StudentTrainer
    let train: [TrainingExample]
    /// On queries that are not trained on.
    let dev: [TrainingExample]
    let emit: @Sendable (BakeEvent.Kind) throws -> Void
    var control: BakeControl?

    private var checkpoints: URL { run.url(.checkpoints) }

    /// Hash of everything the weights of a step depend on, and which rows choose the best.
    var identity: String {
        var fields = configuration
        // These only say how often it is reported and saved.
        (fields.evaluateEvery, fields.checkpointEvery, fields.keepCheckpoints) = (1, 1, 1)
        let rows = [train, dev].map { examples in
            sha256(
                parts: examples.map {
                    sha256(
                        tokens: $0.rendered.teacherContext, $0.rendered.studentContext,
                        $0.rendered.responseTokens, label: "")
                })
        }
        return sha256(parts: [trainer.model.hash, fields.canonicalText] + rows)
    }

    var order: BatchOrder {
        BatchOrder(
            rowCount: train.count, batchSize: configuration.batchSize, seed: configuration.seed)
    }

    var steps: Int { order.stepsPerEpoch * configuration.epochs }

    /// The checkpoints of this very bake, oldest first; removes those of another.
    func usableCheckpoints() async throws -> [Checkpoint] {
        let identity = identity
        var usable: [Checkpoint] = []
        for checkpoint in try Checkpoint.all(in: checkpoints) {
            if checkpoint.training == identity, checkpoint.step <= steps {
                usable.append(checkpoint)
            } else {
                try await remove(checkpoint)
            }
        }
        return usable
    }

    /// Removes a checkpoint wherever it lies.
    private func remove(_ checkpoint: Checkpoint) async throws {
        await trainer.discard(checkpoint.directory)
        try checkpoint.remove()
    }

    /// Trains from the newest usable checkpoint to the last step.
    ///
    /// - Parameter restarted: Told the step when it is not the newest checkpoint's.
    /// - Throws: ``BakeStopped`` when its control says so, after a checkpoint.
    func run(restarted: (Int) throws -> Void) async throws {
        try RunFiles.makeDirectory(checkpoints)
        let identity = identity
        let order = order
        let steps = steps
        let newest = try await begin(restarted: restarted)
        var done = newest?.step ?? 0
        if done == steps { return }
        var saved = done
        var extra = newest.flatMap { isExtra($0) ? $0 : nil }
        /// Writes a checkpoint of what is done, in the place of an extra one before it.
        func save(heldOutKL: Double?) async throws {
            let checkpoint = try await Checkpoint.make(
                step: done, heldOutKL: heldOutKL, training: identity, in: checkpoints
            ) { try await trainer.saveCheckpoint(to: $0, base: trainer.model.name) }
            if let extra { try await remove(extra) }
            extra = isExtra(checkpoint) ? checkpoint : nil
            saved = done
            if extra == nil {
                let surplus = try Checkpoint.surplus(
                    in: checkpoints, keeping: configuration.keepCheckpoints)
                for checkpoint in surplus { try await remove(checkpoint) }
            }
            try emit(.checkpoint(CheckpointWritten(step: done, path: checkpoint.directory.path)))
        }
        let base = dev.isEmpty ? .nan : try await trainer.kl(of: dev, adapter: .none).mean
        if done == 0 { _ = try await evaluate(step: 0, base: base) }
        while done < steps {
            try Task.checkCancellation()
            do {
                try await control?.turn()
            } catch let stopped as BakeStopped {
                if done > saved { try await save(heldOutKL: nil) }
                throw stopped
            }
            let step = done + 1
            let rate =
                configuration.learningRate * (1 - Double(step - 1) / Double(steps))
            let start = ContinuousClock.now
            let result = try await trainer.step(
                order.rows(of: step).map { train[$0] }, learningRate: rate)
            try emit(
                .step(
                    BakeStep(
                        step: step, steps: steps, epoch: order.epoch(of: step), kl: result.kl,
                        loss: result.loss, learningRate: rate,
                        gradientNorm: result.gradientNorm ?? .nan,
                        tokens: result.tokenCount,
                        seconds: (ContinuousClock.now - start) / .seconds(1))))
            guard result.kl.isFinite, result.loss.isFinite,
                result.gradientNorm?.isFinite ?? true
            else {
                throw BakeError.diverged(step: step)
            }
            done = step
            let saves = step % configuration.checkpointEvery == 0 || step == steps
            guard saves || step % configuration.evaluateEvery == 0 else { continue }
            let heldOutKL = try await evaluate(step: step, base: base)
            if saves { try await save(heldOutKL: heldOutKL) }
        }
    }

    /// Whether a checkpoint was written because the job was stopped. It serves to go on from and
    /// goes with the next one, so that the result is that of a bake nobody stopped.
    private func isExtra(_ checkpoint: Checkpoint) -> Bool {
        checkpoint.heldOutKL == nil && checkpoint.step != steps
            && checkpoint.step % configuration.checkpointEvery != 0
    }

    /// Takes up the newest checkpoint that the trainer can read.
    private func begin(restarted: (Int) throws -> Void) async throws -> Checkpoint? {
        let usable = try await usableCheckpoints()
        for checkpoint in usable.reversed() {
            do {
                try await trainer.beginTraining(
                    configuration.trainer, from: checkpoint.directory)
                if checkpoint != usable.last { try restarted(checkpoint.step) }
                return checkpoint
            } catch let error as BackendError {
                guard case .checkpoint = error else { throw error }
                try emit(.warning(Notice("\(error)", remedy: "an earlier one is taken up")))
                try await remove(checkpoint)
            }
        }
        try await trainer.beginTraining(configuration.trainer, from: nil)
        if !usable.isEmpty { try restarted(0) }
        return nil
    }

    private func evaluate(step: Int, base: Double) async throws -> Double? {
        guard !dev.isEmpty else { return nil }
        let kl = try await trainer.kl(of: dev, adapter: .training(strength: 1)).mean
        try emit(
            .evaluation(
                BakeEvaluation(
                    step: step, heldOutKL: kl, baseKL: base, gapClosed: 1 - kl / base)))
        return finite(kl)
    }
}

extension BakeConfiguration {
    /// All settings as one line, the same for equal settings.
    var canonicalText: String {
        Mirror(reflecting: self).children.map { "\($0.label ?? "")=\($0.value)" }
            .joined(separator: "\n")
    }

    /// Names of the fields in which `other` differs.
    func differences(from other: BakeConfiguration) -> [String] {
        zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children).compactMap {
            "\($0.value)" == "\($1.value)" ? nil : $0.label
        }
    }
}
