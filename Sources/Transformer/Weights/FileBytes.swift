import Foundation

/// The bytes of a regular file, read or mapped; the descriptor stays open as long as they live.
///
/// `@unchecked Sendable`: whoever opens a file loads it before handing it on; from then on nothing
/// of it changes, and the memory is never written.
final class FileBytes: @unchecked Sendable {
    let path: String
    /// Size when it was opened.
    let count: Int
    private let descriptor: Int32
    private var base: UnsafeMutableRawPointer?
    private var isMapped = false

    /// Opens without reading anything yet.
    init(path: String) throws(FileError) {
        // Without O_NONBLOCK opening a pipe that nobody writes to would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .reading(path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .reading(path, errno: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notAFile(path: path)
        }
        self.path = path
        self.descriptor = descriptor
        count = Int(status.st_size)
    }

    deinit {
        if isMapped { munmap(base, count) } else { base?.deallocate() }
        close(descriptor)
    }

    /// The loaded bytes; empty before ``load(mapped:)``. Valid as long as this object.
    var bytes: UnsafeRawBufferPointer {
        base.map { UnsafeRawBufferPointer(start: $0, count: count) }
            ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Whether the file still has all bytes it had when it was opened; if not, touching its mapped
    /// tail would kill the process.
    var isWhole: Bool {
        var status = stat()
        return !isMapped || fstat(descriptor, &status) == 0 && status.st_size >= count
    }

    /// Fills `buffer` from `offset`; false when the file ends before.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Bool
    {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let byteCount = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if byteCount < 0 && errno == EINTR { continue }
            guard byteCount >= 0 else { throw .reading(path, errno: errno) }
            guard byteCount > 0 else { return false }
            done += byteCount
        }
        return true
    }

    /// Makes ``bytes`` available, once. A mapping costs nothing until used but trusts the file to
    /// keep its size; reading is for what is small.
    func load(mapped: Bool) throws(FileError) {
        precondition(base == nil, "loaded once")
        guard count > 0 else { return }
        if mapped {
            let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard let address, address != MAP_FAILED else { throw .reading(path, errno: errno) }
            base = address
            isMapped = true
        } else {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
            base = memory.baseAddress
            guard try read(into: memory, at: 0) else {
                throw .cannotRead(path: path, reason: "it became shorter meanwhile")
            }
        }
    }

    /// Appends all bytes of the file to a message, without loading them.
    func hash(into hash: inout SHA256) throws(FileError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        for offset in stride(from: 0, to: count, by: buffer.count) {
            let piece = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<min(buffer.count, count - offset)])
            guard try read(into: piece, at: offset) else {
                throw .cannotRead(path: path, reason: "it became shorter meanwhile")
            }
            hash.update(UnsafeRawBufferPointer(piece))
        }
    }

    /// The whole of a small file.
    ///
    /// - Parameter maximumByteCount: Longer files are refused before anything is allocated; as it
    ///   is, far more than any published tokenizer or configuration has.
    static func contents(
        of path: String, maximumByteCount: Int = 1 << 28
    ) throws(FileError) -> [UInt8] {
        let file = try FileBytes(path: path)
        guard file.count <= maximumByteCount else {
            throw .cannotRead(
                path: path,
                reason: "its \(file.count) bytes are more than the \(maximumByteCount) allowed")
        }
        try file.load(mapped: false)
        defer { withExtendedLifetime(file) {} }
        return Array(file.bytes)
    }
}
