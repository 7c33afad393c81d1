import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct TinkerBackendGenerationTests {
    private let place: TinkerPlace

    init() throws { place = try TinkerPlace() }

    private struct Answer: Equatable {
        var step: Int?
        var tokens: [TokenID]
        var stop: StopReason
    }

    private func answers(
        _ backend: some ResponseGenerator, _ requests: [Baking.GenerationRequest]
    ) async throws -> (answers: [String: Answer], failures: [String: String]) {
        var steps: [String: Int?] = [:]
        var tokens: [String: [TokenID]] = [:]
        var answers: [String: Answer] = [:]
        var failures: [String: String] = [:]
        for try await event in backend.generate(requests) {
            switch event {
            case .began(let id, let step): steps[id] = .some(step)
            case .token(let id, let token): tokens[id, default: []].append(token)
            case .finished(let response):
                #expect(response.tokens == tokens[response.id])
                answers[response.id] = Answer(
                    step: try #require(steps[response.id]), tokens: response.tokens,
                    stop: response.stop)
            case .failed(let id, let reason): failures[id] = reason
            case .text, .spent, .declined: Issue.record("\(event)")
            }
        }
        return (answers, failures)
    }

    @Test func `responses are those of the same model here`() async throws {
        let requests = try TinkerPlace.questions.map { try place.request($0, tokenCount: 16) }
        let there = try await answers(try place.backend(), requests).answers
        let here = try await answers(place.local, requests).answers
        #expect(there == here && there.count == 3)
    }

    @Test func `an adapter is off, on, or refused`() async throws {
        let examples = try await place.examples()
        let backend = try place.backend()
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        for _ in 0..<3 { _ = try await backend.step(examples, learningRate: 2e-2) }
        let saved = try place.folder("saved")
        try await backend.saveCheckpoint(to: saved, base: "")
        func ask(_ adapter: AdapterChoice) async throws -> Answer {
            let request = try place.request(
                "Hello!", prompt: nil, temperature: 0, adapter: adapter, tokenCount: 12)
            return try #require(try await answers(backend, [request]).answers["Hello!"])
        }
        let base = try await ask(.none)
        let training = try await ask(.training(strength: 1))
        let checkpoint = try await ask(.checkpoint(saved, strength: 1))
        #expect(training.tokens != base.tokens && training.step == 3 && checkpoint.step == nil)
        #expect(checkpoint.tokens == training.tokens)
        #expect(try await ask(.checkpoint(saved, strength: 0)) == base)
        #expect(try await ask(.training(strength: 0)).tokens == base.tokens)
        await #expect {
            _ = try await ask(.checkpoint(saved, strength: 0.5))
        } throws: { "\($0)".contains("strength 0.5") }
        // Replies at one step share a sampler, those after another step do not.
        let before = await place.engine.samplerCount
        _ = try await ask(.training(strength: 1))
        #expect(await place.engine.samplerCount == before)
        _ = try await backend.step(examples, learningRate: 1e-3)
        #expect(try await ask(.training(strength: 1)).step == 4)
        #expect(await place.engine.samplerCount == before + 1)
        // The adapter on this machine answers alike.
        try await backend.fetchAdapter(for: saved)
        let request = try place.request(
            "Hello!", prompt: nil, temperature: 0, adapter: .checkpoint(saved, strength: 1),
            tokenCount: 12)
        #expect(
            try await answers(place.local, [request]).answers["Hello!"]?.tokens
                == checkpoint.tokens)
    }

    @Test func `a response that cannot be is a failure of its own`() async throws {
        let changes: [(@Sendable (inout TinkerSample) -> Void, String)] = [
            ({ $0.tokens = [] }, "no tokens"),
            ({ $0.tokens[0] = 5000 }, "outside the vocabulary"),
            ({ $0.tokens += Array(repeating: 5, count: 20) }, "at most 16"),
            (
                { sample in
                    sample.tokens = [5, 6]; sample.endedByStop = true
                }, "not among its tokens"
            ),
        ]
        for (change, reason) in changes {
            let backend = try place.backend(
                .init(sample: { sample in
                    var sample = sample
                    change(&sample)
                    return sample
                }))
            let found = try await answers(
                backend, [try place.request("Hello!", tokenCount: 16)])
            #expect(found.answers.isEmpty)
            #expect(found.failures["Hello!"]?.contains(reason) == true)
        }
    }

    @Test func `a key that is refused ends everything`() async throws {
        let backend = try place.backend(
            .init(before: {
                if $0 == "sample" { throw TinkerError.unauthorized(variable: "TINKER_API_KEY") }
            }))
        await #expect(throws: TinkerError.unauthorized(variable: "TINKER_API_KEY")) {
            _ = try await answers(backend, [try place.request("Hello!")])
        }
    }

    @Test func `a conversation longer than the model reads is refused`() async throws {
        var request = try place.request("Hello!")
        request.context = Array(repeating: 1, count: 2047)
        let long = request
        let backend = try place.backend()
        await #expect(throws: BackendError.self) { _ = try await answers(backend, [long]) }
        request.context = Array(repeating: 1, count: 2045)
        request.maximumTokenCount = 100
        // As many tokens as there is room for.
        #expect(try await answers(backend, [request]).answers["Hello!"]?.tokens.count ?? 99 <= 2)
    }

    @Test func `a model is known by its name at the server and its tokenizer`() throws {
        let backend = try place.backend()
        #expect(backend.model.name == "tinker:Oven/Starter" && backend.model.family == "qwen3")
        #expect(backend.model.vocabularySize == 4096 && backend.model.contextLength == 2047)
        #expect(backend.model.arithmetic == "on Tinker" && backend.divergenceKind == .rest)
        let elsewhere = try place.backend(
            options: TinkerBackendOptions(server: "https://other.example"))
        #expect(elsewhere.model.hash == backend.model.hash)
        // The tokenizer's files are enough.
        let files = try place.folder("files")
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.copyItem(
                at: LocalBackendTests.starter.appending(path: name),
                to: files.appending(path: name))
        }
        let bare = try place.backend(
            probe: TinkerPlace.probe { $0.models = [] }, files: files)
        #expect(bare.model.hash == backend.model.hash && bare.model.family == "unknown")
        #expect(bare.warnings.contains { $0.contains("32768") })
        #expect(throws: BackendError.self) {
            try place.backend(probe: TinkerPlace.probe { $0.models = [TinkerModel(name: "Other")] })
        }
    }
}
