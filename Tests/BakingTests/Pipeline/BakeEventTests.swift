import Foundation
import Testing

@testable import Baking

@Suite struct BakeEventTests {
    private let time = Date(timeIntervalSince1970: 1_700_000_000.25)

    @Test func `a configuration of before there were int8 weights is still read`() throws {
        let data = try JSONEncoder().encode(BakeConfiguration())
        let text = String(decoding: data, as: UTF8.self)
        let older = text.replacing(/"int8":false,?/, with: "").replacing(",}", with: "}")
        #expect(older != text)
        let read = try JSONDecoder().decode(BakeConfiguration.self, from: Data(older.utf8))
        #expect(read == BakeConfiguration())
        var other = BakeConfiguration()
        other.int8 = true
        let kept = try JSONDecoder().decode(
            BakeConfiguration.self, from: JSONEncoder().encode(other))
        #expect(kept == other)
    }

    @Test func `a step is the line of the contract`() throws {
        let event = BakeEvent(
            .step(
                BakeStep(
                    step: 3, steps: 48, epoch: 1, kl: 0.5, loss: 0.25, learningRate: 1e-4,
                    gradientNorm: 2, tokens: 700, seconds: 1.5)), time: time)
        #expect(
            try event.line
                == "{\"epoch\":1,\"event\":\"bake.step\",\"gradientNorm\":2,\"kl\":0.5,"
                + "\"learningRate\":0.0001,\"loss\":0.25,\"seconds\":1.5,\"step\":3,\"steps\":48,"
                + "\"time\":\"2023-11-14T22:13:20.250Z\",\"tokens\":700}")
        let read = try JSONDecoder().decode(BakeEvent.self, from: Data(event.line.utf8))
        #expect(read == event)
    }

    @Test func `a number that is not finite is null with the reason`() throws {
        let event = BakeEvent(
            .evaluation(
                BakeEvaluation(step: 0, heldOutKL: .infinity, baseKL: 0, gapClosed: .nan)),
            time: time)
        #expect(
            try event.line
                == "{\"baseKL\":0,\"event\":\"bake.evaluation\",\"gapClosed\":null,"
                + "\"heldOutKL\":null,\"note\":\"heldOutKL is infinite, gapClosed is not a number\","
                + "\"step\":0,\"time\":\"2023-11-14T22:13:20.250Z\"}")
        let read = try JSONDecoder().decode(BakeEvent.self, from: Data(event.line.utf8))
        guard case .evaluation(let evaluation) = read.kind else {
            Issue.record("\(read)")
            return
        }
        #expect(evaluation.gapClosed.isNaN)
    }

    @Test func `an open range ends in null and an interval is a list`() throws {
        let report = VerificationReport(
            step: 1, strength: 1, studentContext: .none, queries: 1, tokens: 1, divergence: .full,
            kl: .init(base: 1, baked: 0.1), gapClosed: 0.9,
            gapClosedInterval: Interval(low: 0.8, high: .nan), topOneAgreement: 1,
            baseTopOneAgreement: 0, lengthRatio: 1, unendedShare: 0,
            byPosition: [.init(from: 101, to: nil, tokens: 0, base: .nan, baked: 0)], byTurn: [],
            otherContexts: [], checks: [], replies: [])
        let line = try BakeEvent(.verification(report), time: time).line
        #expect(line.contains("\"byPosition\":[{\"baked\":0,\"base\":null,\"from\":101,"))
        #expect(line.contains("\"to\":null"))
        #expect(line.contains("\"gapClosedInterval\":[0.8,null]"))
        #expect(line.contains("\"note\":\"gapClosedInterval.high is not a number, byPosition.base"))
        guard
            case .verification(let read) = try JSONDecoder()
                .decode(BakeEvent.self, from: Data(line.utf8)).kind
        else {
            Issue.record("no verification")
            return
        }
        #expect(read.byPosition[0].to == nil)
    }

    @Test func `every kind of event comes back`() throws {
        let kinds: [BakeEvent.Kind] = [
            .runStarted(
                RunStarted(
                    run: "r", directory: "/r", resumed: true, fromStep: 3,
                    configuration: BakeConfiguration())),
            .generationProgress(
                GenerationProgress(completed: 1, failed: 0, total: 2, tokensPerSecond: 3)),
            .teacherProgress(TeacherProgress(completed: 1, total: 2)),
            .checkpoint(CheckpointWritten(step: 1, path: "/r/checkpoints/step-000001")),
            .runFinished(RunFinished(run: "r", steps: 2, seconds: 1, kl: 0, gapClosed: 1)),
            .warning(Notice("w", where: "here", remedy: "do")), .error(Notice("e")),
        ]
        for kind in kinds {
            let event = BakeEvent(kind, time: time)
            let read = try JSONDecoder().decode(BakeEvent.self, from: Data(event.line.utf8))
            #expect(read == event)
        }
    }
}
