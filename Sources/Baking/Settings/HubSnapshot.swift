package import Foundation
import Transformer

/// The files of one commit in a cache, perhaps not all of them.
package struct HubSnapshot: Hashable, Sendable {
    package var repository: HubRepository
    /// 40 hexadecimal digits.
    package var commit: String
    package var cache: HubCache

    package init(repository: HubRepository, commit: String, cache: HubCache) {
        self.repository = repository
        self.commit = commit
        self.cache = cache
    }

    package var directory: URL {
        cache.folder(of: repository).appending(path: "snapshots/\(commit)")
    }

    package static let weights = "model.safetensors"
    package static let index = "model.safetensors.index.json"

    /// The files that a model cannot do without and that are not here, whole: sorted. A file counts
    /// when it resolves through whatever links there are and has the size that it should have.
    package var missing: [String] {
        var names = ["config.json", "tokenizer.json"]
        if !has(Self.weights), has(Self.index) {
            let index = directory.appending(path: Self.index)
            guard let text = HubCache.contents(of: index, limit: 1 << 26),
                let shards = try? Self.shards(inIndex: text)
            else { return [Self.index] }
            names += shards
        } else {
            names.append(Self.weights)
        }
        let sizes = listedSizes
        return names.filter { !isWhole($0, size: sizes[$0]) }.sorted()
    }

    /// Whether there is a file of that name, links followed.
    package func has(_ name: String) -> Bool {
        Self.size(of: directory.appending(path: name)) != nil
    }

    /// The names of all files in the snapshot, links followed, sorted; those below folders with them.
    package var files: [String] {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: directory.path)) ?? []
        return paths.filter(has).sorted()
    }

    /// The files that hold tensors according to the text of an index, each a plain name.
    ///
    /// - Throws: When it is no index.
    package static func shards(inIndex text: Data) throws -> Set<String> {
        struct Index: Decodable {
            var weight_map: [String: String]
        }
        let names = Set(try JSONDecoder().decode(Index.self, from: text).weight_map.values)
        guard !names.isEmpty,
            names.allSatisfy({
                HubCache.isRelativePath($0) && !$0.contains("/") && !$0.hasPrefix(".")
            })
        else { throw CocoaError(.fileReadCorruptFile) }
        return names
    }

    /// The size of a regular file in bytes, links followed; nil when there is none.
    package static func size(of file: URL) -> Int? {
        var status = stat()
        guard stat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    private func isWhole(_ name: String, size: Int?) -> Bool {
        let file = directory.appending(path: name)
        guard let found = Self.size(of: file) else { return false }
        if let size { return found == size }
        // A file of tensors says itself how long it is.
        return !name.hasSuffix(".safetensors") || (try? SafetensorsFile(path: file.path)) != nil
    }

    /// The sizes that newer versions of Hugging Face's own tools note for a commit.
    private var listedSizes: [String: Int] {
        struct Listing: Decodable {
            struct File: Decodable {
                var size: Int
            }
            var format_version: Int
            var files: [String: File]
        }
        let file = cache.folder(of: repository).appending(path: "trees/\(commit).json")
        guard let text = HubCache.contents(of: file, limit: 1 << 26),
            let listing = try? JSONDecoder().decode(Listing.self, from: text),
            listing.format_version == 1
        else { return [:] }
        return listing.files.mapValues(\.size)
    }
}
