package import Foundation

/// The folder in which Hugging Face's tools keep what they fetched, as a reader sees it.
///
///     models--owner--name/refs/main                   the commit
///     models--owner--name/blobs/<sum>                 a content, or a link to a shared one
///     models--owner--name/snapshots/<commit>/<file>   a link to a content, or the file itself
package struct HubCache: Hashable, Sendable {
    package let directory: URL

    package init(_ directory: URL) { self.directory = directory }

    /// The folder of a repository; it need not exist.
    package func folder(of repository: HubRepository) -> URL {
        directory.appending(path: repository.folder, directoryHint: .isDirectory)
    }

    /// The repositories of models that have a folder, sorted.
    package var repositories: [HubRepository] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.sorted().compactMap { HubRepository(folder: $0) }
    }

    /// The commit that a branch, tag or commit stands for here.
    package func commit(of revision: String, in repository: HubRepository) -> String? {
        if Self.isCommit(revision) { return revision }
        guard Self.isRevision(revision) else { return nil }
        let file = folder(of: repository).appending(path: "refs/\(revision)")
        guard let text = Self.contents(of: file, limit: 256) else { return nil }
        let commit = String(decoding: text, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return Self.isCommit(commit) ? commit : nil
    }

    /// The files of a revision, as far as they are here; nil when there is no folder for them.
    package func snapshot(of repository: HubRepository, revision: String = "main") -> HubSnapshot? {
        guard let commit = commit(of: revision, in: repository) else { return nil }
        let snapshot = HubSnapshot(repository: repository, commit: commit, cache: self)
        var isDirectory: ObjCBool = false
        guard
            FileManager.default.fileExists(
                atPath: snapshot.directory.path, isDirectory: &isDirectory), isDirectory.boolValue
        else { return nil }
        return snapshot
    }

    /// 40 hexadecimal digits in lower case.
    package static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && isHexadecimal(text)
    }

    /// Whether all of it is hexadecimal digits in lower case.
    package static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    /// Whether a revision can be one and may become a path below `refs`.
    package static func isRevision(_ text: String) -> Bool {
        isRelativePath(text) && !text.contains(where: \.isWhitespace)
    }

    /// Whether `path` leads to somewhere below the folder it is appended to, whatever reads it.
    package static func isRelativePath(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return path.utf8.count <= 1024
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
            && path.unicodeScalars.allSatisfy { $0 != "\\" && $0.value >= 0x20 && $0.value != 0x7F }
    }

    /// The whole of a regular file of at most `limit` bytes; nil when there is none.
    static func contents(of file: URL, limit: Int) -> Data? {
        guard let size = HubSnapshot.size(of: file), size <= limit else { return nil }
        return FileManager.default.contents(atPath: file.path)
    }
}
