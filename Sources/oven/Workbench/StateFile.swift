import Baking
import Foundation
import Workbench

/// Where the workbench of a directory keeps what it finds again.
struct StateFile {
    private let directory: URL
    private let name: String

    init(_ surroundings: Surroundings) {
        directory = surroundings.stateDirectory.appending(
            path: "workbenches", directoryHint: .isDirectory)
        // The directory's own path, so that a look at the files tells whose they are.
        let path = surroundings.workingDirectory.standardizedFileURL.path
        let stem = URL(filePath: path).lastPathComponent.filter { $0.isLetter || $0.isNumber }
        name = "\(stem)-\(PathHash.text(of: path))"
    }

    private var file: URL { directory.appending(path: "\(name).json") }

    /// What was said.
    var transcript: URL { directory.appending(path: "\(name).chat.jsonl") }

    /// nil when there is none, or one that cannot be read: a person begins anew then.
    func read() throws -> SavedState? {
        removeRemains()
        guard let data = FileManager.default.contents(atPath: file.path), data.count < 1 << 24
        else { return nil }
        return try? JSONDecoder().decode(SavedState.self, from: data)
    }

    /// Removes what a kill in the middle of writing left.
    private func removeRemains() {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: directory.path)) ?? []
        for remains in names where remains.hasPrefix(".\(name).") {
            unlink(directory.appending(path: remains).path)
        }
    }

    /// Whole or not at all, for its owner alone.
    func write(_ state: SavedState) throws {
        let manager = FileManager.default
        try manager.createDirectory(
            at: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let data = try JSONEncoder().encode(state)
        let aside = directory.appending(path: ".\(name).\(UInt32.random(in: 0 ... .max))")
        guard
            manager.createFile(
                atPath: aside.path, contents: data, attributes: [.posixPermissions: 0o600]),
            rename(aside.path, file.path) == 0
        else {
            unlink(aside.path)
            throw CocoaError(.fileWriteUnknown)
        }
    }
}

/// A short name for a path.
enum PathHash {
    /// FNV-1a over the path's bytes, hexadecimal.
    static func text(of path: String) -> String {
        let hash = path.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }
}
