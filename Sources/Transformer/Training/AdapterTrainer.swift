/// Trains an adapter on a decoder, step by step.
///
/// ```swift
/// let adapter = Adapter(configuration, for: decoder.configuration)
/// adapter.initialize(seed: seed)
/// let trainer = AdapterTrainer(decoder, adapter, loss: .tail)
/// for step in 1...schedule.stepCount {
///     let total = batch.reduce(0) { $0 + $1.totalWeight }
///     for part in batch cut between examples {
///         losses += try trainer.accumulate(part, totalWeight: total, check: check)
///     }
///     trainer.update(rate: schedule.rate(atStep: step), maximumNorm: 1)
/// }
/// ```
///
/// How a batch is cut changes no bit of the result. A call that throws has left the adapter as it
/// was; ``discard()`` what is there of the gradient before the step is made again.
///
/// To resume: set the adapter's parameters and ``Adapter/update(pool:)``, fill the moments of
/// ``optimizer`` and call ``AdamW/resume(stepCount:)``. Not synchronised.
package final class AdapterTrainer {
    package let adapter: Adapter
    package let optimizer: AdamW
    /// dloss/dparameters of the examples so far.
    package let gradient: ParameterSet
    private let decoder: Decoder
    private let loss: LossKind
    private let heldTokenCount: Int
    private let activations: Activations
    private lazy var inputs = decoder.makeActivations(keeping: .inputs)

    /// A trainer at the adapter's present numbers.
    ///
    /// - Parameter heldTokenCount: Tokens whose activations may be held at once. Where there are more,
    ///   each layer is run again on the way back, which takes a third longer and changes no bit.
    package init(
        _ decoder: Decoder, _ adapter: Adapter, loss: LossKind,
        settings: AdamW.Settings = AdamW.Settings(), heldTokenCount: Int = .max
    ) {
        self.heldTokenCount = heldTokenCount
        self.decoder = decoder
        self.adapter = adapter
        self.loss = loss
        optimizer = AdamW(adapter.parameters, settings: settings)
        gradient = adapter.parameters.zeros()
        activations = decoder.makeActivations()
        adapter.update(pool: decoder.pool)
    }

    /// Adds the gradient of Σ weight · loss / `totalWeight` over some examples of a batch.
    ///
    /// - Parameters:
    ///   - totalWeight: Of the whole batch, so that its loss is the mean over its tokens.
    ///   - check: Called once per layer and direction and between chunks of logits; throws to stop.
    /// - Returns: What each response token cost before the step.
    /// - Throws: ``DecoderError``, or what `check` throws.
    package func accumulate(
        _ examples: [TrainingExample], totalWeight: Double, check: () throws -> Void = {}
    ) throws -> [ExampleLoss] {
        let tokenCount = examples.reduce(0) { $0 + $1.input.tokens.count }
        return try decoder.addGradient(
            examples, loss, totalWeight: totalWeight, adapter: AppliedAdapter(adapter),
            into: GradientSinks(adapter: gradient),
            activations: tokenCount > heldTokenCount ? inputs : activations, check: check)
    }

    /// Takes a step along the gradient and clears it.
    ///
    /// - Parameters:
    ///   - maximumNorm: Of the gradient; nil for no clipping.
    /// - Returns: The gradient's length before clipping.
    @discardableResult
    package func update(rate: Double, maximumNorm: Double? = nil) -> Double {
        let norm = optimizer.update(
            gradient, rate: rate, maximumNorm: maximumNorm, pool: decoder.pool)
        adapter.update(pool: decoder.pool)
        gradient.clear()
        return norm
    }

    /// Forgets the examples since the last step.
    package func discard() { gradient.clear() }
}
