import Baking
import Foundation
import ServiceSupport
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

/// The whole job on a server.
@Suite struct TinkerBackendJobTests {
    private let place: TinkerPlace

    init() throws { place = try TinkerPlace(alpha: 8) }

    private static let queries = """
        groups:
          - name: Small
            train: ["What is gravity?", "Hello!", "Who are you?", "How do I bake bread?"]
            dev: ["What is an atom?"]
            test: ["What is lightning?"]
        """

    private func job(
        _ backend: TinkerBackend, runs: String = "runs", control: BakeControl? = nil
    ) throws -> BakeJob {
        var configuration = BakeConfiguration()
        configuration.learningRate = 5e-3
        configuration.rank = 8
        configuration.temperatures = [0.7]
        configuration.maximumResponseTokens = 160
        configuration.batchSize = 2
        configuration.epochs = 4
        configuration.evaluateEvery = 2
        configuration.checkpointEvery = 2
        configuration.keepCheckpoints = 1
        return BakeJob(
            prompt: try Prompt(text: "You are a polite butler."),
            queries: try QuerySet.load(
                file: place.directory.file("queries-\(UUID().uuidString).yaml", Self.queries)
            ).queries,
            configuration: configuration,
            store: RunStore(directory: place.directory.url.appending(path: runs)),
            backend: backend, runName: "run", control: control)
    }

    private func checkpoints(_ runs: String = "runs") throws -> [URL] {
        let folder = place.directory.url.appending(path: "\(runs)/run/checkpoints")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { folder.appending(path: $0, directoryHint: .isDirectory) }
    }

    private func steps(_ events: [BakeEvent]) -> [Int: BakeStep] {
        var steps: [Int: BakeStep] = [:]
        for case .step(let step) in events.map(\.kind) { steps[step.step] = step }
        return steps
    }

    /// The job again and again until it is done, as a person would.
    private func runUntilDone(_ make: () throws -> BakeJob) async throws -> [BakeEvent] {
        var events: [BakeEvent] = []
        for _ in 0..<200 {
            do {
                for try await event in try make().events() { events.append(event) }
                return events
            } catch let error as TinkerError {
                guard case .streamBroken = error else { throw error }
            } catch is DatasetError {
                // Responses that could not be had are asked for again.
            }
        }
        Issue.record("the job does not end")
        return events
    }

    private func finalNumbers(_ runs: String) async throws -> TinkerEngine.Weights {
        let last = try #require(try checkpoints(runs).last)
        let file = try TinkerCheckpointFile(directory: last)
        return try await place.engine.numbers(savedAt: file.samplerPath)
    }

    @Test func `a bake closes most of the gap and leaves what it names`() async throws {
        var events: [BakeEvent] = []
        for try await event in try job(try place.backend()).events() { events.append(event) }
        var finished: RunFinished?
        for case .runFinished(let end) in events.map(\.kind) { finished = end }
        #expect(try #require(finished).gapClosed > 0.5)
        #expect(steps(events).count == 8)
        // The server keeps what the run keeps.
        let kept = try checkpoints().map { try TinkerCheckpointFile(directory: $0) }
        #expect(
            Set(await place.engine.checkpoints().map(\.path))
                == Set(kept.flatMap { [$0.statePath, $0.samplerPath] }))
        let fetched = kept.filter { $0.fetched != nil }
        #expect(fetched.count == 1)
        var report: VerificationReport?
        for case .verification(let found) in events.map(\.kind) { report = found }
        #expect(try #require(report).divergence == .rest)
        #expect(report?.step == fetched.first?.step)
        // What was fetched is, to this machine's engine, what was verified.
        let best = try #require(
            try checkpoints().first { try TinkerCheckpointFile(directory: $0).fetched != nil })
        let examples = try await place.examples()
        let here = try await place.local.kl(
            of: examples, adapter: .checkpoint(best, strength: 1))
        let backend = try place.backend()
        let there = try await backend.kl(of: examples, adapter: .checkpoint(best, strength: 1))
        #expect(abs(here.mean - there.mean) < 1e-4)
        await backend.close(.finished)
    }

    @Test func `a download that fails is a warning`() async throws {
        let backend = try place.backend(
            .init(before: {
                if $0 == "download" { throw TinkerError.failed(what: "archive", why: "no disk") }
            }))
        var warnings: [String] = []
        var isFinished = false
        for try await event in try job(backend).events() {
            if case .warning(let notice) = event.kind { warnings.append(notice.message) }
            if case .runFinished = event.kind { isFinished = true }
        }
        #expect(isFinished && warnings.contains { $0.contains("no disk") })
    }

    @Test func `a bake that was stopped and taken up ends like one that was not`() async throws {
        for try await _ in try job(try place.backend(), runs: "whole").events() {}
        let control = BakeControl()
        do {
            for try await event in try job(try place.backend(), control: control).events() {
                if case .step(let step) = event.kind, step.step == 3 {
                    control.stopAfterCheckpoint()
                }
            }
            Issue.record("it was not stopped")
        } catch is BakeStopped {}
        for try await _ in try job(try place.backend()).events() {}
        #expect(try await finalNumbers("runs").numbers == finalNumbers("whole").numbers)
    }

    @Test func `a checkpoint that expired is left for an earlier one`() async throws {
        for try await _ in try job(try place.backend(), runs: "whole").events() {}
        let control = BakeControl()
        let stepCount = Mutex(0)
        let backend = try place.backend(
            .init(before: { name in
                // While the fifth is under way: it is the last.
                guard name == "step",
                    stepCount.withLock({
                        $0 += 1; return $0
                    }) == 5
                else {
                    return
                }
                control.stopAfterCheckpoint()
            }))
        do {
            for try await _ in try job(backend, control: control).events() {}
            Issue.record("it was not stopped")
        } catch is BakeStopped {}
        let newest = try #require(try checkpoints().last)
        #expect(try TinkerCheckpointFile(directory: newest).step == 5)
        try await place.engine.delete(try TinkerCheckpointFile(directory: newest).statePath)
        var starts: [Int] = []
        var warnings: [String] = []
        for try await event in try job(try place.backend()).events() {
            if case .runStarted(let start) = event.kind { starts.append(start.fromStep) }
            if case .warning(let notice) = event.kind { warnings.append(notice.message) }
        }
        #expect(starts == [5, 4])
        #expect(warnings.contains { $0.contains("no longer has it") })
        #expect(try await finalNumbers("runs").numbers == finalNumbers("whole").numbers)
    }

    @Test(arguments: 0..<UInt64(3))
    func `whatever breaks off, every step is taken once`(seed: UInt64) async throws {
        for try await _ in try job(try place.backend(), runs: "whole").events() {}
        let generator = Mutex(SeededGenerator(seed: seed))
        // One call in twelve is lost on its way there or back.
        let fail: @Sendable (String) throws -> Void = { name in
            guard
                ["train", "step", "forward", "saveState", "saveSampler", "loadModel", "makeModel"]
                    .contains(name), generator.withLock({ $0.uniform() }) < 1.0 / 12
            else { return }
            throw TinkerError.streamBroken(why: "the line was cut")
        }
        let events = try await runUntilDone {
            try job(try place.backend(.init(before: fail, after: fail)))
        }
        // Of every step the last that was told is the one that counts.
        #expect(steps(events).keys.sorted() == Array(1...8))
        #expect(try await finalNumbers("runs").numbers == finalNumbers("whole").numbers)
        let last = try #require(try checkpoints().last)
        let model = try await place.engine.loadModel(
            from: try TinkerCheckpointFile(directory: last).statePath, withOptimizer: true)
        #expect(try await place.engine.stepCount(of: model) == 8)
    }
}
