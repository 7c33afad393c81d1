package import Foundation

/// Where the reference data lies: `OVEN_GOLDEN`, else the copy among the fixtures.
package enum Golden {
    package static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["OVEN_GOLDEN"], !path.isEmpty {
            return URL(filePath: path, directoryHint: .isDirectory)
        }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "TransformerTests/Fixtures/golden", directoryHint: .isDirectory)
    }()

    /// Names of the folders below `path` that hold a file `containing`, sorted.
    package static func cases(in path: String, containing file: String) -> [String] {
        let folder = directory.appending(path: path, directoryHint: .isDirectory)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().filter {
            FileManager.default.fileExists(
                atPath: folder.appending(path: $0).appending(path: file).path)
        }
    }

    package static func url(_ path: String) -> URL { directory.appending(path: path) }
}
