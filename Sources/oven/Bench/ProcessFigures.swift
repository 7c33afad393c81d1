import Foundation

/// What Linux tells of another process.
enum ProcessFigures {
    /// A thread of a process.
    struct ThreadFigures {
        var name: String
        /// How long it has run.
        var nanoseconds: Int
    }

    /// The threads of a process by their number; nil where the system does not tell.
    static func threads(of process: Int32) -> [Int32: ThreadFigures]? {
        let directory = "/proc/\(process)/task"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            return nil
        }
        var threads: [Int32: ThreadFigures] = [:]
        for name in names {
            // A thread may end meanwhile.
            guard let number = Int32(name), let time = text("\(directory)/\(name)/schedstat"),
                let nanoseconds = runTime(time), let title = text("\(directory)/\(name)/comm")
            else { continue }
            threads[number] = ThreadFigures(
                name: title.trimmingCharacters(in: .newlines), nanoseconds: nanoseconds)
        }
        return threads.isEmpty ? nil : threads
    }

    private static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    /// Bytes of memory the process holds, and those that are its own, in no file; nil where the
    /// system does not tell.
    static func memory(of process: Int32) -> (all: Int, own: Int)? {
        guard
            let text = text("/proc/\(process)/status"),
            let all = kibibytes("VmRSS", in: text), let own = kibibytes("RssAnon", in: text)
        else { return nil }
        return (all << 10, own << 10)
    }

    /// The first number of a `schedstat`.
    static func runTime(_ text: String) -> Int? {
        text.split(separator: " ").first.flatMap { Int($0) }
    }

    /// The value of a line such as `VmRSS:   38192 kB`.
    static func kibibytes(_ name: String, in status: String) -> Int? {
        status.split(separator: "\n").first { $0.hasPrefix("\(name):") }?
            .split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }
    }
}
