import Baking
import Foundation
import Workbench

/// A directory with a prompt where the workbench was seen before, and a home of its own.
final class BenchWorkplace {
    let directory: URL
    let surroundings: Surroundings
    /// The flags of every command.
    let arguments: [String]

    /// A word of the prompt.
    static let word = "Gertrude"

    /// - Parameter model: As the flag takes it.
    init(_ settings: Settings, model: String) throws {
        let manager = FileManager.default
        directory = manager.temporaryDirectory
            .appending(path: "oven-bench-\(UUID().uuidString)", directoryHint: .isDirectory)
            .resolvingSymlinksInPath()
        try manager.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data("You are a pirate named Gertrude. Talk like a pirate.\n".utf8)
            .write(to: directory.appending(path: "prompt.md"))
        var environment = settings.surroundings.environment
        for name in ["TMUX", "NO_COLOR", "COLORTERM"] { environment[name] = nil }
        environment["TERM"] = "xterm-256color"
        environment["HOME"] = directory.path
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            environment[name] = directory.appending(path: ".home").path
        }
        surroundings = Surroundings(
            workingDirectory: directory, environment: environment,
            executable: settings.surroundings.executable)
        var arguments = ["--model", model]
        if let threads = settings.threads { arguments += ["--threads", "\(threads)"] }
        if settings.flag(.precise) { arguments.append("--precise") }
        if settings.flag(.int8) { arguments.append("--int8") }
        self.arguments = arguments
        var state = SavedState()
        state.isWelcomed = true
        try StateFile(surroundings).write(state)
    }

    deinit {
        // A temporary directory; the system clears what may be left.
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts the workbench.
    func open(
        _ more: [String] = [], columns: UInt16 = 80, rows: UInt16 = 24
    ) throws -> BenchTerminal {
        try BenchTerminal(self, arguments: arguments + more, columns: columns, rows: rows)
    }

    /// Runs a command that prints what is of no interest.
    ///
    /// - Returns: Seconds it took.
    func run(_ command: [String]) throws -> Double {
        let process = Process()
        process.executableURL = surroundings.executable
        process.arguments = command
        process.currentDirectoryURL = directory
        process.environment = surroundings.environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchTerminal.Failure(
                description: "oven \(command.joined(separator: " ")) ended with code "
                    + "\(process.terminationStatus)")
        }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// What happened in the run; nothing as long as there is none.
    func history() throws -> RunHistory {
        let store = RunStore(directory: directory.appending(path: "runs"))
        return try store.runs().first?.history() ?? RunHistory()
    }
}
