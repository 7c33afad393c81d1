import Foundation
import Testing

/// The built program, run as a child in a directory of its own.
struct OvenProcess {
    /// How a child ended.
    struct Result {
        var code: Int32
        var output: String
        var errors: String

        /// The lines of standard output.
        var lines: [Substring] { output.split(separator: "\n") }
    }

    /// Beside the test bundle, which lies in the build folder.
    static let executable = Bundle.main.bundleURL.appending(path: "oven")

    let directory: TemporaryDirectory
    var environment: [String: String] = [:]

    init() throws { directory = try TemporaryDirectory() }

    init(in directory: TemporaryDirectory) { self.directory = directory }

    /// Runs `oven` with `arguments` to its end.
    func run(_ arguments: String..., input: String = "") throws -> Result {
        try run(Self.executable, arguments, input: input)
    }

    /// Runs a line of shell in which `$OVEN` is the program.
    func shell(_ line: String, input: String = "") throws -> Result {
        try run(URL(filePath: "/bin/sh"), ["-c", line], input: input)
    }

    /// Streams go through files, so that neither side can wait for the other.
    private func run(_ program: URL, _ arguments: [String], input: String) throws -> Result {
        let streams = try TemporaryDirectory()
        let inputFile = streams.url.appending(path: "in")
        try Data(input.utf8).write(to: inputFile)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = directory.url
        process.environment = [
            "HOME": directory.url.appending(path: "home").path, "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8", "TERM": "dumb", "OVEN": Self.executable.path,
        ].merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        let files = try ["out", "err"].map { name in
            let url = streams.url.appending(path: name)
            try Data().write(to: url)
            return url
        }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let code = process.terminationReason == .exit ? 0 : Int32(128)
        return Result(
            code: code + process.terminationStatus,
            output: try String(contentsOf: files[0], encoding: .utf8),
            errors: try String(contentsOf: files[1], encoding: .utf8))
    }
}

/// A directory that is removed with the last reference to it.
final class TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "oven-command-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file below the directory.
    func write(_ text: String, to path: String) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
