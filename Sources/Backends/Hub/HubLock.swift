import Foundation

/// Keeps other programs that fetch the same content waiting, as Hugging Face's own tools do.
///
/// It is advice: where nothing can be locked, the work goes on without.
final class HubLock {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Waits until nobody holds it.
    ///
    /// - Parameter onWait: Called once, before the first wait.
    /// - Returns: nil where locking is impossible.
    /// - Throws: `CancellationError`
    static func acquire(
        _ url: URL, clock: any ServiceClock, onWait: () -> Void
    ) async throws -> HubLock? {
        let folder = url.deletingLastPathComponent()
        guard
            (try? FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)) != nil
        else { return nil }
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { return nil }
        let lock = HubLock(descriptor: descriptor)
        var hasWaited = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { return nil }
            if !hasWaited { onWait() }
            hasWaited = true
            try await clock.sleep(for: .seconds(1))
        }
        return lock
    }
}
