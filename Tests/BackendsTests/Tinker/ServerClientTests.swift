import Baking
import Foundation
import ServiceSupport
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

/// The client and the server speak with each other over sockets, and the engine behind them does what it
/// does without them.
@Suite struct TinkerServerClientTests {
    private static let rate = 2e-3

    /// Sequences of 3 to 9 tokens with two targets each.
    private static func data(_ round: Int) -> [TinkerDatum] {
        var generator = SeededGenerator(seed: UInt64(round))
        var data: [TinkerDatum] = []
        for count in 3...9 {
            var tokens: [TokenID] = []
            for _ in 0..<count {
                tokens.append(TokenID(Int.random(in: 0..<900, using: &generator)))
            }
            var targets: [TokenID] = []
            var weights: [Float] = []
            for _ in 0..<2 * count {
                targets.append(TokenID(Int.random(in: 0..<900, using: &generator)))
                weights.append(Float.random(in: -0.2...1, using: &generator))
            }
            data.append(
                TinkerDatum(tokens: tokens, targets: targets, weights: weights, columnCount: 2))
        }
        return data
    }

    private static func adam(_ round: Int) -> TinkerAdam {
        TinkerAdam(
            learningRate: rate / Double(round), beta1: 0.9, beta2: 0.95, epsilon: 1e-8,
            weightDecay: 0, gradientClip: 1)
    }

    /// Trains rounds with a pass and a step each, everything on its way at once; the passes' results.
    private static func train(
        _ model: any TinkerTrainingModel, _ rounds: ClosedRange<Int>
    ) async throws -> [[[Float]]] {
        var passes: [TinkerPending<TinkerPassResult>] = []
        var steps: [TinkerPending<[String: Double]>] = []
        for round in rounds {
            passes.append(await model.pass(data(round), isTraining: true))
            steps.append(await model.step(adam(round)))
        }
        var found: [[[Float]]] = []
        for (pass, step) in zip(passes, steps) {
            found.append(try await pass.value.logprobs)
            _ = try await step.value
        }
        return found
    }

    private static let adapter = TinkerAdapter(rank: 4, seed: 9)

    /// What the engine finds by itself in rounds 1 to 4.
    private static func expected(_ base: String) async throws -> [[[Float]]] {
        let engine = try TinkerEngine(directory: LocalBackendTests.starter, base: base)
        return try await train(
            try await LocalTinkerService(engine).makeModel(base, adapter), 1...4)
    }

    enum Kind: String, CaseIterable { case production, strict, old, both }

    static func options(_ kind: Kind) -> TinkerServerOptions {
        switch kind {
        case .production: .production
        case .strict: .strict
        case .old: .old
        case .both: TinkerServerOptions()
        }
    }

    @Test(arguments: Kind.allCases)
    func `training over the network is training, bit for bit, and goes on after a restart`(
        kind: Kind
    ) async throws {
        let options = Self.options(kind)
        let expected = try await Self.expected(options.model)
        let harness = try await ServerHarness(options)
        let first = try await harness.client()
        let model = try await first.makeModel(options.model, Self.adapter)
        #expect(model.base == options.model)
        #expect(try await Self.train(model, 1...2) == Array(expected[..<2]))
        let path = try await model.saveState("step-2", lifetime: .seconds(86400)).value
        // What comes after the checkpoint is lost with the client.
        _ = try await Self.train(model, 1...1)

        let second = try await harness.client()
        let resumed = try await second.loadModel(from: path, withOptimizer: true)
        #expect(try await Self.train(resumed, 3...4) == Array(expected[2...]))
        await second.finish(.success)
        #expect(await harness.server.count(of: "optim_step") == 5)
        #expect(await harness.server.count(of: "forward_backward") == 5)
        #expect(await harness.server.complaints == [])
        if options.knowsNewFields { #expect(await harness.server.endings == ["success"]) }
        await harness.stop()
    }

    @Test func `a key that is exchanged is exchanged again when it ends`() async throws {
        var options = TinkerServerOptions()
        options.exchangesKey = true
        let harness = try await ServerHarness(options)
        let client = try await harness.client()
        let model = try await client.makeModel(options.model, Self.adapter)
        await harness.server.revokeTokens()
        _ = try await Self.train(model, 1...1)
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    /// Every kind of fault that a client must survive, now and then.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `faults change no result, and nothing is done twice`(seed: UInt64) async throws {
        let expected = try await Self.expected("Qwen/Qwen3-8B")
        let kinds: [TinkerServerFault] = [
            .refused, .lostAnswer, .cutAnswer, .status(500), .status(503), .status(408),
            .status(429, retryAfter: "1"),
        ]
        let harness = try await ServerHarness { call in
            // A protobuf body that fails at first says that the server does not know the dialect.
            let isFirstPass = call.endpoint == "forward_backward" && call.number == 1
            guard call.attempt <= 2, !isFirstPass, call.endpoint != "client/…" else { return nil }
            var hasher = StableHash(seed)
            hasher.combine("\(call)")
            let number = hasher.value
            return number % 3 == 0 ? kinds[Int(number / 3 % UInt64(kinds.count))] : nil
        }
        let client = try await harness.client()
        let model = try await client.makeModel("Qwen/Qwen3-8B", Self.adapter)
        #expect(try await Self.train(model, 1...2) == Array(expected[..<2]))
        let path = try await model.saveState("step-2", lifetime: nil).value
        let resumed = try await client.loadModel(from: path, withOptimizer: true)
        #expect(try await Self.train(resumed, 3...4) == Array(expected[2...]))
        #expect(await harness.server.count(of: "optim_step") == 4)
        #expect(await harness.server.count(of: "forward_backward") == 4)
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    @Test(arguments: [Kind.both, .strict, .old])
    func `a sample and its scores are the engine's`(kind: Kind) async throws {
        let options = Self.options(kind)
        let harness = try await ServerHarness(options)
        let client = try await harness.client()
        let local = LocalTinkerService(harness.engine)
        let model = try await client.makeModel(options.model, Self.adapter)
        _ = try await Self.train(model, 1...2)
        let path = try await model.saveSampler("sampler", lifetime: nil).value
        let request = TinkerSampleRequest(
            tokens: [5, 9, 200, 31, 7], maximumTokenCount: 6, temperature: 0.7, seed: 3,
            stopTokens: [1], scoresTokens: true, topK: 4, lastScored: 2)
        var scores: [[Float?]] = []
        for (ours, theirs) in [
            (
                try await client.makeSampler(.base(options.model)),
                TinkerSamplerSource.base(options.model)
            ),
            (
                try await client.makeSampler(.path(path)),
                .path("tinker://model-1/sampler_weights/sampler")
            ),
        ] {
            let found = try await ours.sample(request)
            var whole = request
            whole.lastScored = nil
            let expected = try await local.makeSampler(theirs).sample(whole)
            #expect(found.tokens == expected.tokens)
            #expect(found.endedByStop == expected.endedByStop)
            #expect(Array(found.logprobs.suffix(2)) == Array(expected.logprobs.suffix(2)))
            #expect(Array(found.topK.suffix(2)) == Array(expected.topK.suffix(2)))
            scores.append(Array(found.logprobs.suffix(2)))
        }
        #expect(scores[0] != scores[1])
        // Without a name: the present weights, which are the saved ones.
        let present = try await model.sampler().value.sample(request)
        #expect(Array(present.logprobs.suffix(2)) == scores[1])
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    @Test(arguments: [false, true])
    func `an adapter comes from another host, which does not see the key`(
        isCompressed: Bool
    ) async throws {
        var options = TinkerServerOptions()
        options.compressesArchives = isCompressed
        let harness = try await ServerHarness(options)
        let client = try await harness.client()
        let model = try await client.makeModel(options.model, Self.adapter)
        _ = try await Self.train(model, 1...1)
        let path = try await model.saveSampler("final", lifetime: nil).value
        let directory = try TemporaryDirectory()
        try await client.downloadAdapter(path, to: directory.url)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
        #expect(names.sorted() == ["adapter_config.json", "adapter_model.safetensors"])
        let expected = try TemporaryDirectory()
        try await harness.engine.download(
            "tinker://model-1/sampler_weights/final", to: expected.url)
        for name in names {
            let data = try Data(contentsOf: expected.url.appending(path: name))
            #expect(try Data(contentsOf: directory.url.appending(path: name)) == data)
        }
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    @Test func `checkpoints are listed page by page, end with their time and are deleted`()
        async throws
    {
        let options = TinkerServerOptions()
        let harness = try await ServerHarness(options)
        let client = try await harness.client()
        let model = try await client.makeModel(options.model, Self.adapter)
        var paths: [String] = []
        for name in ["a", "b", "c"] {
            paths.append(try await model.saveState(name, lifetime: .seconds(7200)).value)
        }
        let sampler = try await model.saveSampler("a-sampler", lifetime: nil).value
        let listed = try await client.checkpoints(of: nil)
        #expect(Set(listed.map(\.path)) == Set(paths + [sampler]))
        #expect(listed.first { $0.path == sampler }?.isForSampling == true)
        #expect(listed.first { $0.path == paths[0] }?.expires != nil)
        let expired = paths[1]
        await harness.server.expire(expired)
        try await client.deleteCheckpoint(paths[2])
        let rest = try await client.checkpoints(of: model.id)
        #expect(Set(rest.map(\.path)) == [paths[0], sampler])
        for path in [expired, paths[2], "tinker://nobody/weights/x"] {
            await #expect(throws: TinkerError.self) {
                _ = try await client.loadModel(from: path, withOptimizer: true)
            }
        }
        // What is gone need not be deleted.
        try await client.deleteCheckpoint(expired)
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    @Test func `capabilities are found out`() async throws {
        var options = TinkerServerOptions()
        let whole = try await ServerHarness(options)
        let probe = try await whole.client().probe(options.model)
        #expect(probe.dialect == .proto)
        #expect(probe.hasMatrixTargets.isYes)
        #expect(probe.hasTopK.isYes)
        #expect(probe.hasLastN.isYes)
        #expect(probe.models.map(\.name) == [options.model])
        #expect(await whole.server.complaints == [])
        await whole.stop()

        for (columns, hasTopK) in [(TinkerServerOptions.Columns.flat, false), (.cut, true)] {
            options = .old
            options.columns = columns
            options.hasTopK = hasTopK
            let lesser = try await ServerHarness(options)
            let probe = try await lesser.client().probe(options.model)
            #expect(probe.dialect == .json)
            // Flat numbers of the right count are a matrix all the same.
            #expect(probe.hasMatrixTargets.isYes == (columns == .flat))
            #expect(probe.hasTopK.isYes == hasTopK)
            #expect(!probe.hasLastN.isYes)
            #expect(await lesser.server.complaints == [])
            await lesser.stop()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a session is kept alive until it ends`() async throws {
        let harness = try await ServerHarness()
        let client = try await harness.client(heartbeats: .seconds(1))
        _ = try await client.makeModel(harness.server.options.model, Self.adapter)
        while await harness.server.heartbeatCount < 3 { await Task.yield() }
        await client.finish(.interrupted)
        #expect(await harness.server.endings == ["interrupted"])
        #expect(await harness.server.complaints == [])
        await harness.stop()
    }

    @Test func `a wrong key is told by the variable it is read from`() async throws {
        let harness = try await ServerHarness()
        let configuration = try TinkerConfiguration(
            base: await harness.server.url.absoluteString,
            key: try #require(Secret("tml-wrong")))
        let client = TinkerClient(
            configuration: configuration, caller: HTTPCaller(transport: HTTPClient()))
        await #expect(throws: TinkerError.unauthorized(variable: "TINKER_API_KEY")) {
            _ = try await client.makeModel("Qwen/Qwen3-8B", Self.adapter)
        }
        await harness.stop()
    }
}
