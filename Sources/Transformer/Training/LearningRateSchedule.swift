/// A learning rate that falls in a straight line, from its full value at the first step to what
/// would be 0 after the last.
package struct LearningRateSchedule: Hashable, Sendable {
    /// The rate of the first step.
    package var rate: Double
    /// N, the number of steps.
    package var stepCount: Int

    package init(rate: Double, stepCount: Int) {
        precondition(stepCount >= 1)
        self.rate = rate
        self.stepCount = stepCount
    }

    /// rate · (1 − (s − 1)/N).
    ///
    /// - Parameter step: s, from 1.
    package func rate(atStep step: Int) -> Double {
        rate * (1 - Double(step - 1) / Double(stepCount))
    }
}
