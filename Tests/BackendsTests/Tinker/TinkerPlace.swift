import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing
import Transformer

@testable import Backends

/// A server in memory, and the same model on this machine.
struct TinkerPlace {
    static let name = "Oven/Starter"
    static let server = "https://tinker.example/prod"

    let engine: TinkerEngine
    let local: LocalBackend
    let clock = SetClock()
    let notices = TinkerNotices()
    let directory: TemporaryDirectory

    /// - Parameter alpha: The server's, for a bake like that on this machine.
    init(alpha: Double = 4) throws {
        engine = try TinkerEngine(
            directory: LocalBackendTests.starter, base: Self.name, alpha: alpha,
            isPrecise: true, clock: clock)
        local = try LocalBackend(
            directory: LocalBackendTests.starter, name: "starter", precision: .stored, threads: 2)
        directory = try TemporaryDirectory()
    }

    static let probe = TinkerProbe(
        dialect: .proto,
        models: [TinkerModel(name: name, contextLength: 2048, isTrainable: true)],
        hasMatrixTargets: .yes, hasTopK: .yes, hasPromptLogprobs: .yes, promptLogprobCount: 4,
        hasLastN: .yes)

    /// A server of which `change` knows better.
    static func probe(_ change: (inout TinkerProbe) -> Void) -> TinkerProbe {
        var probe = probe
        change(&probe)
        return probe
    }

    func backend(
        _ alteration: AlteredTinkerService.Alteration? = nil, probe: TinkerProbe = probe,
        options: TinkerBackendOptions = TinkerBackendOptions(server: server),
        files: URL = LocalBackendTests.starter
    ) throws -> TinkerBackend {
        let service = LocalTinkerService(engine)
        return try TinkerBackend(
            service: alteration.map { AlteredTinkerService(service, $0) } ?? service,
            name: "tinker:\(Self.name)", remoteName: Self.name, directory: files, probe: probe,
            options: options, clock: clock, notify: notices.add)
    }

    /// A new directory.
    func folder(_ name: String) throws -> URL {
        let url = directory.url.appending(path: name, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    static let questions = ["What is gravity?", "Hello!", "Tell me a joke."]

    static func configuration(_ loss: Baking.LossKind = .tail) -> TrainerConfiguration {
        TrainerConfiguration(
            rank: 4, alpha: 4, targets: AdapterTarget.block.map(\.rawValue).sorted(), loss: loss,
            weightDecay: 0.01, gradientClip: 0.2, seed: 3)
    }

    func request(
        _ text: String, prompt: String? = "You are a pirate.", temperature: Double = 0.7,
        topK: Int? = nil, adapter: AdapterChoice = .none, tokenCount: Int = 24
    ) throws -> Baking.GenerationRequest {
        Baking.GenerationRequest(
            id: text, messages: [ChatMessage(.user, text)],
            context: try local.template.context(
                system: prompt.map { .text($0) } ?? .none, turns: [ChatMessage(.user, text)],
                using: local.tokenizer),
            temperature: temperature, seed: 7, maximumTokenCount: tokenCount,
            stopTokens: try local.template.stopTokens(using: local.tokenizer), topK: topK,
            adapter: adapter)
    }

    /// Examples of a pirate with rows made on this machine.
    func examples() async throws -> [Baking.TrainingExample] {
        var answers: [String: GeneratedResponse] = [:]
        let requests = try Self.questions.map { try request($0, topK: 20) }
        for try await case .finished(let response) in local.generate(requests) {
            answers[response.id] = response
        }
        return try Self.questions.map { text in
            let answer = try #require(answers[text])
            return Baking.TrainingExample(
                rendered: RenderedExample(
                    teacherContext: try request(text).context,
                    studentContext: try request(text, prompt: nil).context,
                    responseTokens: answer.tokens),
                rows: try #require(answer.rows))
        }
    }

    /// Some steps, then the adapter.
    func bake(
        _ trainer: some StudentTrainer, _ examples: [Baking.TrainingExample],
        _ configuration: TrainerConfiguration, steps: Int = 4, to name: String
    ) async throws -> (results: [StepResult], adapter: AdapterFile) {
        try await trainer.beginTraining(configuration, from: nil)
        var results: [StepResult] = []
        for step in 1...steps {
            results.append(try await trainer.step(examples, learningRate: 2e-3 / Double(step)))
        }
        return (results, try await adapter(of: trainer, to: name))
    }

    /// The adapter as files say it.
    func adapter(of trainer: some StudentTrainer, to name: String) async throws -> AdapterFile {
        let place = try folder(name)
        try await trainer.saveCheckpoint(to: place, base: Self.name)
        try await trainer.fetchAdapter(for: place)
        return try AdapterFile(
            directory: place.path,
            model: ModelConfiguration(
                path: LocalBackendTests.starter.appending(path: "config.json").path))
    }
}

extension AdapterFile {
    /// |left − right| / |right| over all B, which are zero before training.
    func distance(to other: AdapterFile) -> Double {
        var difference = 0.0
        var length = 0.0
        #expect(Set(matrices.keys) == Set(other.matrices.keys))
        for (place, pair) in matrices {
            for (left, right) in zip(pair.b, other.matrices[place]?.b ?? []) {
                difference += (Double(left) - Double(right)) * (Double(left) - Double(right))
                length += Double(right) * Double(right)
            }
        }
        return (difference / length).squareRoot()
    }
}
