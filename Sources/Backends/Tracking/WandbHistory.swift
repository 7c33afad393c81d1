internal import Baking
import Foundation

/// A run's events as W&B's history: a line for every step with the evaluation of that step, and one
/// for the verification.
///
/// The lines depend on the events before them alone, so that line n of a run is the same whenever
/// and by whichever process it is made: the run's `events.jsonl` is the queue, and a number all there
/// is to remember. A line is complete only when the next event says that nothing belongs to it any
/// more. `_step` must rise: steps that are done again after a restart have been told already.
struct WandbHistory: Sendable {
    private struct Row {
        var step: Int
        var time: Date
        var runtime: Double
        var figures: [TrackedFigure] = []

        /// A figure that is there already is replaced.
        mutating func add(_ new: [TrackedFigure]) {
            figures.removeAll { old in new.contains { $0.name == old.name } }
            figures += new
        }

        var members: [TrackedValue.Member] {
            figures.map { TrackedValue.Member($0.name, .number($0.value)) } + [
                TrackedValue.Member("_runtime", .number(runtime)),
                TrackedValue.Member("_step", .integer(step)),
                TrackedValue.Member("_timestamp", .number(time.timeIntervalSince1970)),
            ]
        }
    }

    /// Longest line the service takes.
    static let longestLine = (10 << 20) - (100 << 10)

    /// Complete lines so far.
    private(set) var lineCount = 0
    /// Of the last `run.started`; nil before the first.
    private(set) var started: RunStarted?
    /// Whether the bake is done.
    var isFinished: Bool { verification.isFinished }

    private var verification = TrackedVerification()
    private var lastStep = -1
    private var row: Row?
    private var summary: [String: TrackedValue] = [:]
    private var nested: [TrackedValue.Member] = []
    /// Seconds that processes worked on the run.
    private var runtime = 0.0
    private var lastTime: Date?

    /// The lines that are complete with what happened next.
    mutating func lines(after event: BakeEvent) -> [String] {
        if let lastTime, event.name != "run.started" {
            runtime += max(event.time.timeIntervalSince(lastTime), 0)
        }
        lastTime = event.time
        let verified = verification.apply(event)
        switch event.kind {
        case .runStarted(let started):
            self.started = started
            // What was to come of it comes again.
            if let row, row.step > started.fromStep { self.row = nil }
            return []
        case .step(let step): return add(step.trackedFigures, at: step.step, event)
        case .evaluation(let evaluation):
            return add(evaluation.trackedFigures, at: evaluation.step, event)
        case .checkpoint, .runFinished: return complete()
        case .verification:
            guard let verified else { return [] }
            nested = VerificationTable(verified).nested
            return complete() + add(verified.trackedFigures, at: lastStep + 1, event) + complete()
        default: return []
        }
    }

    /// The last value of every figure, and the verification in detail; nil before there is one.
    var summaryLine: String? {
        guard !summary.isEmpty else { return nil }
        let figures = summary.sorted { $0.key < $1.key }
            .map { TrackedValue.Member($0.key, $0.value) }
        let line = TrackedValue.object(nested + figures).json
        return line.utf8.count <= Self.longestLine ? line : TrackedValue.object(figures).json
    }

    private mutating func add(
        _ figures: [TrackedFigure], at step: Int, _ event: BakeEvent
    ) -> [String] {
        guard TrackedFigure.steps.contains(step) else { return [] }
        var lines: [String] = []
        if let row, row.step != step { lines = complete() }
        if step > lastStep {
            var row = row ?? Row(step: step, time: event.time, runtime: runtime)
            row.add(figures)
            self.row = row
        }
        let last = Row(step: step, time: event.time, runtime: runtime, figures: figures)
        for member in last.members { summary[member.name] = member.value }
        return lines
    }

    private mutating func complete() -> [String] {
        guard let row else { return [] }
        self.row = nil
        lastStep = row.step
        lineCount += 1
        return [TrackedValue.object(row.members).json]
    }
}
