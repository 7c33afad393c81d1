import Foundation

/// The optimizer: Adam with bias correction and decoupled weight decay (Loshchilov, Hutter 2019).
///
/// Its whole state is ``stepCount`` and two sets of moments, named like the parameters.
package final class AdamW {
    /// What does not change from step to step.
    package struct Settings: Hashable, Sendable {
        package var beta1: Double
        package var beta2: Double
        /// Added outside the square root.
        package var epsilon: Double
        /// Each step takes rate · decay of a weight away before the update.
        package var decay: Double
        /// Whether tensors of one dimension decay too.
        package var decaysVectors: Bool

        package init(
            beta1: Double = 0.9, beta2: Double = 0.95, epsilon: Double = 1e-8, decay: Double = 0,
            decaysVectors: Bool = true
        ) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.decay = decay
            self.decaysVectors = decaysVectors
        }
    }

    package let settings: Settings
    /// Steps taken.
    package private(set) var stepCount = 0
    /// The running mean of gradients.
    package let firstMoments: ParameterSet
    /// The running mean of squared gradients.
    package let secondMoments: ParameterSet
    private let parameters: ParameterSet

    /// An optimizer that changes `parameters`.
    package init(_ parameters: ParameterSet, settings: Settings = Settings()) {
        self.parameters = parameters
        self.settings = settings
        firstMoments = parameters.zeros()
        secondMoments = parameters.zeros()
    }

    /// Goes on where another one stopped; fill ``firstMoments`` and ``secondMoments`` too.
    package func resume(stepCount: Int) {
        precondition(stepCount >= 0)
        self.stepCount = stepCount
    }

    /// One step.
    ///
    /// - Parameters:
    ///   - rate: Of this step.
    ///   - maximumNorm: Longer gradients are shortened to this length, over all tensors together;
    ///     nil to leave them.
    /// - Returns: The gradient's length before.
    @discardableResult
    package func update(
        _ gradient: ParameterSet, rate: Double, maximumNorm: Double? = nil, pool: ThreadPool
    ) -> Double {
        precondition(gradient.entries == parameters.entries)
        let norm = Kernels.sumOfSquares(gradient, pool: pool).squareRoot()
        stepCount += 1
        let step = OptimizerStep(
            settings: settings, rate: rate,
            correction1: 1 - pow(settings.beta1, Double(stepCount)),
            correction2: 1 - pow(settings.beta2, Double(stepCount)),
            gradientScale: maximumNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1)
        for (range, decay) in stretches {
            Kernels.adamW(
                range, weights: parameters, first: firstMoments, second: secondMoments,
                gradient: gradient, step: step, decay: decay, pool: pool)
        }
        return norm
    }

    /// Neighbours that decay alike, as one range.
    private var stretches: [(range: Range<Int>, decay: Double)] {
        var result: [(range: Range<Int>, decay: Double)] = []
        for entry in parameters.entries {
            let decay = settings.decaysVectors || entry.shape.count > 1 ? settings.decay : 0
            if let last = result.last, last.decay == decay {
                result[result.count - 1].range = last.range.lowerBound..<entry.range.upperBound
            } else {
                result.append((entry.range, decay))
            }
        }
        return result
    }
}

/// The numbers of one optimizer step.
struct OptimizerStep {
    let settings: AdamW.Settings
    let rate: Double
    /// 1 − beta^step.
    let correction1: Double
    let correction2: Double
    let gradientScale: Double
}
