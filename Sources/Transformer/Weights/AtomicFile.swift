import Foundation

/// A file that appears whole under its name, or not at all.
///
/// Bytes go to a hidden name beside it; ``commit()`` brings them to the disk and renames. Without
/// it, what was written is removed with this object.
package final class AtomicFile {
    private let path: String
    private let temporaryPath: String
    private let systemWrite: (Int32, UnsafeRawPointer?, Int) -> Int
    private var descriptor: Int32

    package convenience init(path: String) throws(FileError) {
        try self.init(path: path, write: Foundation.write)
    }

    /// - Parameter write: The system's call of that name, or one that fails as it might.
    init(
        path: String, write: @escaping (Int32, UnsafeRawPointer?, Int) -> Int
    ) throws(FileError) {
        let url = URL(filePath: path)
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let name = ".\(url.lastPathComponent).\(random).partial"
        self.path = path
        systemWrite = write
        temporaryPath = url.deletingLastPathComponent().appending(path: name).path
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .writing(path, errno: errno) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = systemWrite(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .writing(path, errno: errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    package func append(_ bytes: [UInt8]) throws(FileError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try append(bytes) }
        }
        try result.get()
    }

    /// Gives the file these permission bits instead of those of a new file.
    package func setPermissions(_ bits: UInt16) throws(FileError) {
        guard fchmod(descriptor, mode_t(bits)) == 0 else { throw .writing(path, errno: errno) }
    }

    /// Makes the file appear, replacing one of the same name. Nothing may be appended afterwards.
    package func commit() throws(FileError) {
        guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
            throw .writing(path, errno: errno)
        }
        close(descriptor)
        descriptor = -1
        // The new name itself is on the disk only when the directory is.
        let directory = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }
}
