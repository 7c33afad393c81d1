internal import Baking

/// One number as the services name it. A slash in the name groups it in their pages.
struct TrackedFigure: Hashable, Sendable {
    var name: String
    var value: Double

    init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }

    /// Steps the services can count to; one outside comes from a damaged file.
    static let steps = 0...(1 << 53)
}

extension BakeStep {
    var trackedFigures: [TrackedFigure] {
        [
            TrackedFigure("train/kl", kl),
            TrackedFigure("train/loss", loss),
            TrackedFigure("train/learning_rate", learningRate),
            TrackedFigure("train/gradient_norm", gradientNorm),
        ]
    }
}

extension BakeEvaluation {
    var trackedFigures: [TrackedFigure] {
        [
            TrackedFigure("eval/held_out_kl", heldOutKL),
            TrackedFigure("eval/base_kl", baseKL),
            TrackedFigure("eval/gap_closed", gapClosed),
        ]
    }
}

extension VerificationReport {
    var trackedFigures: [TrackedFigure] {
        [
            TrackedFigure("verify/kl_base", kl.base),
            TrackedFigure("verify/kl_baked", kl.baked),
            TrackedFigure("verify/gap_closed", gapClosed),
            TrackedFigure("verify/gap_closed_low", gapClosedInterval.low),
            TrackedFigure("verify/gap_closed_high", gapClosedInterval.high),
            TrackedFigure("verify/top_one_agreement", topOneAgreement),
            TrackedFigure("verify/base_top_one_agreement", baseTopOneAgreement),
            TrackedFigure("verify/length_ratio", lengthRatio),
            TrackedFigure("verify/unended_share", unendedShare),
        ]
    }
}
