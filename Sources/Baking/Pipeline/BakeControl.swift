internal import Synchronization

/// Pauses and stops the job that is given it, from anywhere; the job of one run at a time.
///
/// The job looks at it before every optimiser step, and before it asks for responses, teacher's
/// rows or divergences. While it is held the backend is free for chats. What is asked for holds at
/// once, for whoever looks next.
public actor BakeControl {
    /// What the job does and is to do.
    public enum State: Hashable, Sendable {
        /// It works.
        case running
        /// It will hold before its next piece of work.
        case pausing
        /// It holds.
        case paused
        /// It ends with ``BakeStopped`` as soon as what it has is on disk.
        case stopping
    }

    /// What the job does and is to do.
    public var state: State {
        if stops.load(ordering: .acquiring) { return .stopping }
        guard isPaused.load(ordering: .acquiring) else { return .running }
        return waiting.isEmpty ? .pausing : .paused
    }

    private nonisolated let stops = Atomic(false)
    private nonisolated let isPaused = Atomic(false)
    /// The job, while it holds.
    private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextNumber = 0

    /// A control that lets everything run.
    public init() {}

    /// Holds the job before its next piece of work.
    public nonisolated func pause() { isPaused.store(true, ordering: .releasing) }

    /// Lets the job go on.
    public nonisolated func resume() {
        isPaused.store(false, ordering: .releasing)
        Task { await release() }
    }

    /// Ends the job with ``BakeStopped`` after the step in progress, held or not; a checkpoint of
    /// that very step is written first. Responses and rows are on disk anyway. This cannot be taken
    /// back: whoever continues gives the next job another control.
    public nonisolated func stopAfterCheckpoint() {
        stops.store(true, ordering: .releasing)
        Task { await release() }
    }

    /// Waits until the job may go on.
    ///
    /// - Throws: ``BakeStopped`` when it is to end, or the task's cancellation.
    func turn() async throws {
        try requireGoing()
        // Nothing comes between a look and the wait: both are one turn of the actor, and so is the
        // release.
        while isPaused.load(ordering: .acquiring) {
            try await hold()
            try requireGoing()
        }
    }

    /// - Throws: ``BakeStopped`` when the job is to end.
    nonisolated func requireGoing() throws(BakeStopped) {
        if stops.load(ordering: .acquiring) { throw BakeStopped() }
    }

    private func hold() async throws {
        let number = nextNumber
        nextNumber += 1
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A cancellation before this is seen here, one after it finds the continuation.
                if Task.isCancelled {
                    continuation.resume()
                } else {
                    waiting[number] = continuation
                }
            }
        } onCancel: {
            Task { await self.release(number) }
        }
        try Task.checkCancellation()
    }

    private func release(_ number: Int) { waiting.removeValue(forKey: number)?.resume() }

    private func release() {
        for number in waiting.keys.sorted() { release(number) }
    }
}

/// The job was asked to end and did, after all it had was on disk: the same job continues it.
public struct BakeStopped: Error, Hashable, CustomStringConvertible {
    /// One line for a person.
    public var description: String { "stopped; the same command continues" }

    /// That.
    public init() {}
}
