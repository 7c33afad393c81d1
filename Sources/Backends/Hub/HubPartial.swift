import Foundation
import Transformer

/// A file that is being fetched: the bytes so far, on the disk, and their sum.
///
/// It stays when this object goes, whatever became of it, and another process goes on with it.
final class HubPartial {
    /// More came than the file has bytes.
    struct TooLong: Error {}

    /// Bytes so far, at most the file's size.
    private(set) var count = 0
    private let path: String
    private let file: HubFile
    private let descriptor: Int32
    private var hash: HubHash
    private var found = 0

    /// Opens what an earlier attempt left, or a new one.
    init(path: String, file: HubFile) throws(HubError) {
        self.path = path
        self.file = file
        hash = HubHash(file)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unwritable(path: path, why: "it is no file")
        }
        found = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Takes what was found into the sum; throws away what is longer than the file.
    func readBack() async throws {
        guard found <= file.size else { return try restart() }
        let whole = try await HubHash.bytes(of: descriptor, path: path, count: found) { bytes in
            hash.update(bytes)
        }
        guard whole else { return try restart() }
        count = found
    }

    /// - Throws: ``TooLong``, ``HubError``.
    func append(_ data: Data) throws {
        guard data.count <= file.size - count else { throw TooLong() }
        try data.withUnsafeBytes { bytes in
            var rest = bytes
            var offset = count
            while !rest.isEmpty {
                let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
                if written < 0 && errno == EINTR { continue }
                guard written >= 0 else { throw HubError.unwritable(path: path, errno: errno) }
                offset += written
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
            hash.update(bytes)
        }
        count += data.count
    }

    /// Back to no bytes.
    func restart() throws(HubError) {
        guard ftruncate(descriptor, 0) == 0 else { throw .unwritable(path: path, errno: errno) }
        count = 0
        hash = HubHash(file)
    }

    /// Whether it is the whole file, unharmed.
    var isRight: Bool { count == file.size && hash.isRight }

    /// Brings it to the disk and to its name.
    func commit(to name: String) throws(HubError) {
        guard fsync(descriptor) == 0, rename(path, name) == 0 else {
            throw .unwritable(path: name, errno: errno)
        }
    }

    /// Removes it.
    func discard() { unlink(path) }
}

extension HubHash {
    /// Gives the first `count` bytes of an open file to `body`, a piece at a time.
    ///
    /// - Returns: false when there are fewer.
    static func bytes(
        of descriptor: Int32, path: String, count: Int, body: (UnsafeRawBufferPointer) -> Void
    ) async throws -> Bool {
        var offset = 0
        var buffer = [UInt8](repeating: 0, count: min(count, 1 << 20))
        while offset < count {
            try Task.checkCancellation()
            let length = min(buffer.count, count - offset)
            let read = buffer.withUnsafeMutableBytes { bytes in
                let read = pread(descriptor, bytes.baseAddress, length, off_t(offset))
                if read > 0 { body(UnsafeRawBufferPointer(rebasing: bytes[..<read])) }
                return read
            }
            if read < 0 && errno == EINTR { continue }
            guard read >= 0 else {
                throw HubError.file(
                    .cannotRead(path: path, reason: String(cString: strerror(errno))))
            }
            guard read > 0 else { return false }
            offset += read
            // Gigabytes are read here; others want the thread too.
            await Task.yield()
        }
        return true
    }
}

extension HubError {
    /// After a call of the system that failed.
    static func unwritable(path: String, errno code: Int32) -> HubError {
        let why =
            switch code {
            case ENOSPC: "the disk is full"
            case EDQUOT: "the disk quota is used up"
            case EFBIG: "the file would be larger than allowed here (ulimit -f)"
            default: String(cString: strerror(code))
            }
        return .unwritable(path: path, why: why)
    }
}
