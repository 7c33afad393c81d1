import Foundation
import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct VerificationTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    private func baked() async throws -> Run {
        _ = try await TestJob.job(in: store).events().collected()
        return try store.run("prompt-1")
    }

    private func report(_ job: VerificationJob) async throws -> VerificationReport? {
        let events = try await job.events().collected()
        guard case .verification(let report) = events.last?.kind else { return nil }
        return report
    }

    @Test func `a report holds what the contract lists`() async throws {
        let run = try await baked()
        let report = try #require(try run.verification())
        #expect(report.step == 9 && report.strength == 1 && report.divergence == .full)
        #expect(report.queries == 2)
        #expect(abs(report.gapClosed - 0.9) < 1e-9)
        #expect(report.gapClosedInterval.low <= report.gapClosed + 1e-9)
        #expect(report.byPosition.map(\.from) == [1, 2, 6, 26, 101])
        #expect(report.byPosition.map(\.to) == [1, 5, 25, 100, nil])
        #expect(report.byPosition.reduce(0) { $0 + $1.tokens } == report.tokens)
        #expect(report.byPosition[0].tokens == 3)
        #expect(report.byTurn.map(\.turn) == [1, 2])
        #expect(report.byTurn.reduce(0) { $0 + $1.tokens } == report.tokens)
        #expect(report.otherContexts.map(\.studentContext) == [.empty, .default])
        #expect(report.checks.map(\.arm) == Arm.allCases + Arm.allCases)
        #expect(report.checks.filter { $0.name == "word" }.allSatisfy { $0.rate == 0 })
        // Two groups, four arms.
        #expect(report.replies.count == 8)
        #expect(report.unendedShare == 0 && report.lengthRatio > 0)
    }

    @Test func `means are weighted by tokens`() throws {
        func reply(_ query: String, _ turn: Int, _ count: Int) -> ArmReply {
            ArmReply(
                arm: .prompted, query: query, group: "g", turn: turn, messages: [],
                tokens: Array(repeating: 65, count: count), stop: .end, key: "")
        }
        func divergence(_ base: [Double], _ baked: [Double]) -> Divergence {
            Divergence(
                index: 0, base: base, baked: baked, baseAgrees: base.map { _ in false },
                bakedAgrees: baked.map { $0 < 0.5 })
        }
        let report = VerificationReport(
            step: 1, strength: 1, divergence: .full, checks: [], texts: [:],
            replies: [reply("a", 1, 3), reply("a", 2, 1), reply("b", 1, 6)], contexts: [.none],
            measured: [
                .none: [
                    divergence([4, 1, 1], [1, 0, 0]), divergence([2], [1]),
                    divergence([2, 2, 2, 2, 2, 2], [0, 0, 0, 0, 0, 0.6]),
                ]
            ], seed: 0)
        #expect(report.tokens == 10 && report.queries == 2)
        #expect(report.kl.base == 2)
        #expect(report.kl.baked == 0.26)
        #expect(abs(report.gapClosed - 0.87) < 1e-12)
        #expect(report.topOneAgreement == 0.7)
        #expect(report.byPosition.map(\.tokens) == [3, 6, 1, 0, 0])
        #expect(report.byPosition[2].baked == 0.6)
        #expect(report.byPosition[3].base.isNaN)
        #expect(report.byTurn.map(\.tokens) == [9, 1])
        #expect(report.byTurn[1].base == 2)
    }

    @Test func `contexts that are written alike are measured once`() async throws {
        let backend = FakeBackend()
        _ = try await TestJob.job(in: store, backend: backend).events().collected()
        // `none` and `default` are the same here: two measurements of three responses.
        #expect(backend.calls.filter { $0 == "divergence" }.count == 6)
    }

    @Test func `a later verification asks only the arms that changed`() async throws {
        let run = try await baked()
        let backend = FakeBackend()
        let report = try await report(
            VerificationJob(run: run, backend: backend, checkpoint: .step(8), strength: 0.5))
        #expect(report?.step == 8 && report?.strength == 0.5)
        #expect(abs((report?.gapClosed ?? 0) - 0.45) < 1e-9)
        #expect(backend.calls.filter { $0 == "response" }.count == 6)
        #expect(try RunFiles.names(in: run.url(.verifications)).count == 1)
        #expect(try run.verification()?.step == 9)
    }

    @Test func `another student context and other queries can be verified`() async throws {
        let run = try await baked()
        var job = VerificationJob(run: run, backend: FakeBackend(), studentContext: .empty)
        #expect(try await report(job)?.studentContext == .empty)
        job.queries = QuerySet(
            train: [], dev: [], test: [Query(group: "New", turns: ["Who goes there?"])])
        #expect(try await report(job)?.queries == 1)
        job.queries?.test = []
        let empty = job
        await #expect(throws: VerificationError.noQueries) { try await report(empty) }
    }

    @Test func `an unknown checkpoint and another model are refused`() async throws {
        let run = try await baked()
        let job = VerificationJob(run: run, backend: FakeBackend(), checkpoint: .step(7))
        await #expect(throws: RunError.noCheckpoint(run: "prompt-1", which: "step 7")) {
            try await report(job)
        }
        var behaviour = FakeBackend.Behaviour()
        behaviour.hash = "other"
        let other = VerificationJob(run: run, backend: FakeBackend(behaviour))
        await #expect(throws: RunError.self) { try await report(other) }
    }

    @Test func `without a divergence the gap is null with a note`() async throws {
        let run = try await baked()
        var report = try #require(try run.verification())
        report.gapClosed = .nan
        let line = try BakeEvent(.verification(report)).line
        #expect(line.contains("\"gapClosed\":null"))
        #expect(line.contains("gapClosed is not a number"))
    }
}
