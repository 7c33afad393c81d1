internal import Baking
import Foundation

/// A run's `events.jsonl` as TensorBoard's records.
///
/// What becomes of an event depends on those before it alone, so that the number of records that are
/// there tells where the next process goes on: after a kill nothing is missing and nothing doubled,
/// and a finished run is written once.
struct TensorBoardLog: Sendable {
    static let folder = "tensorboard"

    private let surroundings: Surroundings
    private var events: RunEvents
    private var writer: TensorBoardWriter
    private var records = TensorBoardRecords()
    /// Records to leave out because they are there; nil before they were counted.
    private var written: Int?

    /// - Parameter directory: The run's.
    init(directory: URL, surroundings: Surroundings) {
        self.surroundings = surroundings
        events = RunEvents(directory: directory)
        writer = TensorBoardWriter(
            directory: directory.appending(path: Self.folder, directoryHint: .isDirectory))
    }

    /// Writes what was added to the run.
    mutating func catchUp(date: Date) throws {
        var left = try written ?? writer.recordCount()
        repeat {
            let new = try events.readNew(upTo: 1 << 20)
            if events.startedOver { records = TensorBoardRecords() }
            let made = new.flatMap { records.records(of: $0, in: surroundings) }
            try writer.append(Array(made.dropFirst(left)), date: date)
            left = max(left - made.count, 0)
            written = left
        } while events.isBehind
    }
}

/// Turns events into records, one after the other.
struct TensorBoardRecords: Sendable {
    private var hasConfiguration = false
    /// The highest step there is a record of.
    private var lastStep = 0
    private var verification = TrackedVerification()

    /// The records of what happened next; none for what TensorBoard does not show.
    mutating func records(
        of event: BakeEvent, in surroundings: Surroundings
    ) -> [TensorBoardEvent] {
        let verified = verification.apply(event)
        switch event.kind {
        case .runStarted(let started): return start(started, event, surroundings)
        case .step(let step): return record(event, step: step.step, step.trackedFigures)
        case .evaluation(let evaluation):
            return record(event, step: evaluation.step, evaluation.trackedFigures)
        case .verification:
            guard let verified else { return [] }
            let table = TensorBoardEvent.Value.text(
                tag: "verify/report", VerificationTable(verified).markdown)
            return record(event, step: verified.step, verified.trackedFigures, and: [table])
        default: return []
        }
    }

    private mutating func start(
        _ started: RunStarted, _ event: BakeEvent, _ surroundings: Surroundings
    ) -> [TensorBoardEvent] {
        var records: [TensorBoardEvent] = []
        if !hasConfiguration {
            hasConfiguration = true
            let table = TrackedConfiguration(started.configuration, in: surroundings).markdown
            records += record(
                event, step: 0, [], and: [.text(tag: "configuration", table)])
        }
        if TrackedFigure.steps.contains(started.fromStep), started.fromStep < lastStep {
            // Later records replace those above it.
            lastStep = started.fromStep
            records.append(
                TensorBoardEvent(
                    wallTime: event.time.timeIntervalSince1970, step: started.fromStep + 1,
                    content: .sessionStart))
        }
        return records
    }

    private mutating func record(
        _ event: BakeEvent, step: Int, _ figures: [TrackedFigure],
        and texts: [TensorBoardEvent.Value] = []
    ) -> [TensorBoardEvent] {
        guard TrackedFigure.steps.contains(step) else { return [] }
        lastStep = max(lastStep, step)
        let scalars = figures.map { TensorBoardEvent.Value.scalar(tag: $0.name, Float($0.value)) }
        return [
            TensorBoardEvent(
                wallTime: event.time.timeIntervalSince1970, step: step,
                content: .values(scalars + texts))
        ]
    }
}
