import Foundation

/// The whole lines of a file that another process may be appending to, read in pieces.
///
/// Nothing is kept open between two readings. A file that was cut below what was read, or whose
/// place another one took, is read again from its beginning.
struct GrowingFile: Sendable {
    /// What one reading came to.
    struct Reading: Hashable, Sendable {
        /// The lines are the first of the file: what was read before is no longer in it.
        var startedOver = false
        /// Everything that was there has been read.
        var isComplete = true
        /// Lines left out because they are longer than ``largestLineByteCount``.
        var oversizedLineCount = 0
    }

    /// Bytes read at once.
    static let pieceByteCount = 1 << 20
    /// A longer line is left out.
    static let largestLineByteCount = 1 << 26
    /// Several lines: two rows may end alike.
    private static let rememberedByteCount = 1 << 13

    let url: URL
    /// Bytes of the lines that were read.
    private var offset = 0
    /// The last bytes before `offset`, to notice that they were replaced.
    private var lastBytes: [UInt8] = []
    private var fileNumber: UInt64?
    /// Within a line that is left out.
    private var isSkipping = false

    init(_ url: URL) { self.url = url }

    /// Hands every new whole line that is not empty to `line`, without its line feed.
    ///
    /// - Parameter limit: About how many bytes to read; the rest is for the next reading.
    mutating func read(
        upTo limit: Int = .max, line: (ArraySlice<UInt8>) -> Void
    ) throws(RunError) -> Reading {
        var reading = Reading()
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            guard code == ENOENT || code == ENOTDIR else {
                throw .unreadable(path: url.path, reason: systemMessage(code))
            }
            reading.startedOver = offset > 0
            self = GrowingFile(url)
            return reading
        }
        defer { close(descriptor) }
        if try !isContinued(descriptor) {
            reading.startedOver = offset > 0
            self = GrowingFile(url)
        }
        fileNumber = try status(descriptor).number
        var buffer: [UInt8] = []
        var readByteCount = 0
        let start = offset
        // A line longer than the limit is still read as one.
        while readByteCount < limit || offset == start {
            let piece = try bytes(
                descriptor, at: offset + buffer.count, count: GrowingFile.pieceByteCount)
            if piece.isEmpty { return reading }
            readByteCount += piece.count
            // What is in the buffer has been searched already.
            let searched = buffer.count
            buffer.append(contentsOf: piece)
            guard let last = buffer[searched...].lastIndex(of: 0x0A) else {
                skipIfOversized(&buffer, reading: &reading)
                continue
            }
            handOut(buffer[...last], to: line)
            pass(buffer[...last])
            buffer.removeSubrange(...last)
            skipIfOversized(&buffer, reading: &reading)
        }
        reading.isComplete = false
        return reading
    }

    private mutating func handOut(_ lines: ArraySlice<UInt8>, to line: (ArraySlice<UInt8>) -> Void)
    {
        for text in lines.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            if isSkipping {
                isSkipping = false
            } else if text.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) {
                line(text)
            }
        }
    }

    private mutating func skipIfOversized(_ buffer: inout [UInt8], reading: inout Reading) {
        guard buffer.count > GrowingFile.largestLineByteCount || (isSkipping && !buffer.isEmpty)
        else { return }
        if !isSkipping { reading.oversizedLineCount += 1 }
        isSkipping = true
        pass(buffer[...])
        buffer = []
    }

    private mutating func pass(_ bytes: ArraySlice<UInt8>) {
        offset += bytes.count
        let count = GrowingFile.rememberedByteCount
        lastBytes = Array((lastBytes + bytes.suffix(count)).suffix(count))
    }

    /// Whether the file still begins with what was read, as far as its last bytes tell.
    private func isContinued(_ descriptor: Int32) throws(RunError) -> Bool {
        guard let fileNumber else { return true }
        let status = try status(descriptor)
        guard status.number == fileNumber, status.byteCount >= offset else { return false }
        return try bytes(descriptor, at: offset - lastBytes.count, count: lastBytes.count)
            == lastBytes
    }

    private func status(_ descriptor: Int32) throws(RunError) -> (number: UInt64, byteCount: Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: url.path, reason: systemMessage(errno))
        }
        return (UInt64(status.st_ino), Int(status.st_size))
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    private func bytes(
        _ descriptor: Int32, at offset: Int, count: Int
    ) throws(RunError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let read = pread(
                    descriptor, buffer.baseAddress?.advanced(by: done), count - done,
                    off_t(offset + done))
                if read < 0 && errno == EINTR { continue }
                if read < 0 { code = errno }
                if read <= 0 { break }
                done += read
            }
        }
        guard code == 0 else { throw .unreadable(path: url.path, reason: systemMessage(code)) }
        return bytes
    }
}
