package import Foundation

/// A file that only grows. A write that fails leaves it as it was.
package final class AppendOnlyFile: Sendable {
    /// The system's call of that name, or one that fails as it might.
    package typealias SystemWrite = @Sendable (Int32, UnsafeRawPointer?, Int) -> Int

    private let path: String
    private let descriptor: Int32
    private let systemWrite: SystemWrite

    /// Opens or makes `file`, cutting off what lies behind its first `length` bytes: a torn tail.
    package init(
        _ file: URL, keeping length: Int? = nil, write: @escaping SystemWrite = Foundation.write
    ) throws(RunError) {
        path = file.path
        systemWrite = write
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .unwritable(path: path, reason: systemMessage(errno))
        }
        if let length, ftruncate(descriptor, off_t(length)) != 0 {
            throw .unwritable(path: path, reason: systemMessage(errno))
        }
    }

    deinit { close(descriptor) }

    /// Appends all of `data` or nothing.
    package func append(_ data: Data) throws(RunError) {
        let length = lseek(descriptor, 0, SEEK_END)
        var done = 0
        while done < data.count {
            let count = data.withUnsafeBytes { bytes in
                systemWrite(descriptor, bytes.baseAddress?.advanced(by: done), data.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let code = count < 0 ? errno : EIO
                // Should this fail too, the torn tail is dropped when the file is next read.
                ftruncate(descriptor, length)
                throw .unwritable(path: path, reason: systemMessage(code))
            }
            done += count
        }
    }

    /// Brings everything to the disk.
    func synchronize() throws(RunError) {
        guard fsync(descriptor) == 0 else {
            throw .unwritable(path: path, reason: systemMessage(errno))
        }
    }
}
