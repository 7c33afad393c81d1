import Baking
import Foundation

/// An event as one line of words, for logs.
enum EventLine {
    static func text(_ event: BakeEvent) -> String {
        "\(event.name) \(details(event.kind))"
    }

    private static func details(_ kind: BakeEvent.Kind) -> String {
        switch kind {
        case .runStarted(let start):
            "\(start.run) in \(start.directory)"
                + (start.resumed ? ", continued from step \(start.fromStep)" : "")
        case .generationProgress(let progress):
            "\(progress.completed)/\(progress.total) responses, \(progress.failed) failed, "
                + "\(number(progress.tokensPerSecond, digits: 0)) tokens/s"
                + (progress.spending.map { ", \($0.text)" } ?? "")
        case .teacherProgress(let progress):
            "\(progress.completed)/\(progress.total) examples scored"
        case .step(let step):
            "\(step.step)/\(step.steps) epoch \(step.epoch) kl \(number(step.kl)) "
                + "loss \(number(step.loss)) learning-rate \(significant(step.learningRate)) "
                + "gradient \(number(step.gradientNorm)) tokens \(step.tokens) "
                + "seconds \(number(step.seconds, digits: 2))"
        case .evaluation(let evaluation):
            "step \(evaluation.step) held-out kl \(number(evaluation.heldOutKL)) "
                + "base \(number(evaluation.baseKL)) "
                + "gap closed \(percent(evaluation.gapClosed))"
        case .checkpoint(let checkpoint): "step \(checkpoint.step) \(checkpoint.path)"
        case .verification(let report):
            "step \(report.step) kl \(number(report.kl.baked)) base \(number(report.kl.base)) "
                + "gap closed \(percent(report.gapClosed)) "
                + "(\(percent(report.gapClosedInterval.low)) to "
                + "\(percent(report.gapClosedInterval.high)))"
        case .runFinished(let finish):
            "\(finish.run) after \(finish.steps) steps, \(number(finish.seconds, digits: 1)) s, "
                + "kl \(number(finish.kl)), gap closed \(percent(finish.gapClosed))"
        case .warning(let notice), .error(let notice): text(notice)
        }
    }

    /// A notice with its place and remedy.
    static func text(_ notice: Notice) -> String {
        notice.message + (notice.where.map { " (\($0))" } ?? "")
            + (notice.remedy.map { "; \($0)" } ?? "")
    }

    /// With so many digits behind the point; "?" for what is no number.
    static func number(_ value: Double, digits: Int = 4) -> String {
        value.isFinite ? String(format: "%.\(digits)f", value) : "?"
    }

    /// With three significant digits.
    static func significant(_ value: Double) -> String {
        guard value.isFinite else { return "?" }
        return String(format: abs(value) >= 100 ? "%.0f" : "%.3g", value)
    }

    /// "95.3 %"
    static func percent(_ value: Double) -> String {
        value.isFinite ? String(format: "%.1f %%", value * 100) : "?"
    }
}
