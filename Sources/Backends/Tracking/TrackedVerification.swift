internal import Baking

/// Tells a bake's own verification, which belongs to its figures, from those a person asked for
/// later with other queries or another strength: it comes when all steps are done and before the
/// run is finished.
struct TrackedVerification: Sendable {
    /// The last step; nil when it is to be done again.
    private var last: BakeStep?
    private(set) var isFinished = false

    /// Takes up what happened next.
    ///
    /// - Returns: The bake's verification, if this is it.
    mutating func apply(_ event: BakeEvent) -> VerificationReport? {
        switch event.kind {
        case .runStarted(let started):
            isFinished = false
            if let step = last?.step, step > started.fromStep { last = nil }
        case .step(let step): last = step
        case .verification(let report):
            guard let last, last.step == last.steps, !isFinished,
                TrackedFigure.steps.contains(report.step)
            else { return nil }
            return report
        case .runFinished: isFinished = true
        default: break
        }
        return nil
    }
}
