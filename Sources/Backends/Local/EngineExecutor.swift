internal import Dispatch
internal import Foundation
internal import Synchronization
internal import Transformer

/// A thread of its own for the engine: long C calls must not sit on the shared threads.
final class EngineExecutor: SerialExecutor {
    private let queue = JobQueue()

    /// - Parameter isBackground: Whether the thread lets the machine's others go first.
    init(isBackground: Bool) {
        let thread = Thread { [queue] in
            if isBackground { ThreadPool.moveCallingThreadToBackground() }
            while let run = queue.next() { run() }
        }
        thread.name = "oven.engine"
        thread.startWithoutSignals()
    }

    deinit { queue.close() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.append { job.runSynchronously(on: executor) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}

/// Jobs in their order; the thread that takes them sleeps while there is none.
private final class JobQueue: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let arrivals = DispatchSemaphore(value: 0)

    func append(_ job: @escaping @Sendable () -> Void) {
        jobs.withLock { $0.append(job) }
        arrivals.signal()
    }

    /// Ends the thread after the jobs there are.
    func close() { arrivals.signal() }

    /// Waits for the next job; nil when there will be none.
    func next() -> (@Sendable () -> Void)? {
        arrivals.wait()
        return jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
