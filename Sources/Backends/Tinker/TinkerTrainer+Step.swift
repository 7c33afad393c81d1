internal import Baking
internal import Foundation
internal import Transformer

extension TinkerTrainer {
    /// One update. The pass with the gradient and the step are sent together; the loss `tail` needs
    /// a pass before, since its weights depend on the student.
    func step(
        _ examples: [Baking.TrainingExample], learningRate: Double
    ) async throws -> StepResult {
        let current = try current()
        let batch = try await batch(examples)
        warnOfSplit(batch)
        let model = current.model
        let scale = 1 / Double(max(batch.tokenCount, 1))
        let weights: [[[Double]]]
        var losses: [[TinkerTrainerLoss]]?
        switch current.configuration.loss {
        case .tail, .full:
            let forward = try await model.pass(batch.data(), isTraining: false).value
            let found = batch.losses(try batch.logprobs(in: forward))
            weights = found.map { $0.map { $0.tailWeights.map { scale * $0 } } }
            losses = found
        case .truncated:
            weights = examples.map { $0.rows.map { $0.probabilities.map { scale * $0 } } }
        }
        try Task.checkCancellation()
        let gradient = await model.pass(batch.data(weights: weights), isTraining: true)
        training?.step += 1
        let update = await model.step(adam(current.configuration, rate: learningRate))
        do {
            let found = try await gradient.value
            let metrics = try await update.value
            let after = batch.losses(try batch.logprobs(in: found))
            return result(
                losses ?? after, loss: current.configuration.loss, batch: batch, metrics: metrics)
        } catch {
            // What the model took of the step is not known; its last checkpoint is.
            training?.broken = "step \(current.step + 1) is not known to be whole: \(error)"
            throw error
        }
    }

    /// What ``AdamW`` uses here.
    private func adam(_ configuration: TrainerConfiguration, rate: Double) -> TinkerAdam {
        let local = AdamW.Settings(decay: configuration.weightDecay)
        return TinkerAdam(
            learningRate: rate, beta1: local.beta1, beta2: local.beta2, epsilon: local.epsilon,
            weightDecay: local.decay, gradientClip: configuration.gradientClip ?? 0)
    }

    private func result(
        _ losses: [[TinkerTrainerLoss]], loss: Baking.LossKind, batch: TinkerTrainerBatch,
        metrics: [String: Double]
    ) -> StepResult {
        let count = Double(max(batch.tokenCount, 1))
        let kl = losses.joined().reduce(0) { $0 + $1.kl } / count
        return StepResult(
            kl: kl,
            loss: loss == .truncated
                ? losses.joined().reduce(0) { $0 + $1.truncated } / count : kl,
            gradientNorm: Self.gradientNorm(in: metrics), tokenCount: batch.tokenCount)
    }

    /// The norm as servers call it, with or without a prefix and a suffix: `grad_norm:mean`,
    /// `skyrl.ai/grad_norm`; nil when there is none.
    static func gradientNorm(in metrics: [String: Double]) -> Double? {
        let names = metrics.keys.filter { name in
            let plain = name.split(separator: ":").first?.split(separator: "/").last ?? ""
            return ["grad_norm", "gradient_norm"].contains(plain)
        }
        return names.min().flatMap { metrics[$0] }
    }

    private func warnOfSplit(_ batch: TinkerTrainerBatch) {
        guard batch.isSplit, training?.warnedOfSplit == false else { return }
        training?.warnedOfSplit = true
        context.warn(
            "the server takes one target per position: every example is sent \(batch.columnCount) "
                + "times, and costs as many times as much")
    }

    /// Two passes and a step; the speed is a guess, about that of a small model on one accelerator.
    static func estimate(for batch: [Baking.TrainingExample]) -> StepEstimate {
        let tokenCount = batch.reduce(0) { $0 + $1.tokenCount }
        let topK = batch.first?.rows.first?.ids.count ?? 1
        return StepEstimate(
            seconds: batch.isEmpty ? 0 : 2 + Double(tokenCount) / 5000,
            // Of a token and its targets, as values and as they are sent.
            peakByteCount: tokenCount * (8 + 40 * topK))
    }
}
