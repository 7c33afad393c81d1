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

    /// A job.
    public init(
        prompt: Prompt, queries: QuerySet, configuration: BakeConfiguration, store: RunStore,
        backend: any Backend, generator: (any ResponseGenerator)? = nil, runName: String? = nil,
        forceNew: Bool = false, dataset: DatasetSource? = nil
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
    }

    /// Does the job; what happens is also appended to the run's `events.jsonl`. An equal run that is
    /// finished yields its `run.started`, `verification` and `run.finished` again and does nothing.
    /// Ending the iteration cancels; what is on disk stays whole.
    public func events(
        through stage: BakeStage = .bake
    ) -> AsyncThrowingStream<BakeEvent, any Error> {
        AsyncThrowingStream { emit in try await run(through: stage, emit: emit) }
    }

    /// What the job would do, without doing any of it.
    public func plan() async throws -> BakePlan { preconditionFailure() }

    func run(through stage: BakeStage, emit: @Sendable (BakeEvent) -> Void) async throws {}
}

extension AsyncThrowingStream where Element: Sendable, Failure == any Error {
    /// A stream of what `work` emits; ends with it, and ending the stream cancels it.
    init(_ work: @escaping @Sendable (@escaping @Sendable (Element) -> Void) async throws -> Void) {
        self.init { continuation in
            let task = Task {
                do {
                    try await work { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
