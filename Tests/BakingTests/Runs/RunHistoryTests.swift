import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Baking

@Suite struct RunHistoryTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    private func step(_ step: Int, of steps: Int = 9, seconds: Double = 2) -> BakeEvent.Kind {
        .step(
            BakeStep(
                step: step, steps: steps, epoch: 1, kl: 1 / Double(step), loss: 1, learningRate: 1,
                gradientNorm: 1, tokens: 10, seconds: seconds))
    }

    private func started(at step: Int) -> BakeEvent.Kind {
        .runStarted(
            RunStarted(
                run: "r", directory: "/r", resumed: step > 0, fromStep: step,
                configuration: TestJob.configuration()))
    }

    private func evaluation(_ step: Int) -> BakeEvent.Kind {
        .evaluation(
            BakeEvaluation(
                step: step, heldOutKL: 2 - Double(step) / 10, baseKL: 2,
                gapClosed: Double(step) / 20))
    }

    private func history(_ kinds: [BakeEvent.Kind]) -> RunHistory {
        var history = RunHistory()
        for (second, kind) in kinds.enumerated() {
            history.apply(BakeEvent(kind, time: Date(timeIntervalSince1970: Double(second))))
        }
        return history
    }

    @Test func `a live run and the same run opened again have one history`() async throws {
        let events = try await TestJob.job(in: store).events().collected()
        var live = RunHistory()
        for event in events { live.apply(event) }
        let run = try store.run("prompt-1")
        let reopened = try run.history()
        // Times are written to the millisecond.
        #expect(reopened.steps == live.steps)
        #expect(reopened.evaluations == live.evaluations)
        // Not all of its numbers are some: it is not even equal to itself.
        #expect(reopened.verifications.map(\.gapClosed) == live.verifications.map(\.gapClosed))
        #expect(live.verifications.count == 1 && live.verificationReplies?.completed == 12)
        #expect(reopened.finished == live.finished)
        #expect(live.phase == .finished && reopened.phase == .finished)
        #expect(live.steps.map(\.step) == Array(1...9))
        #expect(live.checkpoints == [2, 4, 6, 8, 9])
        #expect(live.generation?.completed == 10 && live.teacher?.completed == 10)
        #expect(live.configuration == TestJob.configuration())
        #expect(live.baseKL == 2)
        #expect(live.gapClosed == live.finished?.gapClosed)
        #expect(live.tokenCount == live.steps.reduce(0) { $0 + $1.tokens })
        #expect(live.secondsLeft == 0)
    }

    @Test func `an interrupted and continued run has every step once`() async throws {
        struct Stop: Error {}
        let steps = Mutex(0)
        let backend = FakeBackend(onCall: { what in
            guard what == "step" else { return }
            let count = steps.withLock {
                $0 += 1
                return $0
            }
            if count == 6 { throw Stop() }
        })
        await #expect(throws: (any Error).self) {
            _ = try await TestJob.job(in: store, backend: backend).events().collected()
        }
        let run = try store.run("prompt-1")
        let stopped = try run.history()
        #expect(stopped.phase == .failed && stopped.step == 5)
        #expect(stopped.notices.map(\.isError) == [true])
        _ = try await TestJob.job(in: store).events().collected()
        let whole = try run.history()
        #expect(whole.steps.map(\.step) == Array(1...9))
        #expect(whole.evaluations.map(\.step) == [0, 2, 4, 6, 8, 9])
        #expect(whole.checkpoints == [2, 4, 6, 8, 9])
    }

    @Test func `a new start replaces the events of steps above it`() {
        let history = history([
            started(at: 0), evaluation(0), step(1), step(2), evaluation(2), step(3),
            started(at: 2), step(3, seconds: 4),
        ])
        #expect(history.steps.map(\.step) == [1, 2, 3])
        #expect(history.steps.last?.seconds == 4)
        #expect(history.evaluations.map(\.step) == [0, 2])
        #expect(history.phase == .training)
        #expect(self.history([started(at: 0), step(1), started(at: 0)]).steps.isEmpty)
    }

    @Test func `a verification of its own is no part of the bake`() async throws {
        _ = try await TestJob.job(in: store).events().collected()
        let run = try store.run("prompt-1")
        let before = try run.history()
        _ = try await VerificationJob(run: run, backend: FakeBackend(), strength: 0.5).events()
            .collected()
        let after = try run.history()
        #expect(after.phase == .finished && after.generation == before.generation)
        #expect(after.verifications.map(\.strength) == [1, 0.5])
        #expect(after.gapClosed == before.gapClosed)
    }

    @Test func `rate and time left come from the last steps and evaluations`() {
        // An evaluation a second after its step, one every two of the nine steps: seven steps of
        // two seconds and four evaluations are left.
        let history = history([
            started(at: 0), step(1, seconds: 1), step(2, seconds: 3), evaluation(2),
        ])
        #expect(history.stepsPerSecond == 0.5)
        #expect(history.tokensPerSecond == 5)
        #expect(history.secondsLeft == 18)
        #expect(history.gapClosed == 0.1)
        #expect(RunHistory().secondsLeft == nil)
        #expect(RunHistory().stepsPerSecond == nil)
        #expect(self.history([step(1, seconds: .nan)]).secondsLeft == nil)
    }

    @Test func `torn and unknown lines are left out`() async throws {
        _ = try await TestJob.job(in: store).events().collected()
        let run = try store.run("prompt-1")
        let expected = try run.history()
        var data = try Data(contentsOf: run.url(.events))
        data = Data("{\"event\":\"bake.later\",\"time\":\"2030\"}\nnoise\n".utf8) + data
        data += Data("{\"event\":\"bake.st".utf8)
        try data.write(to: run.url(.events))
        let found = try run.history()
        #expect(found.steps == expected.steps && found.evaluations == expected.evaluations)
        #expect(found.finished == expected.finished && found.checkpoints == expected.checkpoints)
        try RunFiles.remove(run.url(.events))
        #expect(try run.history() == RunHistory())
    }

    @Test func `another process's events are followed as they come`() throws {
        let run = Run(
            directory: directory.url,
            record: try BakePreparation(TestJob.job(in: store)).newRecord())
        let recorder = try RunRecorder(run) { _ in }
        var events = RunEvents(run)
        #expect(try events.readNew().isEmpty)
        try recorder(started(at: 0))
        #expect(try events.readNew().map(\.name) == ["run.started"])
        try recorder(step(1))
        try recorder(evaluation(1))
        #expect(try events.readNew().map(\.name) == ["bake.step", "bake.evaluation"])
        #expect(try events.readNew().isEmpty)
    }

    @Test(arguments: [100, 20_000]) func `the curve of the KL has the asked-for points`(
        steps: Int
    ) throws {
        let run = Run(
            directory: directory.url,
            record: try BakePreparation(TestJob.job(in: store)).newRecord())
        #expect(try run.klCurve(points: 8).isEmpty)
        var text = ""
        let replaced = try BakeEvent(step(steps)).line + "\n"
        text += try BakeEvent(started(at: 0)).line + "\n" + replaced
        let time = Date(timeIntervalSince1970: 0)
        for number in 1...steps {
            // Falls along a line from 1 to 0.
            let event = BakeStep(
                step: number, steps: steps, epoch: 1,
                kl: 1 - Double(number) / Double(steps), loss: 0, learningRate: 0, gradientNorm: 0,
                tokens: 1, seconds: 1)
            text += try BakeEvent(.step(event), time: time).line + "\n"
        }
        try Data(text.utf8).write(to: run.url(.events))
        let curve = try run.klCurve(points: 8)
        #expect(curve.count == 8)
        for (index, kl) in curve.enumerated() {
            #expect(abs(kl - (1 - (Double(index) + 0.5) / 8)) < 0.03)
        }
        #expect(try run.klCurve(points: 0).isEmpty)
    }

    @Test func `numbers that are none have no place in the curve`() throws {
        let run = Run(
            directory: directory.url,
            record: try BakePreparation(TestJob.job(in: store)).newRecord())
        let good = try BakeEvent(step(2)).line
        let text = """
            {"event":"bake.step","kl":null,"step":1}
            {"event":"bake.step","kl":1e999,"step":1}
            {"event":"bake.step","kl":1,"step":1e300}
            {"event":"bake.step","kl":1,"step":-4}
            \(good)
            {"event":"bake.step","kl":1
            """
        try Data(text.utf8).write(to: run.url(.events))
        #expect(try run.klCurve(points: 8) == [0.5])
    }
}
