import Baking
import Transformer

/// A file of a commit as the hub lists it.
struct HubFile: Hashable, Sendable {
    /// What proves a content, and names it in the cache.
    enum Sum: Hashable, Sendable {
        /// Of a large file.
        case sha256(String)
        /// SHA-1 of `blob <size>`, a zero byte and the content: git's name for it.
        case git(String)

        var text: String {
            switch self {
            case .sha256(let text), .git(let text): text
            }
        }
    }

    /// Below the repository; safe to append to a folder.
    var path: String
    /// In bytes.
    var size: Int
    var sum: Sum

    init(path: String, size: Int, sum: Sum) {
        self.path = path
        self.size = size
        self.sum = sum
    }

    /// nil for a folder.
    init?(_ entry: HubWire.TreeEntry) throws(HubError) {
        func refuse(_ why: String) -> HubError { .unexpected(what: "the list of files", why: why) }
        guard entry.type == "file" else { return nil }
        guard HubCache.isRelativePath(entry.path) else {
            throw refuse("it names \(entry.path.prefix(200)), which is no path inside a folder")
        }
        path = entry.path
        if let large = entry.lfs {
            guard large.oid.utf8.count == 64, HubCache.isHexadecimal(large.oid) else {
                throw refuse("\(entry.path) has no SHA-256")
            }
            (size, sum) = (large.size, .sha256(large.oid))
        } else {
            guard let oid = entry.oid, oid.utf8.count == 40, HubCache.isHexadecimal(oid),
                let size = entry.size
            else { throw refuse("\(entry.path) has no size or SHA-1") }
            (self.size, sum) = (size, .git(oid))
        }
        // The sum of all sizes cannot overflow.
        guard (0...1 << 44).contains(size) else { throw refuse("\(entry.path) has no real size") }
    }
}

/// The sum of a file that comes piece by piece.
struct HubHash {
    private enum State {
        case sha256(SHA256)
        case git(SHA1)
    }

    private var state: State
    private let expected: String

    init(_ file: HubFile) {
        expected = file.sum.text
        switch file.sum {
        case .sha256: state = .sha256(SHA256())
        case .git:
            var hash = SHA1()
            hash.update("blob \(file.size)\0")
            state = .git(hash)
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hash):
            hash.update(bytes)
            state = .sha256(hash)
        case .git(var hash):
            hash.update(bytes)
            state = .git(hash)
        }
    }

    /// Whether what came is what should have come.
    var isRight: Bool {
        switch state {
        case .sha256(let hash): hash.hexDigest() == expected
        case .git(let hash): hash.hexDigest() == expected
        }
    }
}
