import Foundation

@testable import Baking

/// A directory of its own with a home, removed at the end.
final class TemporaryPlace {
    let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "oven-tests-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(
            at: root.appending(path: "work"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    var work: URL { root.appending(path: "work", directoryHint: .isDirectory) }

    var surroundings: Surroundings {
        Surroundings(
            workingDirectory: work, environment: ["HOME": root.appending(path: "home").path],
            executable: root.appending(path: "bin/oven"))
    }

    @discardableResult
    func write(_ text: String, to path: String) throws -> URL {
        let url = root.appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return url
    }
}
