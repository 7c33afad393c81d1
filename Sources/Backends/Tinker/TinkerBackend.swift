package import Baking
package import Foundation
package import Transformer

/// A model on a Tinker server: the server computes, the losses and what they mean are made here.
///
/// The teacher's rows are the likeliest tokens of the prompt's own scores; the student is a LoRA
/// model of the server; checkpoints lie there too, their directories hold what names them
/// (``TinkerCheckpointFile``) until ``fetchAdapter(for:)`` brings the adapter here.
package struct TinkerBackend: Backend {
    /// What is asked for.
    package let model: ModelDescription
    /// That of `tokenizer.json`.
    package let tokenizer: any Tokenizer
    /// Recognised from the template's text.
    package let template: ChatTemplate
    /// All there are; what the server lacks is refused with the reason when it is asked for.
    package let capabilities: Set<Capability> = [.generate, .score, .train, .measure]
    /// What a person should know of the files.
    package let warnings: [String]
    let options: TinkerBackendOptions
    let samplers: TinkerSamplers
    let scoring: TinkerScoring
    let trainer: TinkerTrainer

    /// The context where nobody says how long it is.
    private static let usualContextLength = 32_768

    /// A model of a server.
    ///
    /// - Parameters:
    ///   - name: As the setting names it; stands in run records and errors.
    ///   - remoteName: As the server names it.
    ///   - directory: Holds `tokenizer.json`, the chat template's file, and `config.json` where there
    ///     is one.
    ///   - models: What the server offers; empty when it does not say.
    ///   - probe: Finds out what the server can do; called when it first matters, since it costs a model.
    ///   - notify: Told what a person should know; called from anywhere.
    /// - Throws: The error of whichever file is at fault, or ``BackendError`` when the server says
    ///   that it does not have the model.
    package init(
        service: any TinkerService, name: String, remoteName: String, directory: URL,
        models: [TinkerModel], probe: @escaping @Sendable () async throws -> TinkerProbe,
        options: TinkerBackendOptions,
        clock: any ServiceClock = SystemClock(),
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) throws {
        let offered = models.first { $0.name == remoteName }
        guard models.isEmpty || offered != nil else {
            throw BackendError.refused(
                what: "\(options.serviceName) has no model \(remoteName)",
                remedy: "it has "
                    + models.map(\.name).sorted().prefix(20)
                    .joined(separator: ", "))
        }
        guard offered?.isTrainable ?? true else {
            throw BackendError.refused(
                what: "\(options.serviceName) does not train \(remoteName)",
                remedy: "choose another model")
        }
        let files = try TinkerBackendFiles(directory: directory)
        let lengths = [offered?.contextLength, files.contextLength].compactMap { $0 }
        var warnings = files.warnings
        if lengths.isEmpty {
            warnings.append(
                "nobody says how many tokens \(remoteName) reads; "
                    + "\(Self.usualContextLength) are taken")
        }
        // Scoring samples one token behind the sequence, which needs a place of its own.
        let contextLength = max(1, (lengths.min() ?? Self.usualContextLength) - 1)
        self.warnings = warnings
        self.options = options
        tokenizer = files.tokenizer
        template = files.template
        model = ModelDescription(
            name: name, hash: SHA256.hexDigest(of: "\(remoteName)\0\(files.tokenizerHash)"),
            family: files.family, parameterCount: files.parameterCount,
            contextLength: contextLength, vocabularySize: files.vocabularySize,
            arithmetic: "on Tinker")
        let context = TinkerContext(
            service: service, remoteName: remoteName, contextLength: contextLength,
            vocabularySize: files.vocabularySize, configuration: files.configuration,
            findOut: probe, options: options, clock: clock, notify: notify)
        samplers = TinkerSamplers(context)
        scoring = TinkerScoring(context, samplers)
        trainer = TinkerTrainer(context, scoring)
    }

    /// A model of a server that was tried out already.
    package init(
        service: any TinkerService, name: String, remoteName: String, directory: URL,
        probe: TinkerProbe, options: TinkerBackendOptions,
        clock: any ServiceClock = SystemClock(),
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) throws {
        try self.init(
            service: service, name: name, remoteName: remoteName, directory: directory,
            models: probe.models, probe: { probe }, options: options, clock: clock, notify: notify)
    }

    /// Refuses a bake that this server cannot make, before anything is paid for.
    package func requireBakeable(
        topK: Int, loss: Baking.LossKind, targets: [String]
    ) async throws {
        try TinkerTrainer.require(loss)
        _ = try TinkerAdapter(targets: targets, rank: 1, seed: 0)
        let probe = try await scoring.context.probe()
        try scoring.requireRows(of: topK, probe)
        try trainer.requireColumns(scoring.realTopK(topK, probe), probe)
    }

    /// Unloads what was made on the server besides checkpoints, and ends the session.
    package func close(_ outcome: WorkOutcome) async {
        let (trainer, service) = (trainer, scoring.context.service)
        // Not part of a task that may be cancelled.
        await Task {
            await trainer.close()
            await service.finish(TinkerOutcome(outcome))
        }.value
    }
}

extension TinkerBackend: TargetScorer {
    /// By scoring the prompt's own tokens, several examples at once.
    package func targets(
        for examples: [RenderedExample], topK: Int
    ) -> AsyncThrowingStream<ScoredTarget, any Error> {
        AsyncThrowingStream { emit in
            try await scoring.rows(of: examples, topK: topK) { index, rows in
                emit(ScoredTarget(index: index, rows: rows))
            }
        }
    }
}

extension TinkerBackend: StudentTrainer {
    /// Tries the server out and refuses what it cannot do.
    package func prepare(_ configuration: TrainerConfiguration, topK: Int) async throws {
        try await requireBakeable(
            topK: topK, loss: configuration.loss, targets: configuration.targets)
    }

    /// Makes a LoRA model at the server; its alpha is the server's to choose.
    package func beginTraining(
        _ configuration: TrainerConfiguration, from checkpoint: URL?
    ) async throws {
        try await trainer.beginTraining(configuration, from: checkpoint)
    }

    /// One pass with the gradient and one step; for the loss `tail` a pass without before.
    package func step(
        _ batch: [Baking.TrainingExample], learningRate: Double
    ) async throws -> StepResult {
        try await trainer.step(batch, learningRate: learningRate)
    }

    /// By a pass without gradient.
    package func kl(
        of examples: [Baking.TrainingExample], adapter: AdapterChoice
    ) async throws -> KLSum {
        try await trainer.kl(of: examples, adapter: adapter)
    }

    /// Saves at the server and writes where.
    package func saveCheckpoint(to directory: URL, base: String) async throws {
        try await trainer.saveCheckpoint(to: directory)
    }

    /// Downloads the PEFT files, checks them and puts them beside the checkpoint's own.
    package func fetchAdapter(for checkpoint: URL) async throws {
        try await trainer.fetchAdapter(for: checkpoint)
    }

    /// Deletes what the checkpoint's file names at this server.
    package func discard(_ checkpoint: URL) async { await trainer.discard(checkpoint) }

    /// Unloads the model in training.
    package func endTraining() async { await trainer.endTraining() }

    /// A guess: what a server takes is known only by asking it, which costs.
    package func estimate(
        for batch: [Baking.TrainingExample], rank: Int
    ) async throws -> StepEstimate {
        TinkerTrainer.estimate(for: batch)
    }
}

extension TinkerBackend: DivergenceMeter {
    /// The teacher's likeliest tokens and the rest as one; more is not to be had from a server.
    package var divergenceKind: DivergenceKind { .rest }

    /// Base and student are scored at the teacher's likeliest tokens. They are said to agree where
    /// the teacher's first token is their likeliest of those and likelier than all others together:
    /// a lower bound.
    package func divergences(
        of examples: [RenderedExample], adapter: AdapterChoice
    ) -> AsyncThrowingStream<Divergence, any Error> {
        AsyncThrowingStream { emit in
            try await trainer.divergences(of: examples, adapter: adapter, emit: emit)
        }
    }
}
