public import Baking
public import Foundation
public import Transformer

/// A checkpoint directory in Hugging Face layout on this machine's processor.
public struct LocalBackend: Backend {
    /// What is loaded.
    public let model: ModelDescription
    /// That of `tokenizer.json`.
    public let tokenizer: any Tokenizer
    /// Recognised from the template's text.
    public let template: ChatTemplate
    /// All there are.
    public let capabilities: Set<Capability> = [.generate, .score, .train, .measure]
    /// What a person should know of the files: a doubtful tokenizer, rounded weights.
    public let warnings: [String]
    let engine: LocalEngine

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - name: As the setting names it; stands in run records and errors.
    ///   - precision: How exactly weights are kept.
    ///   - threads: At least 1.
    ///   - isBackground: Whether the engine's threads let all others of the machine go first, so that
    ///     an interface stays quick.
    ///   - memoryByteCount: What there is to work in.
    /// - Throws: The error of whichever file is at fault.
    public init(
        directory: URL, name: String, precision: WeightPrecision, threads: Int,
        isBackground: Bool = false,
        memoryByteCount: Int = Int(ProcessInfo.processInfo.physicalMemory)
    ) throws {
        let files = try ModelFiles(path: directory.path)
        let tokenizerFile = try TokenizerFile(directory: directory)
        try tokenizerFile.tokenizer.requireFit(rowCount: files.configuration.vocabularySize)
        let template = try ChatTemplate(directory: directory)
        let pool = ThreadPool(threads: threads, isBackground: isBackground)
        let decoder = try Transformer.Decoder(files.configuration, precision: precision, pool: pool)
        {
            try StoredWeight(files.tensor($0))
        }
        let shapes = files.configuration.tensorShapes
        let stored = try files.tensor("model.embed_tokens.weight").dtype
        var warnings = tokenizerFile.warnings
        if precision == .bfloat16, stored != .bf16 {
            warnings.append(
                "weights stored as \(stored.rawValue) are rounded to bf16; --precise keeps them")
        }
        self.warnings = warnings
        let arithmetic = precision == .stored ? stored.rawValue.lowercased() : precision.name
        model = ModelDescription(
            name: name, hash: try files.identity(), family: files.configuration.family.rawValue,
            parameterCount: shapes.reduce(0) { $0 + $1.shape.reduce(1, *) },
            contextLength: files.configuration.maximumPositionCount,
            vocabularySize: files.configuration.vocabularySize,
            arithmetic: "\(arithmetic) weights, "
                + "\(pool.tier) kernels, \(threads) thread\(threads == 1 ? "" : "s")")
        tokenizer = tokenizerFile.tokenizer
        self.template = template
        engine = LocalEngine(
            decoder: decoder, name: name, isBackground: isBackground,
            memoryByteCount: memoryByteCount)
    }

    /// The log-probability of every token of a sequence given those before it, and the `topK`
    /// likeliest tokens at each place; entry i is about token i + 1.
    public func score(
        _ sequence: [TokenID], topK: Int, adapter: AdapterChoice
    ) async throws -> (logprobs: [Double], rows: [TopKRow]) {
        try await engine.score(sequence, topK: topK, adapter: adapter)
    }
}

extension LocalBackend: ResponseGenerator {
    /// Many sequences at once; what contexts have in common is computed once. Where all requests are
    /// conversational they do not wait for long work to end: they get up to half of its time.
    public func generate(
        _ requests: [Baking.GenerationRequest]
    ) -> AsyncThrowingStream<Baking.GenerationEvent, any Error> {
        guard requests.allSatisfy(\.isConversational) else {
            return AsyncThrowingStream { try await engine.generate(requests, emit: $0) }
        }
        return AsyncThrowingStream { continuation in
            let reply = Reply(requests, continuation)
            continuation.onTermination = { _ in reply.cancel() }
            engine.inbox.add(reply)
            Task { await engine.finish(reply) }
        }
    }
}

extension LocalBackend: TargetScorer {
    /// In passes that share what all teacher contexts begin with.
    public func targets(
        for examples: [RenderedExample], topK: Int
    ) -> AsyncThrowingStream<ScoredTarget, any Error> {
        AsyncThrowingStream { try await engine.targets(for: examples, topK: topK, emit: $0) }
    }
}

extension LocalBackend: StudentTrainer {
    /// Refuses what does not fit into the memory.
    public func prepare(_ configuration: TrainerConfiguration, topK: Int) async throws {
        try await engine.prepare(configuration)
    }

    /// Takes the place of an adapter being trained.
    public func beginTraining(
        _ configuration: TrainerConfiguration, from checkpoint: URL?
    ) async throws {
        try await engine.beginTraining(configuration, from: checkpoint)
    }

    /// Cut into micro-batches that fit the memory; the cut changes no bit.
    public func step(
        _ batch: [Baking.TrainingExample], learningRate: Double
    ) async throws -> StepResult {
        try await engine.step(batch, learningRate: learningRate)
    }

    /// In passes like those of a step, without gradient.
    public func kl(
        of examples: [Baking.TrainingExample], adapter: AdapterChoice
    ) async throws -> KLSum {
        try await engine.kl(of: examples, adapter: adapter)
    }

    /// The adapter in float32 and the optimiser's moments.
    public func saveCheckpoint(to directory: URL, base: String) async throws {
        try await engine.saveCheckpoint(to: directory, base: base)
    }

    /// Frees adapter, gradient and moments.
    public func endTraining() async { await engine.endTraining() }

    /// Times one example and scales by tokens; memory follows from the shapes.
    public func estimate(
        for batch: [Baking.TrainingExample], rank: Int
    ) async throws -> StepEstimate {
        try await engine.estimate(for: batch, rank: rank)
    }
}

extension LocalBackend: DivergenceMeter {
    /// The whole vocabulary.
    public var divergenceKind: DivergenceKind { .full }

    /// The teacher's logits are made once for base and student.
    public func divergences(
        of examples: [RenderedExample], adapter: AdapterChoice
    ) -> AsyncThrowingStream<Divergence, any Error> {
        AsyncThrowingStream {
            try await engine.divergences(of: examples, adapter: adapter, emit: $0)
        }
    }
}
