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

    /// Verifies; the last event is the `verification`. The report is written into the run.
    /// Ending the iteration cancels; responses that are finished are kept.
    public func events() -> AsyncThrowingStream<BakeEvent, any Error> {
        AsyncThrowingStream { emit in try await run(emit: emit) }
    }

    func run(emit: @Sendable (BakeEvent) -> Void) async throws {}
}
