import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing
import Transformer

@testable import Backends

/// Whole bakes through client, sockets and server.
@Suite(.serialized) struct TinkerServerBakeTests {
    private static let model = "Oven/Starter"
    private static let queries = """
        groups:
          - name: Small
            train: ["What is gravity?", "Hello!", "Who are you?", "How do I bake bread?"]
            dev: ["What is an atom?"]
            test: ["What is lightning?"]
        """
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func job(_ backend: TinkerBackend, runs: String) throws -> BakeJob {
        var configuration = BakeConfiguration()
        configuration.learningRate = 5e-3
        configuration.rank = 8
        configuration.temperatures = [0.7]
        configuration.maximumResponseTokens = 160
        configuration.batchSize = 2
        configuration.epochs = 3
        configuration.evaluateEvery = 3
        configuration.checkpointEvery = 2
        return BakeJob(
            prompt: try Prompt(text: "You are a polite butler."),
            queries: try QuerySet.load(
                file: directory.file("queries-\(UUID().uuidString).yaml", Self.queries)
            ).queries,
            configuration: configuration,
            store: RunStore(directory: directory.url.appending(path: runs)), backend: backend,
            runName: "run")
    }

    private static func backend(
        _ service: any TinkerService, server: String,
        probe: @escaping @Sendable () async throws -> TinkerProbe
    ) async throws -> TinkerBackend {
        try TinkerBackend(
            service: service, name: "tinker:\(model)", remoteName: model,
            directory: LocalBackendTests.starter, models: try await service.models(), probe: probe,
            options: TinkerBackendOptions(server: server))
    }

    /// A new process, as far as the server can tell.
    private func backend(
        _ harness: ServerHarness
    ) async throws -> (backend: TinkerBackend, client: TinkerClient) {
        let client = try await harness.client()
        let backend = try await Self.backend(
            client, server: await harness.server.url.absoluteString
        ) { try await client.probe(Self.model) }
        return (backend, client)
    }

    private struct Outcome {
        var steps: [Int: BakeStep] = [:]
        var report: VerificationReport?
        var gapClosed: Double?

        mutating func note(_ event: BakeEvent) {
            switch event.kind {
            case .step(let step): steps[step.step] = step
            case .verification(let found): report = found
            case .runFinished(let end): gapClosed = end.gapClosed
            default: break
            }
        }
    }

    /// The same bake with the engine in this process.
    private func expected() async throws -> Outcome {
        let engine = try TinkerEngine(directory: LocalBackendTests.starter, base: Self.model)
        let backend = try await Self.backend(
            LocalTinkerService(engine), server: "https://tinker.example/prod"
        ) {
            TinkerProbe(
                dialect: .proto, models: [TinkerModel(name: Self.model, contextLength: 2048)],
                hasMatrixTargets: .yes, hasTopK: .yes, hasPromptLogprobs: .yes,
                promptLogprobCount: 4, hasLastN: .yes)
        }
        var outcome = Outcome()
        for try await event in try job(backend, runs: "expected").events() { outcome.note(event) }
        return outcome
    }

    private static func options(
        _ kind: TinkerServerClientTests.Kind
    ) -> TinkerServerOptions {
        var options = TinkerServerClientTests.options(kind)
        options.model = model
        options.contextLength = 2048
        return options
    }

    /// Bakes until step 3, dies, and bakes on as another process.
    private func killedAndResumed(_ harness: ServerHarness, runs: String) async throws -> Outcome {
        var outcome = Outcome()
        let (first, _) = try await backend(harness)
        for try await event in try job(first, runs: runs).events() {
            outcome.note(event)
            if case .step(let step) = event.kind, step.step == 3 { break }
        }
        #expect(outcome.report == nil)
        let (second, client) = try await backend(harness)
        for try await event in try job(second, runs: runs).events() { outcome.note(event) }
        await second.close(.finished)
        await client.finish(.success)
        return outcome
    }

    private func check(_ outcome: Outcome, against expected: Outcome) throws {
        #expect(outcome.steps.keys.sorted() == Array(1...6))
        for (number, step) in expected.steps {
            let found = try #require(outcome.steps[number])
            // The same numbers, added up in another order at most.
            #expect(abs(found.loss - step.loss) < 1e-9)
            #expect(abs(found.kl - step.kl) < 1e-9)
        }
        let gap = try #require(expected.gapClosed)
        #expect(abs(try #require(outcome.gapClosed) - gap) < 1e-9)
        #expect(try #require(outcome.gapClosed) > 0.3)
        #expect(outcome.report?.divergence == .rest)
    }

    /// Every model took its numbers in order and each once.
    private func checkOrder(_ server: TinkerServer) async {
        for (model, history) in await server.histories {
            let numbers = history.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
            #expect(numbers == Array(1...max(numbers.count, 1)), "\(model): \(history)")
        }
    }

    @Test(arguments: [TinkerServerClientTests.Kind.production, .strict, .old])
    func `a bake that was killed ends on the server as one in memory does`(
        kind: TinkerServerClientTests.Kind
    ) async throws {
        let harness = try await ServerHarness(Self.options(kind))
        try check(
            try await killedAndResumed(harness, runs: "run"), against: try await expected())
        await checkOrder(harness.server)
        // Six steps, and those behind the checkpoint that the first process had made.
        let steps = await harness.server.count(of: "optim_step")
        #expect((7...9).contains(steps), "\(steps)")
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `faults on the way change nothing in a bake`(seed: UInt64) async throws {
        let faults: [TinkerServerFault] = [
            .refused, .lostAnswer, .cutAnswer, .status(500), .status(429, retryAfter: "1"),
            .status(503),
        ]
        let harness = try await ServerHarness(Self.options(.production)) { call in
            guard call.attempt <= 2, call.endpoint != "client/…" else { return nil }
            // What a server of another dialect says to a first pass is not a fault.
            if call.endpoint == "forward_backward", call.number == 1 { return nil }
            var hash = StableHash(seed)
            hash.combine("\(call)")
            return hash.value % 5 == 0
                ? faults[Int(hash.value / 5 % UInt64(faults.count))] : nil
        }
        try check(
            try await killedAndResumed(harness, runs: "run"), against: try await expected())
        await checkOrder(harness.server)
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }
}
