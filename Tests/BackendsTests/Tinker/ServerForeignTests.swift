import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing
import Transformer

@testable import Backends

/// Our server with a client of others, and our client with a server of others. Neither is there on every
/// machine: `OVEN_TINKER_SDK` is a Python with `tinker` 0.25.0, `OVEN_TUFT_URL` the address of a TuFT 0.2.2
/// that `Fixtures/tinker/tuft/serve.py` has started.
@Suite struct TinkerServerForeignTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/tinker")

    private struct Found: Decodable {
        var models: [String]
        var base: String
        var passes: [[[Float]]]
        var loss: Double
        var forward: [[Float]]
        var paths: [String]
        var samples: [[Int32]]
        var promptLogprobs: [Float?]
        var topK: [[[Double]]?]
        var resumed: [[Float]]
        var listed: [String]
        var archive: String
        var left: [String]
    }

    @Test(.enabled(if: environment["OVEN_TINKER_SDK"] != nil))
    func `the SDK trains and samples on the server of the tests`() async throws {
        let python = try #require(Self.environment["OVEN_TINKER_SDK"])
        let options = TinkerServerOptions.production
        let harness = try await ServerHarness(options)
        let directory = try TemporaryDirectory()
        let output = directory.url.appending(path: "out")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [Self.fixtures.appending(path: "sdk/drive.py").path, options.model]
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": directory.url.path,
            "TINKER_BASE_URL": await harness.server.url.absoluteString,
            "TINKER_API_KEY": options.key,
        ]
        process.standardOutput = try FileHandle(forWritingTo: output)
        await withCheckedContinuation { continuation in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
            } catch {
                Issue.record(error)
                continuation.resume()
            }
        }
        try #require(process.terminationStatus == 0)
        let found = try JSONDecoder().decode(Found.self, from: try Data(contentsOf: output))
        #expect(found.models == [options.model])
        #expect(found.base == options.model)

        // The same by the engine alone.
        let service = LocalTinkerService(
            try TinkerEngine(directory: LocalBackendTests.starter, base: options.model))
        let model = try await service.makeModel(
            options.model, TinkerAdapter(rank: 4, seed: 1))
        let targets: [TokenID] = [9, 0, 200, 7, 31, 8, 40, 2]
        let weights: [Float] = [0, 0, 0.5, -0.25, 0.25, 0.125, 1, -0.5]
        let matrix = TinkerDatum(
            tokens: [5, 9, 200, 31], targets: targets, weights: weights, columnCount: 2)
        let vector = TinkerDatum(
            tokens: [5, 9, 200, 31], targets: [9, 200, 31, 40], weights: [0, 0.5, 0.25, 1],
            columnCount: nil)
        for logprobs in found.passes {
            let pass = try await model.pass([matrix, vector], isTraining: true).value
            #expect(logprobs == pass.logprobs)
            _ = try await model.step(
                TinkerAdam(
                    learningRate: 0.02, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0,
                    gradientClip: 0)
            ).value
        }
        let forward = try await model.pass([matrix], isTraining: false).value.logprobs
        #expect(found.forward == forward)
        #expect(found.resumed == forward)
        let sampler = try await model.sampler().value
        let sample = try await sampler.sample(
            TinkerSampleRequest(
                tokens: [5, 9, 200, 31, 7], maximumTokenCount: 6, temperature: 0.7, seed: 3,
                stopTokens: [1], scoresTokens: true, topK: 4))
        #expect(found.samples.first == sample.tokens.map(\.rawValue))
        #expect(found.promptLogprobs == sample.logprobs)
        #expect(
            found.topK.map { $0?.map { Float($0[1]) } }
                == sample.topK.map { $0?.map(\.logprob) })
        #expect(found.listed == found.paths.sorted { $0 < $1 })
        #expect(found.left == [found.paths[1]])
        #expect(found.archive.contains("/files/"))
        #expect(await harness.server.complaints == [])
        #expect(await harness.server.count(of: "optim_step") == 2)
        await harness.stop()
    }

    // MARK: TuFT

    private static func tuft() throws -> TinkerClient {
        let base = try #require(environment["OVEN_TUFT_URL"])
        var configuration = try TinkerConfiguration(
            base: base, key: try #require(Secret("tml-loopback")))
        configuration.heartbeatInterval = nil
        return TinkerClient(
            configuration: configuration,
            caller: HTTPCaller(transport: HTTPClient(), clock: QuickClock()))
    }

    private static let datum = TinkerDatum(
        tokens: [5, 6, 7, 8], targets: [6, 7, 8, 9], weights: [0, 0.5, 0.5, 0.5],
        columnCount: nil)
    private static let adam = TinkerAdam(
        learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0,
        gradientClip: 1)

    @Test(.enabled(if: environment["OVEN_TUFT_URL"] != nil))
    func `TuFT's toy engine is seen through`() async throws {
        let client = try Self.tuft()
        let name = try #require(try await client.models().first?.name)
        let probe = try await client.probe(name)
        #expect(probe.dialect == .proto)
        // Its log-probabilities come from the mean of all targets, so that a second column changes
        // the first; and the likeliest two tokens have more than all of the probability.
        #expect(!probe.hasMatrixTargets.isYes)
        #expect(!probe.hasTopK.isYes)
        #expect(!probe.hasLastN.isYes)
        await client.finish(.success)
    }

    @Test(.enabled(if: environment["OVEN_TUFT_URL"] != nil))
    func `TuFT trains, saves, goes on with another client, lists and deletes`() async throws {
        let client = try Self.tuft()
        let name = try #require(try await client.models().first?.name)
        let model = try await client.makeModel(name, TinkerAdapter(rank: 8, seed: 1))
        #expect(model.base == name)
        var steps: [Double] = []
        for _ in 0..<3 {
            let pass = await model.pass([Self.datum, Self.datum], isTraining: true)
            let step = await model.step(Self.adam)
            #expect(try await pass.value.logprobs.map(\.count) == [4, 4])
            steps.append(try #require(try await step.value["step:max"]))
        }
        // Whoever tests before shares the toy's counter.
        #expect(steps[2] - steps[0] == 2)
        let state = try await model.saveState("step-3", lifetime: .seconds(86400)).value
        let sampler = try await model.saveSampler("step-3-sampler", lifetime: nil).value

        // The first client is dead.
        let other = try Self.tuft()
        let resumed = try await other.loadModel(from: state, withOptimizer: true)
        _ = try await resumed.pass([Self.datum], isTraining: true).value
        let next = try await resumed.step(Self.adam).value
        #expect(next["step:max"] == steps[2] + 1)
        let sample = try await other.makeSampler(.path(sampler)).sample(
            TinkerSampleRequest(
                tokens: [5, 6, 7], maximumTokenCount: 3, temperature: 0.7, seed: 1,
                stopTokens: [1], scoresTokens: true, topK: 1))
        #expect(sample.tokens == [8, 9, 10])
        #expect(!sample.endedByStop)
        #expect(sample.topK.last??.count == 1)
        _ = try await resumed.sampler().value.sample(
            TinkerSampleRequest(tokens: [1, 2], maximumTokenCount: 1, temperature: 1))

        let listed = try await other.checkpoints(of: model.id)
        #expect(Set(listed.map(\.path)) == [state, sampler])
        // It hands out a path of its own machine, which is no address to fetch from.
        let directory = try TemporaryDirectory()
        await #expect(throws: TinkerError.self) {
            try await other.downloadAdapter(sampler, to: directory.url)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path).isEmpty)
        try await other.deleteCheckpoint(state)
        try await other.deleteCheckpoint(sampler)
        #expect(try await other.checkpoints(of: model.id).isEmpty)
        await other.finish(.success)
    }
}
