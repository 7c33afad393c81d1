internal import Dispatch

/// A thread of its own for the engine: long C calls must not sit on the shared threads.
final class EngineExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "oven.engine", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}
