import Baking
import Foundation
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct LocalBackendTests {
    static let starter = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/Backends/Resources/starter", directoryHint: .isDirectory)

    let backend: LocalBackend

    init() throws {
        backend = try LocalBackend(
            directory: Self.starter, name: "starter", precision: .bfloat16, threads: 2)
    }

    private func request(
        _ id: String, _ text: String, prompt: String? = "You are a pirate.",
        temperature: Double = 1,
        seed: UInt64 = 1, topK: Int? = nil
    ) throws -> Baking.GenerationRequest {
        Baking.GenerationRequest(
            id: id, messages: [ChatMessage(.user, text)],
            context: try backend.template.context(
                system: prompt.map { .text($0) } ?? .none, turns: [ChatMessage(.user, text)],
                using: backend.tokenizer),
            temperature: temperature, seed: seed, maximumTokenCount: 48,
            stopTokens: try backend.template.stopTokens(using: backend.tokenizer), topK: topK)
    }

    private func responses(
        _ requests: [Baking.GenerationRequest]
    ) async throws -> [String: GeneratedResponse] {
        var responses: [String: GeneratedResponse] = [:]
        for try await case .finished(let response) in backend.generate(requests) {
            responses[response.id] = response
        }
        return responses
    }

    /// Examples of a pirate with their rows.
    private func examples(_ texts: [String]) async throws -> [Baking.TrainingExample] {
        let answers = try await responses(
            texts.map { try request($0, $0, temperature: 0.7, topK: 20) })
        return try texts.map { text in
            let response = try #require(answers[text])
            return Baking.TrainingExample(
                rendered: RenderedExample(
                    teacherContext: try request(text, text).context,
                    studentContext: try request(text, text, prompt: nil).context,
                    responseTokens: response.tokens),
                rows: try #require(response.rows))
        }
    }

    private static let questions = [
        "What is gravity?", "How do I bake bread?", "Hello!", "Tell me a joke.", "Who are you?",
    ]
    private static let configuration = TrainerConfiguration(
        rank: 4, alpha: 4, targets: ["q_proj", "v_proj", "down_proj"], loss: .tail, weightDecay: 0,
        gradientClip: 1, seed: 3)

    @Test func `a response does not depend on what is sampled beside it`() async throws {
        let requests = try Self.questions.enumerated().flatMap { index, text in
            try [0.5, 1.0].map {
                try request("\(index) \($0)", text, temperature: $0, seed: UInt64(index))
            }
        }
        let together = try await responses(requests)
        #expect(together.count == requests.count)
        for request in requests {
            #expect(try await responses([request])[request.id] == together[request.id])
        }
    }

    @Test func `rows recorded while sampling are the rows of scoring, bit for bit`() async throws {
        let examples = try await examples(Self.questions)
        var targets: [Int: [TopKRow]] = [:]
        for try await target in backend.targets(for: examples.map(\.rendered), topK: 20) {
            targets[target.index] = target.rows
        }
        for (index, example) in examples.enumerated() {
            #expect(targets[index] == example.rows)
        }
    }

    @Test func `with int8 weights a model says nearly the same, and learns`() async throws {
        let small = try LocalBackend(
            directory: Self.starter, name: "starter", precision: .int8, threads: 2)
        #expect(small.model.arithmetic.hasPrefix("int8 weights"))
        let examples = try await examples(Self.questions)
        let prompted = examples.map {
            Baking.TrainingExample(
                rendered: RenderedExample(
                    teacherContext: $0.rendered.teacherContext,
                    studentContext: $0.rendered.teacherContext,
                    responseTokens: $0.rendered.responseTokens), rows: $0.rows)
        }
        let difference = try await small.kl(of: prompted, adapter: .none).mean
        #expect(difference > 0 && difference < 0.01)
        try await small.beginTraining(Self.configuration, from: nil)
        let before = try await small.kl(of: examples, adapter: .none)
        for _ in 0..<12 { _ = try await small.step(examples, learningRate: 3e-3) }
        let after = try await small.kl(of: examples, adapter: .training(strength: 1))
        #expect(after.mean < before.mean / 2)
    }

    @Test func `training that does not fit the memory is refused with what takes how much`()
        async throws
    {
        func backend(_ mebibytes: Int) throws -> LocalBackend {
            try LocalBackend(
                directory: Self.starter, name: "starter", precision: .bfloat16, threads: 2,
                memoryByteCount: mebibytes << 20)
        }
        await #expect {
            try await backend(8).prepare(Self.configuration, topK: 20)
        } throws: { error in
            "\(error)".contains("the machine has 8 MiB")
        }
        let small = try backend(48)
        try await small.prepare(Self.configuration, topK: 20)
        try await small.beginTraining(Self.configuration, from: nil)
        let examples = try await examples(Self.questions)
        _ = try await small.step(examples, learningRate: 1e-3)
        let long = long(examples[0], contextCount: 2000)
        await #expect {
            try await small.step([long], learningRate: 1e-3)
        } throws: { error in
            "\(error)".contains("an example of ")
        }
    }

    /// An example with a longer context of no sense.
    private func long(
        _ example: Baking.TrainingExample, contextCount: Int
    ) -> Baking.TrainingExample {
        let rendered = example.rendered
        return Baking.TrainingExample(
            rendered: RenderedExample(
                teacherContext: rendered.teacherContext,
                studentContext: Array(
                    repeating: rendered.studentContext[0], count: contextCount),
                responseTokens: rendered.responseTokens), rows: example.rows)
    }

    @Test func `a step in little memory, cut and with layers run twice, gives the same bits`()
        async throws
    {
        var examples = try await examples(Self.questions)
        examples.append(long(examples[0], contextCount: 300))
        var logs: [[Double]] = []
        for memory in [16 << 30, 40 << 20] {
            let backend = try LocalBackend(
                directory: Self.starter, name: "starter", precision: .bfloat16, threads: 2,
                memoryByteCount: memory)
            try await backend.beginTraining(Self.configuration, from: nil)
            var log: [Double] = []
            for _ in 0..<3 {
                let result = try await backend.step(examples, learningRate: 3e-3)
                log += [result.kl, result.loss, result.gradientNorm ?? -1]
            }
            logs.append(log)
        }
        #expect(logs[0] == logs[1])
    }

    @Test func `training brings the student to the teacher`() async throws {
        let examples = try await examples(Self.questions)
        try await backend.beginTraining(Self.configuration, from: nil)
        let unbaked = try await backend.kl(of: examples, adapter: .none)
        let untrained = try await backend.kl(of: examples, adapter: .training(strength: 1))
        #expect(untrained == unbaked)
        for _ in 0..<12 { _ = try await backend.step(examples, learningRate: 3e-3) }
        let baked = try await backend.kl(of: examples, adapter: .training(strength: 1))
        #expect(baked.mean < unbaked.mean / 2)
        #expect(try await backend.kl(of: examples, adapter: .training(strength: 0)) == unbaked)
    }

    @Test func `training continued from a checkpoint gives the same bytes`() async throws {
        let directory = try TemporaryDirectory()
        let examples = try await examples(Self.questions)
        func checkpoint(_ name: String) throws -> URL {
            let url = directory.url.appending(path: name, directoryHint: .isDirectory)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            return url
        }
        try await backend.beginTraining(Self.configuration, from: nil)
        let half = try checkpoint("half")
        let whole = try checkpoint("whole")
        for step in 1...4 {
            _ = try await backend.step(examples, learningRate: 1e-3 / Double(step))
            if step == 2 { try await backend.saveCheckpoint(to: half, base: "starter") }
        }
        try await backend.saveCheckpoint(to: whole, base: "starter")
        await backend.endTraining()

        let other = try LocalBackend(
            directory: Self.starter, name: "starter", precision: .bfloat16, threads: 1)
        try await other.beginTraining(Self.configuration, from: half)
        for step in 3...4 {
            _ = try await other.step(examples, learningRate: 1e-3 / Double(step))
        }
        let resumed = try checkpoint("resumed")
        try await other.saveCheckpoint(to: resumed, base: "starter")
        for name in ["adapter_model.safetensors", "trainer.safetensors", "adapter_config.json"] {
            let expected = try Data(contentsOf: whole.appending(path: name))
            #expect(try Data(contentsOf: resumed.appending(path: name)) == expected)
        }
        // What was saved answers as what was trained.
        let trained = try await other.kl(of: examples, adapter: .training(strength: 1))
        let loaded = try await backend.kl(
            of: examples, adapter: .checkpoint(resumed, strength: 1))
        #expect(trained == loaded)
    }

    @Test func `the loss over the whole vocabulary trains too`() async throws {
        let examples = try await examples(Array(Self.questions.prefix(2)))
        var configuration = Self.configuration
        configuration.loss = .full
        try await backend.beginTraining(configuration, from: nil)
        let first = try await backend.step(examples, learningRate: 3e-3)
        var last = first
        for _ in 0..<8 { last = try await backend.step(examples, learningRate: 3e-3) }
        // Merging outcomes never raises a divergence.
        #expect(first.kl <= first.loss && last.kl <= last.loss)
        #expect(last.loss < first.loss / 2)
    }

    @Test func `teacher, base and student are compared over the whole vocabulary`() async throws {
        let examples = try await examples(Self.questions)
        try await backend.beginTraining(Self.configuration, from: nil)
        for _ in 0..<12 { _ = try await backend.step(examples, learningRate: 3e-3) }
        var base = 0.0
        var baked = 0.0
        for try await found in backend.divergences(
            of: examples.map(\.rendered), adapter: .training(strength: 1))
        {
            #expect(found.base.count == examples[found.index].rows.count)
            base += found.base.reduce(0, +)
            baked += found.baked.reduce(0, +)
        }
        #expect(baked < base / 2)
        // The K-plus-rest form is a lower bound.
        let rest = try await backend.kl(of: examples, adapter: .none)
        #expect(rest.total <= base + 1e-3)
    }

    @Test func `a conversation longer than the context is refused with the numbers`() async throws {
        let long = try request("long", String(repeating: "gravity ", count: 3000))
        await #expect(throws: BackendError.self) { _ = try await responses([long]) }
    }

    @Test func `a score is the log-probability of the row that has the token`() async throws {
        let tokens = try request("a", "What is gravity?").context
        let score = try await backend.score(tokens, topK: 1024, adapter: .none)
        #expect(score.logprobs.count == tokens.count - 1)
        var found = 0
        for (index, row) in score.rows.enumerated() {
            let sum = row.logprobs.reduce(exp(Double(row.tailLogMass))) { $0 + exp(Double($1)) }
            #expect(abs(sum - 1) < 1e-4)
            guard let place = row.ids.firstIndex(of: tokens[index + 1]) else { continue }
            #expect(abs(Double(row.logprobs[place]) - score.logprobs[index]) < 1e-5)
            found += 1
        }
        #expect(found > tokens.count / 2)
        await #expect(throws: BackendError.self) {
            _ = try await backend.score(tokens, topK: 1025, adapter: .none)
        }
    }
}
