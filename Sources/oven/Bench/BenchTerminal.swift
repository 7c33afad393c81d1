import Baking
import Foundation

/// This program in a terminal of its own, as a person would run it.
final class BenchTerminal {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let process = Process()
    private var terminal: Int32 = -1
    /// Its directory goes away with it, so it stays as long as the program.
    private let place: BenchWorkplace
    /// What was written since the last ``forget()``.
    private(set) var output: [UInt8] = []
    /// When it was started.
    private(set) var start = ContinuousClock.now

    var identifier: Int32 { process.processIdentifier }

    /// Starts the workbench in `place`.
    init(
        _ place: BenchWorkplace, arguments: [String], columns: UInt16, rows: UInt16
    ) throws {
        self.place = place
        var other: Int32 = -1
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&terminal, &other, nil, nil, &size) == 0 else {
            throw Failure(description: "no terminal: \(String(cString: strerror(errno)))")
        }
        // The program's own copies alone, or its end would not be seen.
        _ = fcntl(terminal, F_SETFD, FD_CLOEXEC)
        _ = fcntl(other, F_SETFD, FD_CLOEXEC)
        let end = FileHandle(fileDescriptor: other, closeOnDealloc: true)
        process.executableURL = place.surroundings.executable
        process.arguments = arguments
        process.currentDirectoryURL = place.directory
        process.environment = place.surroundings.environment
        process.standardInput = end
        process.standardOutput = end
        process.standardError = end
        start = .now
        try process.run()
        try end.close()
    }

    deinit {
        stop()
        close(terminal)
    }

    /// Ends the program at once; there is nothing of it to keep.
    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    // MARK: Output

    /// Reads what comes within `seconds`, at most once.
    ///
    /// - Returns: Whether something came.
    @discardableResult
    func read(within seconds: Double) throws -> Bool {
        var request = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, Int32((max(0, seconds) * 1000).rounded(.up))) > 0 else {
            return false
        }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = Foundation.read(terminal, &bytes, bytes.count)
        guard count > 0 else { throw Failure(description: "the workbench ended: \(tail)") }
        output += bytes[..<count]
        return true
    }

    /// Reads until `text` was seen.
    ///
    /// - Returns: Seconds since the start.
    @discardableResult
    func wait(for text: String, seconds: Double = 60) throws -> Double {
        let wanted = Array(text.utf8)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while output.firstRange(of: wanted) == nil {
            guard try read(within: (deadline - .now) / .seconds(1)) else {
                throw Failure(description: "the workbench does not show \(text): \(tail)")
            }
        }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// Reads until nothing came for `quiet` seconds, at most `longest`.
    func settle(quiet: Double, longest: Double = 30) throws {
        let deadline = ContinuousClock.now + .seconds(longest)
        while ContinuousClock.now < deadline, try read(within: quiet) {}
    }

    /// Reads everything that comes within `seconds`.
    func follow(seconds: Double) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            try read(within: (deadline - .now) / .seconds(1))
        }
    }

    func forget() { output = [] }

    /// The last that was shown, for complaints.
    private var tail: String {
        let text = String(decoding: output.suffix(200), as: UTF8.self)
        return String(text.map { $0.isASCII && $0 >= " " ? $0 : " " })
    }

    // MARK: Input

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(terminal, bytes, bytes.count)
    }

    /// Types `key` into a quiet screen.
    ///
    /// - Returns: Seconds until the first byte came back.
    func reaction(to key: String) throws -> Double {
        try settle(quiet: 0.02, longest: 0.1)
        while try read(within: 0) {}
        forget()
        let start = ContinuousClock.now
        type(key)
        guard try read(within: 5) else { throw Failure(description: "no answer to a key") }
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
