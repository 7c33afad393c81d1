public import Foundation

/// How far a job goes.
public enum BakeStage: Hashable, Sendable {
    /// The dataset and the teacher's rows.
    case generate
    /// The dataset, the adapter and its verification.
    case bake
}

/// Existing examples to bake instead of generating.
public enum DatasetSource: Hashable, Sendable {
    /// Those of a run, by name or directory.
    case run(String)
    /// JSON Lines of chats.
    case file(URL)
}

/// The whole job of one run: choose the run, generate what is missing, score the teacher, train,
/// verify. Stopped at any point, the same job continues.
public struct BakeJob: Sendable {
    /// The text being baked.
    public var prompt: Prompt
    /// What is asked.
    public var queries: QuerySet
    /// Everything that changes the result.
    public var configuration: BakeConfiguration
    /// Where runs live.
    public var store: RunStore
    /// Where the model runs.
    public var backend: any Backend
    /// Who writes the responses; nil is the backend's model.
    public var generator: (any ResponseGenerator)?
    /// Creates or continues the run of this name; nil finds the one that fits.
    public var runName: String?
    /// Makes a new run even if one fits.
    public var forceNew: Bool
    /// Existing examples to bake instead of generating.
    public var dataset: DatasetSource?
    /// What pauses and stops it; one job's alone.
    public var control: BakeControl?

    /// A job.
    public init(
        prompt: Prompt, queries: QuerySet, configuration: BakeConfiguration, store: RunStore,
        backend: any Backend, generator: (any ResponseGenerator)? = nil, runName: String? = nil,
        forceNew: Bool = false, dataset: DatasetSource? = nil, control: BakeControl? = nil
    ) {
        self.prompt = prompt
        self.queries = queries
        self.configuration = configuration
        self.store = store
        self.backend = backend
        self.generator = generator
        self.runName = runName
        self.forceNew = forceNew
        self.dataset = dataset
        self.control = control
    }

    /// Does the job; what happens is also appended to the run's `events.jsonl`. An equal run that is
    /// finished yields its `run.started`, `verification` and `run.finished` again and does nothing.
    /// Ending the iteration cancels; what is on disk stays whole. Stopped by its ``control`` it throws
    /// ``BakeStopped``.
    public func events(
        through stage: BakeStage = .bake
    ) -> AsyncThrowingStream<BakeEvent, any Error> {
        AsyncThrowingStream { emit in try await run(through: stage, emit: emit) }
    }

    private func run(
        through stage: BakeStage, emit: @escaping @Sendable (BakeEvent) -> Void
    ) async throws {
        let preparation = try BakePreparation(self)
        var run: Run
        let isNew: Bool
        if let found = try preparation.existingRun() {
            (run, isNew) = (found, false)
        } else {
            run = try store.make(
                name: runName, record: preparation.newRecord(), prompt: prompt, queries: queries)
            isNew = true
        }
        if try preparation.replay(run, emit: emit) { return }
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        // Another process may have finished it before the lock was free.
        run = try Run(directory: run.directory) ?? run
        if try preparation.replay(run, emit: emit) { return }
        let recorder = try RunRecorder(run, handOn: emit)
        do {
            try await work(
                on: &run, preparation: preparation, resumed: !isNew, stage: stage,
                recorder: recorder)
        } catch {
            if !(error is CancellationError), !(error is BakeStopped), !Task.isCancelled {
                // Where even this cannot be written, the first error is the one to show.
                try? run.update { $0.outcome = .failed("\(error)") }
                try? recorder(.error(Notice("\(error)")))
            }
            throw error
        }
    }

    private func work(
        on run: inout Run, preparation: BakePreparation, resumed: Bool, stage: BakeStage,
        recorder: RunRecorder
    ) async throws {
        let start = ContinuousClock.now
        let warnings = try preparation.adopt(&run)
        let name = run.name
        let directory = run.directory.path
        func started(at step: Int) throws {
            try recorder(
                .runStarted(
                    RunStarted(
                        run: name, directory: directory, resumed: resumed, fromStep: step,
                        configuration: configuration)))
        }
        let expected = try run.checkpoints().last?.step ?? 0
        try started(at: expected)
        for warning in warnings { try recorder(.warning(warning)) }

        let trainer = try preparation.trainer()
        try await trainer.prepare(configuration.trainer, topK: configuration.topK)
        let rows = try await preparation.completeRows(of: run, recorder: recorder)
        let bake = Bake(
            run: run, configuration: configuration, trainer: trainer,
            train: rows.train, dev: rows.dev, emit: { try recorder($0) }, control: control)
        try run.update { $0.steps = bake.steps }
        if stage == .generate { return }

        if try await bake.usableCheckpoints().last?.step ?? 0 != expected { try started(at: 0) }
        try await bake.run(restarted: started)
        await bake.trainer.endTraining()
        let checkpoints = try run.checkpoints()
        try run.update { record in
            record.best = Checkpoint.best(of: checkpoints).map(RunRecord.Mark.init)
            record.last = checkpoints.last.map(RunRecord.Mark.init)
        }
        try await fetchAdapter(of: run, from: bake.trainer, recorder: recorder)

        let verification = Verification(
            run: run, backend: backend, checkpoint: try run.checkpoint(.best), strength: 1,
            renderer: preparation.renderer, queries: queries, configuration: configuration,
            emit: { try recorder($0) }, control: control)
        let report = try await verification.report()
        try RunFiles.write(json: report, to: run.url(.verification))
        try recorder(.verification(report))
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try run.update { $0.outcome = .finished(steps: bake.steps, seconds: seconds) }
        try recorder(
            .runFinished(
                RunFinished(
                    run: run.name, steps: bake.steps, seconds: seconds, kl: report.kl.baked,
                    gapClosed: report.gapClosed)))
    }
}

extension BakeJob {
    /// Brings the best adapter to this machine where a service keeps it. The run is whole without,
    /// and the service still has it.
    private func fetchAdapter(
        of run: Run, from trainer: any StudentTrainer, recorder: RunRecorder
    ) async throws {
        let best = try run.checkpoint(.best).directory
        do {
            try await trainer.fetchAdapter(for: best)
        } catch {
            if error is CancellationError || Task.isCancelled { throw error }
            try recorder(
                .warning(
                    Notice(
                        "the adapter could not be fetched: \(error)", where: best.path,
                        remedy: "it is still at the service; an export fetches it again")))
        }
    }
}

extension RunRecord.Mark {
    init(_ checkpoint: Checkpoint) {
        self.init(step: checkpoint.step, heldOutKL: checkpoint.heldOutKL)
    }
}
