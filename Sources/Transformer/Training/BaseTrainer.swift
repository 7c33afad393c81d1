/// Trains all weights of a model on next-token cross-entropy.
///
/// Used as ``AdapterTrainer``: accumulate the parts of a batch, then update. The decoder must be
/// precise, or rounded weights would be trained in place of the real ones.
package final class BaseTrainer {
    package let weights: BaseWeights
    package let optimizer: AdamW
    package let gradient: BaseGradient
    private let decoder: Decoder
    private let activations: Activations

    /// A trainer at the weights' present numbers, which the decoder computes with from now on.
    package init(
        _ decoder: Decoder, _ weights: BaseWeights, settings: AdamW.Settings = AdamW.Settings()
    ) throws {
        precondition(decoder.precision == .stored)
        self.decoder = decoder
        self.weights = weights
        optimizer = AdamW(weights.parameters, settings: settings)
        gradient = BaseGradient(decoder.configuration)
        activations = decoder.makeActivations()
        try weights.load(into: decoder)
    }

    /// Adds the gradient of Σ weight · −ln q(token) / `totalWeight` over the responses of some
    /// examples of a batch.
    package func accumulate(
        _ examples: [TrainingExample], totalWeight: Double, check: () throws -> Void = {}
    ) throws -> [ExampleLoss] {
        try decoder.addGradient(
            examples, .crossEntropy, totalWeight: totalWeight, adapter: nil,
            into: GradientSinks(base: gradient), activations: activations, check: check)
    }

    /// Takes a step along the gradient and clears it.
    ///
    /// - Returns: The gradient's length before clipping.
    @discardableResult
    package func update(rate: Double, maximumNorm: Double? = nil) throws -> Double {
        gradient.combine()
        let norm = optimizer.update(
            gradient.parameters, rate: rate, maximumNorm: maximumNorm, pool: decoder.pool)
        gradient.clear()
        try weights.load(into: decoder)
        return norm
    }

    /// Forgets the examples since the last step.
    package func discard() { gradient.clear() }
}
