import Foundation
import TestSupport

@testable import Baking

/// A run's directory with nothing but the events that are put into it.
final class RecordedRun {
    private let home: TemporaryDirectory
    var homeDirectory: URL { home.url }
    let directory: URL
    private let writer: BakeEventWriter
    private var seconds = 0.0
    let steps: Int

    init(steps: Int = 6) throws {
        self.steps = steps
        home = try TemporaryDirectory()
        directory = home.url.appending(path: "runs/butler-1", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = try AppendOnlyFile(directory.appending(path: "events.jsonl"))
        writer = BakeEventWriter { try file.append($0) }
    }

    static let begin = Date(timeIntervalSince1970: 1_700_000_000)

    /// Appends an event, a second after the one before.
    @discardableResult
    func add(_ kind: BakeEvent.Kind) throws -> BakeEvent {
        let event = BakeEvent(kind, time: Self.begin.addingTimeInterval(seconds))
        seconds += 1
        try writer.append(event)
        return event
    }

    @discardableResult
    func start(
        from step: Int = 0, _ change: (inout BakeConfiguration) -> Void = { _ in }
    ) throws -> BakeEvent {
        var configuration = BakeConfiguration()
        change(&configuration)
        return try add(
            .runStarted(
                RunStarted(
                    run: "butler-1", directory: directory.path, resumed: step > 0, fromStep: step,
                    configuration: configuration)))
    }

    @discardableResult
    func step(_ step: Int, kl: Double? = nil) throws -> BakeEvent {
        try add(
            .step(
                BakeStep(
                    step: step, steps: steps, epoch: 1, kl: kl ?? 1 / Double(step),
                    loss: 2 / Double(step), learningRate: 0.001, gradientNorm: 0.5, tokens: 100,
                    seconds: 1)))
    }

    @discardableResult
    func evaluate(_ step: Int) throws -> BakeEvent {
        try add(
            .evaluation(
                BakeEvaluation(
                    step: step, heldOutKL: 1 / Double(step + 1), baseKL: 1, gapClosed: 0.5)))
    }

    @discardableResult
    func checkpoint(_ step: Int) throws -> BakeEvent {
        try add(.checkpoint(CheckpointWritten(step: step, path: "\(directory.path)/\(step)")))
    }

    @discardableResult
    func verify(_ step: Int, gapClosed: Double = 0.9) throws -> BakeEvent {
        try add(.verification(Self.report(step, gapClosed: gapClosed)))
    }

    @discardableResult
    func finish() throws -> BakeEvent {
        try add(
            .runFinished(
                RunFinished(run: "butler-1", steps: steps, seconds: 60, kl: 0.1, gapClosed: 0.9)))
    }

    /// A whole bake; the lines of its history are those of steps 0 to `steps` and the verification.
    ///
    /// - Returns: How it began.
    @discardableResult
    func bake() throws -> BakeEvent {
        let started = try start()
        try evaluate(0)
        for step in 1...steps { try self.step(step) }
        try evaluate(steps)
        try checkpoint(steps)
        try verify(steps)
        try finish()
        return started
    }

    /// The text of every file of the run.
    func texts() throws -> [String] {
        let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
        return try (files?.allObjects ?? []).compactMap { $0 as? URL }
            .filter { !$0.hasDirectoryPath }
            .map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    }

    static func report(_ step: Int, gapClosed: Double = 0.9) -> VerificationReport {
        VerificationReport(
            step: step, strength: 1, studentContext: .none, queries: 8, tokens: 400,
            divergence: .full, kl: VerificationReport.KLPair(base: 1, baked: 0.1),
            gapClosed: gapClosed, gapClosedInterval: Interval(low: 0.85, high: 0.95),
            topOneAgreement: 0.8, baseTopOneAgreement: 0.4, lengthRatio: 1.1, unendedShare: 0,
            byPosition: [
                VerificationReport.PositionRange(from: 1, to: 8, tokens: 64, base: 2, baked: 0.2),
                VerificationReport.PositionRange(
                    from: 9, to: nil, tokens: 336, base: 0.5, baked: 0.05),
            ],
            byTurn: [VerificationReport.Turn(turn: 1, tokens: 400, base: 1, baked: 0.1)],
            otherContexts: [],
            checks: [
                VerificationReport.CheckRate(
                    name: "says | sir", arm: .baked, rate: 0.75,
                    interval: Interval(low: 0.5, high: 0.9))
            ],
            replies: [
                VerificationReport.Reply(
                    query: "What is lightning?", arm: .baked, reply: "A secret reply, sir.",
                    stop: .end)
            ])
    }
}

extension RecordedRun {
    /// What the file has.
    func events() throws -> [BakeEvent] {
        var events = RunEvents(directory: directory)
        return try events.readNew()
    }
}
