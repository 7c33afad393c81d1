import Foundation

/// A verification of a run that has a checkpoint.
public struct VerificationJob: Sendable {
    /// What is verified.
    public var run: Run
    /// Where the model runs.
    public var backend: any Backend
    /// Which checkpoint.
    public var checkpoint: CheckpointChoice
    /// What scales the adapter; 1 is as trained.
    public var strength: Double
    /// What the student reads; nil is what was baked with.
    public var studentContext: StudentContext?
    /// What is asked and checked; nil is the run's own.
    public var queries: QuerySet?

    /// A job.
    public init(
        run: Run, backend: any Backend, checkpoint: CheckpointChoice = .best, strength: Double = 1,
        studentContext: StudentContext? = nil, queries: QuerySet? = nil
    ) {
        self.run = run
        self.backend = backend
        self.checkpoint = checkpoint
        self.strength = strength
        self.studentContext = studentContext
        self.queries = queries
    }

    /// Verifies; the last event is the `verification`. The report is written into the run's
    /// `verifications`. Ending the iteration cancels; responses that are finished are kept.
    public func events() -> AsyncThrowingStream<BakeEvent, any Error> {
        AsyncThrowingStream { emit in try await run(emit: emit) }
    }

    private func run(emit: @escaping @Sendable (BakeEvent) -> Void) async throws {
        let record = run.record
        guard backend.model.hash == record.identity.model else {
            throw RunError.otherModel(
                run: run.name, model: record.model.name, found: backend.model.name)
        }
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        let recorder = try RunRecorder(run, handOn: emit)
        do {
            let renderer = try ConversationRenderer(
                prompt: run.prompt(),
                studentContext: studentContext ?? record.configuration.studentContext,
                thinking: record.configuration.thinking, backend: backend)
            let verification = Verification(
                run: run, backend: backend, checkpoint: try run.checkpoint(checkpoint),
                strength: strength, renderer: renderer, queries: try queries ?? run.queries(),
                configuration: record.configuration, emit: { try recorder($0) })
            let report = try await verification.report()
            let directory = run.url(.verifications)
            try RunFiles.makeDirectory(directory)
            let time = JSONLine.text(of: Date())
            let name = time.replacing(":", with: "-") + ".json"
            try RunFiles.write(json: report, to: directory.appending(path: name))
            try recorder(.verification(report))
        } catch {
            if !(error is CancellationError), !Task.isCancelled {
                // Where even this cannot be written, the first error is the one to show.
                try? recorder(.error(Notice("\(error)")))
            }
            throw error
        }
    }
}
