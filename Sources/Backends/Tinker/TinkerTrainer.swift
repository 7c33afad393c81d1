internal import Baking
internal import Foundation
internal import Transformer

/// Owns the models at the server that belong to a bake: the one in training, and those that a
/// comparison needs.
actor TinkerTrainer {
    let context: TinkerContext
    private let scoring: TinkerScoring
    var training: Training?
    /// A LoRA model without training is the base model, since its B is zero.
    private var base: Task<any TinkerTrainingModel, any Error>?
    /// Of a checkpoint that is compared.
    private var loaded: (path: String, model: Task<any TinkerTrainingModel, any Error>)?
    /// The teacher's rows of a comparison, which is made for several student contexts.
    private var teacherRows: [TeacherKey: [TopKRow]] = [:]

    /// What is being trained.
    struct Training {
        let configuration: TrainerConfiguration
        let model: any TinkerTrainingModel
        /// Steps the model has been sent.
        var step: Int
        /// Why its numbers are not known any more.
        var broken: String?
        /// Whether the server was asked to save it.
        var isSaved = false
        /// Whether a person knows that examples are sent several times.
        var warnedOfSplit = false
        /// The newest sampler of it.
        var sampler: (step: Int, making: Task<any TinkerSampler, any Error>)?
    }

    private struct TeacherKey: Hashable {
        var context: [TokenID]
        var response: [TokenID]
    }

    init(_ context: TinkerContext, _ scoring: TinkerScoring) {
        self.context = context
        self.scoring = scoring
    }

    // MARK: Beginning and end

    /// Makes a model, or loads that of a checkpoint with its optimiser.
    func beginTraining(_ configuration: TrainerConfiguration, from checkpoint: URL?) async throws {
        try Self.require(configuration.loss)
        let adapter = try TinkerAdapter(
            targets: configuration.targets, rank: configuration.rank,
            seed: Int(seed: configuration.seed))
        await endTraining()
        if let checkpoint {
            let file = try context.checkpoint(in: checkpoint)
            let model = try await load(file, from: checkpoint)
            training = Training(configuration: configuration, model: model, step: file.step)
            return
        }
        // Servers take 32 as far as is known; only a downloaded adapter says.
        if configuration.alpha != 32 {
            context.warn(
                "alpha \(configuration.alpha.formatted()) is not sent: the server chooses LoRA's "
                    + "alpha, usually 32; the adapter says which when it is fetched")
        }
        let model = try await context.service.makeModel(context.remoteName, adapter)
        training = Training(configuration: configuration, model: model, step: 0)
    }

    /// Unloads the model in training, unless it was saved: there are servers that forget a model's
    /// checkpoints with it. It goes with the session.
    func endTraining() async {
        guard let training else { return }
        self.training = nil
        if !training.isSaved { await training.model.unload() }
    }

    /// Unloads all models.
    func close() async {
        await endTraining()
        await closeBase()
        await closeLoaded()
    }

    private func closeBase() async {
        guard let base else { return }
        self.base = nil
        // One that could not be made need not be unloaded.
        if let model = try? await base.value { await model.unload() }
    }

    private func closeLoaded() async {
        guard let loaded else { return }
        self.loaded = nil
        if let model = try? await loaded.model.value { await model.unload() }
    }

    /// The model in training, refused once its numbers are not known.
    func current() throws -> Training {
        guard let training else { throw BackendError.notTraining }
        if let why = training.broken { throw TinkerError.streamBroken(why: why) }
        return training
    }

    /// - Throws: ``BackendError`` when a server cannot minimise `loss`.
    static func require(_ loss: Baking.LossKind) throws(BackendError) {
        guard loss == .full else { return }
        throw .refused(
            what: "a server does not tell the whole vocabulary, which the loss full is over",
            remedy: "use the loss tail")
    }

    /// Refuses several targets per position where the server takes one.
    nonisolated func requireColumns(_ count: Int, _ probe: TinkerProbe) throws(BackendError) {
        guard count > 1, !context.options.allowsSplitTargets,
            case .no(let reason) = probe.hasMatrixTargets
        else { return }
        throw .refused(
            what: "\(context.options.serviceName) takes one target per position (\(reason)), "
                + "not \(count)",
            remedy: "set services.\(context.options.serviceName).allow to [split-targets]: every "
                + "example is sent \(count) times, and costs as many times as much")
    }

    func batch(_ examples: [Baking.TrainingExample]) async throws -> TinkerTrainerBatch {
        let probe = try await context.probe()
        let batch = try TinkerTrainerBatch(
            examples, isSplit: !probe.hasMatrixTargets.isYes, context: context)
        try requireColumns(batch.columnCount, probe)
        return batch
    }

    // MARK: Samplers

    /// What answers for `choice`, and of weights in training how many steps they had taken.
    func sampler(
        for choice: AdapterChoice, _ samplers: TinkerSamplers
    ) async throws -> (any TinkerSampler, step: Int?) {
        switch choice {
        case .none: return (try await samplers.base(), nil)
        case .checkpoint(let directory, let strength):
            guard try Self.isOn(strength) else { return (try await samplers.base(), nil) }
            return (try await samplers.checkpoint(directory), nil)
        case .training(let strength):
            let current = try current()
            guard try Self.isOn(strength) else {
                return (try await samplers.base(), current.step)
            }
            return try await trainingSampler(current)
        }
    }

    /// One sampler for all replies of the same step.
    private func trainingSampler(
        _ current: Training
    ) async throws -> (any TinkerSampler, step: Int?) {
        if let known = current.sampler, known.step == current.step {
            return (try await known.making.value, known.step)
        }
        let making = Task { try await current.model.sampler().value }
        training?.sampler = (current.step, making)
        do {
            return (try await making.value, current.step)
        } catch {
            if training?.sampler?.making == making { training?.sampler = nil }
            throw error
        }
    }

    /// Whether an adapter of this strength is on; the server knows nothing between.
    private static func isOn(_ strength: Double) throws(BackendError) -> Bool {
        switch strength {
        case 0: return false
        case 1: return true
        default:
            throw .refused(
                what: "a server applies an adapter as it was trained, not at strength "
                    + strength.formatted(),
                remedy: "fetch the adapter and use it on this machine")
        }
    }

    // MARK: Comparison

    /// The K-plus-rest KL of examples.
    func kl(
        of examples: [Baking.TrainingExample], adapter choice: AdapterChoice
    ) async throws -> KLSum {
        let batch = try await batch(examples)
        if examples.isEmpty { return KLSum(total: 0, tokenCount: 0) }
        let losses = try await losses(of: batch, under: try await model(for: choice))
        // While a model trains, servers have better uses for a slot.
        if training != nil, choice == .none { await closeBase() }
        let all = losses.joined()
        return KLSum(total: all.reduce(0) { $0 + $1.kl }, tokenCount: batch.tokenCount)
    }

    /// Compares teacher, base and student on some examples at a time.
    func divergences(
        of examples: [RenderedExample], adapter choice: AdapterChoice,
        emit: @escaping @Sendable (Divergence) -> Void
    ) async throws {
        let topK = min(context.options.measuredTopK, context.vocabularySize)
        let probe = try await context.probe()
        try requireColumns(scoring.realTopK(topK, probe), probe)
        if examples.isEmpty { return }
        let base = try await model(for: .none)
        let student = try await model(for: choice)
        for start in stride(from: 0, to: examples.count, by: 16) {
            let part = Array(examples[start..<min(start + 16, examples.count)])
            let batch = try await batch(withTeacherRows(part, topK: topK))
            let baseLosses = try await losses(of: batch, under: base)
            let studentLosses =
                student.id == base.id ? baseLosses : try await losses(of: batch, under: student)
            for index in part.indices {
                emit(
                    Divergence(
                        index: start + index, base: baseLosses[index].map(\.kl),
                        baked: studentLosses[index].map(\.kl),
                        baseAgrees: baseLosses[index].map(\.agrees),
                        bakedAgrees: studentLosses[index].map(\.agrees)))
            }
        }
    }

    private func withTeacherRows(
        _ examples: [RenderedExample], topK: Int
    ) async throws -> [Baking.TrainingExample] {
        func key(_ example: RenderedExample) -> TeacherKey {
            TeacherKey(context: example.teacherContext, response: example.responseTokens)
        }
        let missing = examples.filter { teacherRows[key($0)] == nil }
        if !missing.isEmpty {
            let (found, continuation) = AsyncStream.makeStream(of: (Int, [TopKRow]).self)
            try await scoring.rows(of: missing, topK: topK) { continuation.yield(($0, $1)) }
            continuation.finish()
            // A comparison has some dozens of replies; more are not kept.
            if teacherRows.count > 1024 { teacherRows = [:] }
            for await (index, rows) in found { teacherRows[key(missing[index])] = rows }
        }
        return try examples.map { example in
            guard let rows = teacherRows[key(example)] else {
                throw TinkerError.misaligned(what: "the teacher", why: "an example has no rows")
            }
            return Baking.TrainingExample(rendered: example, rows: rows)
        }
    }

    private func losses(
        of batch: TinkerTrainerBatch, under model: any TinkerTrainingModel
    ) async throws -> [[TinkerTrainerLoss]] {
        let result = try await model.pass(batch.data(), isTraining: false).value
        return batch.losses(try batch.logprobs(in: result))
    }

    /// The model that stands for `choice`.
    private func model(for choice: AdapterChoice) async throws -> any TinkerTrainingModel {
        switch choice {
        case .none: return try await baseModel()
        case .training(let strength):
            let current = try current()
            return try Self.isOn(strength) ? current.model : try await baseModel()
        case .checkpoint(let directory, let strength):
            guard try Self.isOn(strength) else { return try await baseModel() }
            return try await loadedModel(directory)
        }
    }

    private func baseModel() async throws -> any TinkerTrainingModel {
        // Nothing has changed it yet.
        if let training, training.step == 0, training.broken == nil { return training.model }
        let making =
            base
            ?? Task { [context] in
                try await context.service.makeModel(context.remoteName, TinkerAdapter(rank: 8))
            }
        base = making
        do {
            return try await making.value
        } catch {
            if base == making { base = nil }
            throw error
        }
    }

    private func loadedModel(_ directory: URL) async throws -> any TinkerTrainingModel {
        let path = try context.checkpoint(in: directory).statePath
        if let loaded, loaded.path == path { return try await loaded.model.value }
        await closeLoaded()
        let making = Task { [context] in
            try await context.service.loadModel(from: path, withOptimizer: false)
        }
        loaded = (path, making)
        do {
            return try await making.value
        } catch {
            if loaded?.model == making { loaded = nil }
            throw error
        }
    }
}

extension TinkerAdapter {
    /// What is trained where `targets` name it, PEFT's short names.
    ///
    /// - Throws: ``BackendError`` for a choice that a server cannot be told.
    init(targets: [String], rank: Int, seed: Int) throws(BackendError) {
        var rest = Set(targets)
        func take(_ names: [AdapterTarget], _ what: String) throws(BackendError) -> Bool {
            let found = names.filter { rest.remove($0.rawValue) != nil }
            guard found.isEmpty || found.count == names.count else {
                let missing = names.filter { !found.contains($0) }.map(\.rawValue)
                throw .refused(
                    what: "a server adapts all of \(what) or none, not "
                        + found.map(\.rawValue).joined(separator: ", "),
                    remedy: "add \(missing.joined(separator: ", ")) to targets")
            }
            return !found.isEmpty
        }
        let attention = try take([.query, .key, .value, .output], "attention")
        let feedForward = try take([.gate, .up, .down], "the feed-forward layers")
        let unembedding = try take([.unembedding], "the unembedding")
        guard rest.isEmpty else {
            throw .refused(
                what: "there is no projection \(rest.sorted().joined(separator: ", "))",
                remedy: "known are "
                    + AdapterTarget.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.init(
            rank: rank, seed: seed, trainsUnembedding: unembedding,
            trainsFeedForward: feedForward, trainsAttention: attention)
    }
}
