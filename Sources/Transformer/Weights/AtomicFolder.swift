import Foundation

/// A directory that appears whole under its name, or not at all.
///
/// Files are written into ``temporaryPath``, a hidden name beside it; ``commit()`` renames. Without
/// it, everything is removed with this object.
package final class AtomicFolder {
    /// Where to write until the commit.
    package let temporaryPath: String
    private let path: String
    private var isCommitted = false

    /// - Parameter path: Must not exist, or be an empty directory. The directory above must exist.
    package init(path: String) throws(FileError) {
        let url = URL(filePath: path)
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        self.path = path
        temporaryPath =
            url.deletingLastPathComponent()
            .appending(path: ".\(url.lastPathComponent).\(random).partial").path
        // Now rather than after hours of work; the commit looks again.
        if let names = try? FileManager.default.contentsOfDirectory(atPath: path), !names.isEmpty {
            throw Self.exists(path)
        }
        guard mkdir(temporaryPath, 0o755) == 0 else { throw .writing(path, errno: errno) }
    }

    deinit {
        guard !isCommitted else { return }
        do {
            try FileManager.default.removeItem(atPath: temporaryPath)
        } catch {
            // What cannot be removed stays behind under its hidden name; there is nobody to tell.
        }
    }

    /// Makes the directory appear. Its files must be on the disk already.
    package func commit() throws(FileError) {
        guard rename(temporaryPath, path) == 0 else {
            throw errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                ? Self.exists(path)
                : .writing(path, errno: errno)
        }
        isCommitted = true
        let directory = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func exists(_ path: String) -> FileError {
        .cannotWrite(path: path, reason: "it is there already")
    }
}
