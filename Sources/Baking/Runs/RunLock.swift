import Foundation

/// Keeps other processes from working on a run. The system frees it when the process ends, however
/// it ends.
final class RunLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of `run`, writing this process's number into its file.
    ///
    /// - Throws: ``RunError/inUse(run:process:)`` when another holder works on the run.
    init(_ run: URL) throws(RunError) {
        let path = RunLock.path(of: run)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: systemMessage(errno)) }
        // Someone who only looks whether it is held holds it for a moment.
        var isFree = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        for _ in 0..<10 where !isFree {
            usleep(5000)
            isFree = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        }
        guard isFree else {
            throw .inUse(run: run.lastPathComponent, process: RunLock.process(in: path))
        }
        let text = "\(ProcessInfo.processInfo.processIdentifier)\n"
        // Only for the message another process shows: the lock does not depend on it.
        ftruncate(descriptor, 0)
        text.withCString { _ = pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit { close(descriptor) }

    /// Whether someone holds the lock of `run`.
    static func isHeld(_ run: URL) -> Bool {
        let descriptor = open(path(of: run), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    private static func path(of run: URL) -> String { run.appending(path: "lock").path }

    private static func process(in path: String) -> Int? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return Int(String(decoding: data.prefix(20), as: UTF8.self).filter { $0.isNumber })
    }
}
