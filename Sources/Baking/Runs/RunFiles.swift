import Foundation
import Transformer

/// Reading and writing the files of a run, each whole or absent.
enum RunFiles {
    /// Larger ones are refused before they are read.
    static let largestByteCount = 1 << 30

    /// The bytes of `file`; nil when there is none.
    static func contents(of file: URL) throws(RunError) -> Data? {
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            let data = try handle.read(upToCount: largestByteCount + 1) ?? Data()
            guard data.count <= largestByteCount else {
                throw RunError.unreadable(path: file.path, reason: "it is larger than 1 GiB")
            }
            return data
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return nil
        } catch let error as RunError {
            throw error
        } catch {
            throw .unreadable(path: file.path, reason: reason(of: error))
        }
    }

    /// Reads JSON; nil when there is no file.
    static func json<Value: Decodable>(
        _ type: Value.Type, from file: URL
    ) throws(RunError) -> Value? {
        guard let data = try contents(of: file) else { return nil }
        do {
            return try JSONLine.decode(type, from: data)
        } catch {
            throw .damaged(path: file.path, why: JSONLine.reason(of: error))
        }
    }

    /// Writes `data` aside, syncs and renames.
    ///
    /// - Parameter permissions: The file's bits; nil are those of a new file.
    static func write(
        _ data: Data, to file: URL, permissions: UInt16? = nil
    ) throws(RunError) {
        do {
            let atomic = try AtomicFile(path: file.path)
            if let permissions { try atomic.setPermissions(permissions) }
            try atomic.append(Array(data))
            try atomic.commit()
        } catch {
            throw unwritable(error, path: file.path)
        }
    }

    /// Writes JSON for people, with a line feed at the end.
    static func write(
        json value: some Encodable, to file: URL, permissions: UInt16? = nil
    ) throws(RunError) {
        let encoder = JSONLine.encoder()
        encoder.outputFormatting.insert(.prettyPrinted)
        let data: Data
        do {
            data = try encoder.encode(value)
        } catch {
            throw .unwritable(path: file.path, reason: "\(error)")
        }
        try write(data + [0x0A], to: file, permissions: permissions)
    }

    /// - Parameter permissions: The bits of what is made; nil are those of a new directory.
    static func makeDirectory(
        _ directory: URL, permissions: UInt16? = nil
    ) throws(RunError) {
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true,
                attributes: permissions.map { [.posixPermissions: NSNumber(value: $0)] })
        } catch {
            throw .unwritable(path: directory.path, reason: reason(of: error))
        }
    }

    /// Removes a file or a directory with all that is in it; nothing there is fine.
    static func remove(_ url: URL) throws(RunError) {
        do {
            try FileManager.default.removeItem(at: url)
        } catch CocoaError.fileNoSuchFile, CocoaError.fileReadNoSuchFile {
            return
        } catch {
            throw .unwritable(path: url.path, reason: reason(of: error))
        }
    }

    /// Names in `directory`, sorted; none when there is no directory.
    static func names(in directory: URL) throws(RunError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return []
        } catch {
            throw .unreadable(path: directory.path, reason: reason(of: error))
        }
    }

    /// Brings every file of `directory` and its list of names to the disk, then gives it its name.
    static func publish(_ directory: URL, as final: URL) throws(RunError) {
        for name in try names(in: directory) { try synchronize(directory.appending(path: name)) }
        try synchronize(directory)
        try rename(directory, to: final)
    }

    /// Gives `directory` another name beside it, on the disk when this returns.
    static func rename(_ directory: URL, to final: URL) throws(RunError) {
        guard Foundation.rename(directory.path, final.path) == 0 else {
            throw .unwritable(path: final.path, reason: systemMessage(errno))
        }
        try synchronize(final.deletingLastPathComponent())
    }

    /// Whether something is called so, even a link to nothing.
    static func exists(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) == 0
    }

    private static func synchronize(_ url: URL) throws(RunError) {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unwritable(path: url.path, reason: systemMessage(errno))
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .unwritable(path: url.path, reason: systemMessage(errno))
        }
    }

    private static func unwritable(_ error: FileError, path: String) -> RunError {
        if case .cannotWrite(_, let reason) = error {
            return .unwritable(path: path, reason: reason)
        }
        return .unwritable(path: path, reason: "\(error)")
    }
}
