import Baking
import Foundation
import Transformer

/// One commit's place in a cache, as a writer sees it: others may read at any time.
///
/// Nothing is removed that others wrote; a content that has another sum than its name is replaced.
struct HubStore: Sendable {
    let snapshot: HubSnapshot
    let disablesLinks: Bool

    private var folder: URL { snapshot.cache.folder(of: snapshot.repository) }

    /// The place of a content.
    func blob(_ file: HubFile) -> URL { folder.appending(path: "blobs/\(file.sum.text)") }

    /// Where a content lies until it is whole. The name is ours: other programs throw theirs away.
    func partial(_ file: HubFile) -> URL {
        folder.appending(path: "blobs/\(file.sum.text).oven.incomplete")
    }

    func lock(_ file: HubFile) -> URL {
        snapshot.cache.directory.appending(
            path: ".locks/\(snapshot.repository.folder)/\(file.sum.text).lock")
    }

    /// The place of a file under its own name.
    func entry(_ path: String) -> URL { snapshot.directory.appending(path: path) }

    /// Makes the folders.
    ///
    /// - Throws: When nothing can be written there.
    func prepare() throws(HubError) {
        let isNew = !FileManager.default.fileExists(atPath: snapshot.cache.directory.path)
        for directory in [folder.appending(path: "blobs"), snapshot.directory] {
            try Self.makeFolder(directory)
            guard access(directory.path, W_OK) == 0 else {
                throw .unwritable(path: directory.path, errno: errno)
            }
        }
        guard isNew else { return }
        // What tells programs that make backups to leave a folder out. It does not matter much.
        try? Self.write(
            "Signature: 8a477f597d28d172789f06886806bc55\n",
            to: snapshot.cache.directory.appending(path: "CACHEDIR.TAG"))
    }

    /// Bytes of a file that are here already, judged by sizes alone.
    func presentByteCount(of file: HubFile, paths: [String]) -> Int {
        let whole = [blob(file)] + paths.map(entry)
        if whole.contains(where: { HubSnapshot.size(of: $0) == file.size }) { return file.size }
        let part = HubSnapshot.size(of: partial(file)) ?? 0
        return part <= file.size ? part : 0
    }

    /// A place where the content of `file` lies unharmed.
    func content(of file: HubFile, paths: [String]) async throws -> URL? {
        for place in [blob(file)] + paths.map(entry) where try await holds(place, file) {
            return place
        }
        return nil
    }

    /// Whether the content of `file` lies at `place`, links followed.
    func holds(_ place: URL, _ file: HubFile) async throws -> Bool {
        guard HubSnapshot.size(of: place) == file.size else { return false }
        let descriptor = open(place.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var hash = HubHash(file)
        let isWhole = try await HubHash.bytes(of: descriptor, path: place.path, count: file.size) {
            hash.update($0)
        }
        return isWhole && hash.isRight
    }

    /// Brings a content under the names that the commit has for it.
    ///
    /// - Parameters:
    ///   - content: Where it lies.
    ///   - isNew: Whether nobody else can know of it yet, so that it may be moved.
    func place(_ content: URL, of file: HubFile, at paths: [String], isNew: Bool) async throws {
        let source = content.resolvingSymlinksInPath().path
        var rest: [String] = []
        for path in paths {
            let entry = entry(path)
            if entry.resolvingSymlinksInPath().path == source { continue }
            if try await holds(entry, file) { continue }
            rest.append(path)
        }
        var links = !disablesLinks && content == blob(file)
        var isMovable = isNew && content == blob(file)
        for (index, path) in rest.enumerated() {
            let entry = entry(path)
            try Self.makeFolder(entry.deletingLastPathComponent())
            if links {
                links = try link(entry, path: path, to: file)
                if links {
                    isMovable = false
                    continue
                }
            }
            if isMovable, index == rest.count - 1 {
                guard rename(content.path, entry.path) == 0 else {
                    throw HubError.unwritable(path: entry.path, errno: errno)
                }
            } else {
                try await copy(content, to: entry, byteCount: file.size)
            }
        }
    }

    /// Makes a link that leads from a snapshot to a content, replacing what is there.
    ///
    /// - Returns: false where the file system has no links.
    private func link(_ entry: URL, path: String, to file: HubFile) throws(HubError) -> Bool {
        let depth = path.split(separator: "/").count + 1
        let target = String(repeating: "../", count: depth) + "blobs/\(file.sum.text)"
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let aside = entry.deletingLastPathComponent().appending(path: ".\(random).oven.link")
        guard symlink(target, aside.path) == 0 else {
            guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw .unwritable(path: entry.path, errno: errno)
            }
            return false
        }
        guard rename(aside.path, entry.path) == 0 else {
            let code = errno
            unlink(aside.path)
            throw .unwritable(path: entry.path, errno: code)
        }
        return true
    }

    private func copy(_ content: URL, to entry: URL, byteCount: Int) async throws {
        let descriptor = open(content.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw HubError.file(
                .cannotRead(path: content.path, reason: String(cString: strerror(errno))))
        }
        defer { close(descriptor) }
        do {
            let copy = try AtomicFile(path: entry.path)
            var failure: FileError?
            let isWhole = try await HubHash.bytes(
                of: descriptor, path: content.path, count: byteCount
            ) { bytes in
                guard failure == nil else { return }
                do throws(FileError) { try copy.append(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            guard isWhole else {
                throw FileError.cannotRead(
                    path: content.path, reason: "it became shorter meanwhile")
            }
            try copy.commit()
        } catch let error as FileError {
            throw HubError.file(error)
        }
    }

    /// Makes `revision` stand for the commit: the last step.
    func setReference(_ revision: String) throws(HubError) {
        guard revision != snapshot.commit,
            snapshot.cache.commit(of: revision, in: snapshot.repository) != snapshot.commit
        else { return }
        try Self.write(snapshot.commit, to: folder.appending(path: "refs/\(revision)"))
    }

    private static func write(_ text: String, to url: URL) throws(HubError) {
        try makeFolder(url.deletingLastPathComponent())
        do throws(FileError) {
            let file = try AtomicFile(path: url.path)
            try file.append(Array(text.utf8))
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    private static func makeFolder(_ url: URL) throws(HubError) {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            let system = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            throw .unwritable(
                path: url.path,
                why: system.map { String(cString: strerror(Int32(truncatingIfNeeded: $0.code))) }
                    ?? "the folder cannot be made")
        }
    }
}
