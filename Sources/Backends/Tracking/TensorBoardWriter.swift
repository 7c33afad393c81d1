internal import Baking
import Foundation

/// Writes records to a file of its own in a run's `tensorboard` directory.
///
/// A process never appends to the file of another: what was cut off there would hide what follows.
/// The reader takes the files in the order of their names, so a later one has the later name.
struct TensorBoardWriter: Sendable {
    static let prefix = "events.out.tfevents."
    /// Larger files are not ours.
    private static let largestByteCount = 1 << 28

    let directory: URL
    private var file: AppendOnlyFile?

    init(directory: URL) { self.directory = directory }

    /// Appends events in one write, to a new file the first time.
    ///
    /// - Throws: ``RunError`` or an error of Foundation when the disk does not take them.
    mutating func append(_ events: [TensorBoardEvent], date: Date) throws {
        guard !events.isEmpty else { return }
        var bytes: [UInt8] = []
        let open: AppendOnlyFile
        if let file {
            open = file
        } else {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            open = try AppendOnlyFile(directory.appending(path: try nextName(date: date)))
            let version = TensorBoardEvent(
                wallTime: date.timeIntervalSince1970, content: .version)
            bytes += version.record
        }
        for event in events { bytes += event.record }
        try open.append(Data(bytes))
        file = open
    }

    /// How many whole records the files hold, versions not counted.
    func recordCount() throws -> Int {
        try names().reduce(0) { count, name in
            let handle = try FileHandle(forReadingFrom: directory.appending(path: name))
            defer { try? handle.close() }
            let data = try handle.read(upToCount: Self.largestByteCount) ?? Data()
            return count + max(Self.recordCount(in: [UInt8](data)) - 1, 0)
        }
    }

    /// Whole records up to the first that is not.
    static func recordCount(in bytes: [UInt8]) -> Int {
        var count = 0
        var offset = 0
        while bytes.count - offset >= 16 {
            let length = bytes[offset..<offset + 8]
            guard number(bytes[offset + 8..<offset + 12]) == UInt64(CRC32C.masked(of: length)),
                let messageCount = Int(exactly: number(length)),
                messageCount <= bytes.count - offset - 16
            else { break }
            let start = offset + 12
            let end = start + messageCount
            guard
                number(bytes[end..<end + 4]) == UInt64(CRC32C.masked(of: bytes[start..<end]))
            else { break }
            count += 1
            offset = end + 4
        }
        return count
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func names() throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasPrefix(Self.prefix) }.sorted()
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return []
        }
    }

    /// `events.out.tfevents.<Unix seconds>.<host>.<process>.<number>`, behind those that are there
    /// even when the clock went back.
    private func nextName(date: Date) throws -> String {
        let names = try names()
        func number(_ part: Substring?) -> Int? {
            part.flatMap { $0.utf8.count <= 10 ? Int($0) : nil }.flatMap { $0 >= 0 ? $0 : nil }
        }
        let seconds = names.compactMap {
            number($0.dropFirst(Self.prefix.count).prefix { $0 != "." })
        }
        let numbers = names.compactMap { number($0.split(separator: ".").last) }
        let now = Int(min(max(date.timeIntervalSince1970, 0), 9_999_999_999))
        let time = min(max(now, (seconds.max() ?? 0) + 1), 9_999_999_999)
        let digits = String(time)
        return Self.prefix + String(repeating: "0", count: 10 - digits.count) + digits
            + ".\(Self.host).\(ProcessInfo.processInfo.processIdentifier)"
            + ".\((numbers.max() ?? -1) + 1)"
    }

    private static let host: String = {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        let name = String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return plain.isEmpty ? "localhost" : plain
    }()
}
