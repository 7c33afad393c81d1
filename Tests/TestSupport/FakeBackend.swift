package import Baking
package import Foundation
import Synchronization
package import Transformer

/// A backend whose model is a hash: every answer depends on what is asked and on nothing else.
///
/// Its student has one weight per example of a batch that it saw; training moves it so that the
/// divergence falls. Anything can be interrupted: `onCall` runs before every piece of work.
package final class FakeBackend: ResponseGenerator, TargetScorer, StudentTrainer, DivergenceMeter {
    /// Knobs of the pseudo-model.
    package struct Behaviour: Sendable {
        /// Of the model; another name or hash is another model.
        package var hash = "model"
        package var contextLength = 4096
        /// Whether rows are captured while sampling.
        package var capturesRows = true
        /// Whether responses and targets come last first.
        package var reversed = false
        /// Responses as the test wants them; nil is the pseudo-model's own.
        package var respond: @Sendable (Baking.GenerationRequest) -> [TokenID]? = { _ in nil }
        /// Requests that fail.
        package var fails: @Sendable (Baking.GenerationRequest) -> Bool = { _ in false }
        /// Makes step n's numbers infinite.
        package var divergesAt: Int?
        package init() {}
    }

    /// What is being trained.
    private struct Student: Codable {
        var configuration: TrainerConfiguration
        var step = 0
        var weights: [Double]
    }

    package let behaviour: Behaviour
    private let onCall: @Sendable (String) throws -> Void
    private let student = Mutex<Student?>(nil)
    private let log = Mutex<[String]>([])

    package init(
        _ behaviour: Behaviour = Behaviour(),
        onCall: @escaping @Sendable (String) throws -> Void = { _ in }
    ) {
        self.behaviour = behaviour
        self.onCall = onCall
        do {
            template = try ChatTemplate(
                text: """
                    {% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + \
                    message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}\
                    {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
                    """, bosToken: nil, eosToken: "<|im_end|>")
        } catch {
            preconditionFailure("plain ChatML is a known template: \(error)")
        }
    }

    /// Every piece of work asked for so far.
    package var calls: [String] { log.withLock { $0 } }

    private func call(_ what: String) throws {
        log.withLock { $0.append(what) }
        try onCall(what)
    }

    // MARK: Backend

    package var model: ModelDescription {
        ModelDescription(
            name: "fake", hash: behaviour.hash, family: "fake", parameterCount: 2,
            contextLength: behaviour.contextLength, vocabularySize: 258, arithmetic: "hashes")
    }
    package let tokenizer: any Tokenizer = ByteTokenizer()
    package let template: ChatTemplate
    package let capabilities: Set<Capability> = [.generate, .score, .train, .measure]

    // MARK: ResponseGenerator

    package func generate(
        _ requests: [Baking.GenerationRequest]
    ) -> AsyncThrowingStream<Baking.GenerationEvent, any Error> {
        AsyncThrowingStream { [self] emit in
            for request in behaviour.reversed ? requests.reversed() : requests {
                try Task.checkCancellation()
                try call("response")
                if behaviour.fails(request) {
                    emit(.failed(id: request.id, reason: "the service said no"))
                    continue
                }
                emit(.began(id: request.id, step: step(of: request.adapter)))
                let whole = behaviour.respond(request) ?? response(request) + [ByteTokenizer.end]
                let tokens = Array(whole.prefix(request.maximumTokenCount))
                let captured = request.topK.map { topK in
                    rows(tokens, after: request.context, topK: topK)
                }
                for token in tokens { emit(.token(id: request.id, token: token)) }
                emit(
                    .finished(
                        GeneratedResponse(
                            id: request.id, tokens: tokens,
                            stop: tokens.last == ByteTokenizer.end ? .end : .length,
                            rows: behaviour.capturesRows ? captured : nil)))
            }
        }
    }

    private func step(of adapter: AdapterChoice) -> Int? {
        guard case .training = adapter else { return nil }
        return student.withLock { $0?.step }
    }

    private func response(_ request: Baking.GenerationRequest) -> [TokenID] {
        var random = Random(hash: request.context.map(\.rawValue))
        if request.temperature > 0 { random.mix(request.seed) }
        if case .checkpoint(let url, let strength) = request.adapter {
            random.mix(UInt64(url.lastPathComponent.utf8.reduce(0) { Int($0) + Int($1) }))
            random.mix(strength.bitPattern)
        }
        return (0..<12 + random.next(below: 20)).map { index in
            TokenID(index % 6 == 5 ? 32 : 97 + random.next(below: 26))
        }
    }

    // MARK: TargetScorer

    package func targets(
        for examples: [RenderedExample], topK: Int
    ) -> AsyncThrowingStream<ScoredTarget, any Error> {
        AsyncThrowingStream { [self] emit in
            let indices = Array(examples.indices)
            for index in behaviour.reversed ? indices.reversed() : indices {
                try Task.checkCancellation()
                try call("target")
                let example = examples[index]
                emit(
                    ScoredTarget(
                        index: index,
                        rows: rows(
                            example.responseTokens, after: example.teacherContext, topK: topK)
                    ))
            }
        }
    }

    private func rows(_ response: [TokenID], after context: [TokenID], topK: Int) -> [TopKRow] {
        var random = Random(hash: context.map(\.rawValue))
        return response.map { token in
            random.mix(UInt64(token.index))
            let first = random.next(below: 258 - topK)
            let tail = -Float(1 + random.next(below: 5))
            return TopKRow(
                ids: (0..<topK).map { TokenID(first + $0) },
                logprobs: (0..<topK).map { -Float($0 + 1) / 2 }, tailLogMass: tail)
        }
    }

    // MARK: StudentTrainer

    package func beginTraining(
        _ configuration: TrainerConfiguration, from checkpoint: URL?
    ) async throws {
        try call("begin")
        if let checkpoint {
            let file = checkpoint.appending(path: "trainer.safetensors")
            do {
                let saved = try JSONDecoder().decode(Student.self, from: Data(contentsOf: file))
                student.withLock { $0 = saved }
            } catch {
                throw BackendError.checkpoint(path: file.path, why: "it is damaged")
            }
        } else {
            student.withLock {
                $0 = Student(
                    configuration: configuration, weights: [Double(configuration.seed), 0])
            }
        }
    }

    package func step(
        _ batch: [Baking.TrainingExample], learningRate: Double
    ) async throws -> StepResult {
        try call("step")
        let tokens = batch.reduce(0) { $0 + $1.rendered.responseTokens.count }
        let (step, progress) = student.withLock { student in
            for example in batch {
                // Neither commutative nor independent of the rate: order and schedule show.
                var random = Random(hash: example.rendered.responseTokens.map(\.rawValue))
                random.mix(UInt64(example.rendered.studentContext.count))
                let gradient = Double(random.next(below: 1000)) / 1000
                student?.weights[0] *= 1 - learningRate * 10
                student?.weights[0] += gradient * learningRate
            }
            student?.weights[1] += learningRate * 1000
            student?.step += 1
            return (student?.step ?? 0, student?.weights[1] ?? 0)
        }
        let kl = behaviour.divergesAt == step ? Double.infinity : exp(-progress)
        return StepResult(kl: kl, loss: kl, gradientNorm: 1, tokenCount: tokens)
    }

    package func kl(
        of examples: [Baking.TrainingExample], adapter: AdapterChoice
    ) async throws -> KLSum {
        try call("kl")
        let tokens = examples.reduce(0) { $0 + $1.rendered.responseTokens.count }
        let progress = student.withLock { $0?.weights[1] ?? 0 }
        let scale = adapter == .none ? 1 : exp(-progress)
        return KLSum(total: 2 * scale * Double(tokens), tokenCount: tokens)
    }

    package func saveCheckpoint(to directory: URL, base: String) async throws {
        try call("save")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let state = try encoder.encode(student.withLock { $0 })
        try state.write(to: directory.appending(path: "adapter_model.safetensors"))
        try call("save, half done")
        try state.write(to: directory.appending(path: "trainer.safetensors"))
        try Data("{\"base\": \"\(base)\"}".utf8).write(
            to: directory.appending(path: "adapter_config.json"))
    }

    package func endTraining() async { student.withLock { $0 = nil } }

    package func estimate(
        for batch: [Baking.TrainingExample], rank: Int
    ) async throws -> StepEstimate {
        let tokens = batch.reduce(0) { $0 + $1.rendered.responseTokens.count }
        return StepEstimate(seconds: Double(tokens) / 1000, peakByteCount: tokens * rank)
    }

    // MARK: DivergenceMeter

    package let divergenceKind = DivergenceKind.full

    package func divergences(
        of examples: [RenderedExample], adapter: AdapterChoice
    ) -> AsyncThrowingStream<Divergence, any Error> {
        AsyncThrowingStream { [self] emit in
            let strength = if case .checkpoint(_, let strength) = adapter { strength } else { 0.0 }
            for (index, example) in examples.enumerated() {
                try Task.checkCancellation()
                try call("divergence")
                var random = Random(hash: example.studentContext.map(\.rawValue))
                let base = example.responseTokens.map { _ in
                    0.5 + Double(random.next(below: 100)) / 100
                }
                emit(
                    Divergence(
                        index: index, base: base,
                        baked: base.map { $0 * (1 - 0.9 * strength) },
                        baseAgrees: base.map { $0 < 0.75 }, bakedAgrees: base.map { $0 < 1.25 }))
            }
        }
    }
}

/// Numbers that depend on what was mixed in alone (FNV-1a, then a linear congruence).
private struct Random {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    init(hash numbers: [Int32]) {
        for number in numbers { mix(UInt64(bitPattern: Int64(number))) }
    }

    mutating func mix(_ number: UInt64) { state = (state ^ number) &* 0x100_0000_01B3 }

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
