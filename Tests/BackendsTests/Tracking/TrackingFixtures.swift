import Baking
import Foundation
import Synchronization

@testable import Backends

/// Files of this folder's fixtures.
enum TrackingFixtures {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(
            path: "Fixtures/tracking", directoryHint: .isDirectory)

    static func url(_ name: String) -> URL { directory.appending(path: name) }

    /// The body of a recorded request.
    static func body(_ name: String) throws -> NSDictionary? {
        let data = try Data(contentsOf: url(name))
        let recording = try JSONSerialization.jsonObject(with: data) as? NSDictionary
        return recording?["request_body"] as? NSDictionary
    }

    /// The recorded lines of `wandb-history.jsonl`.
    static func lines(_ name: String) throws -> [String] {
        let files = try body(name)?["files"] as? NSDictionary
        return (files?["wandb-history.jsonl"] as? NSDictionary)?["content"] as? [String] ?? []
    }

    /// A line as JSON; the words for what is no number become texts.
    static func object(_ line: String) throws -> NSDictionary? {
        let text = line.replacing(/:\s*(-?(?:NaN|Infinity))/) { ":\"\($0.output.1)\"" }
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
    }
}

/// A run, a recorder, a clock, and what a person is told.
struct TrackingBench {
    static let key = "local-0123456789abcdef0123456789abcdef01234567"

    let run: RecordedRun
    let recorder = WandbRecorder()
    let clock = SteppedClock()
    let log = NoticeLog()

    init(steps: Int = 6) throws { run = try RecordedRun(steps: steps) }

    func surroundings(_ environment: [String: String] = [:]) -> Surroundings {
        Surroundings(
            workingDirectory: run.homeDirectory,
            environment: ["WANDB_API_KEY": Self.key, "HOME": run.homeDirectory.path]
                .merging(environment) { $1 },
            executable: URL(filePath: "/usr/bin/oven"))
    }

    func tracking(
        _ targets: [String] = ["wandb"], _ environment: [String: String] = [:]
    ) -> RunTracking {
        RunTracking(
            targets, surroundings: surroundings(environment),
            caller: HTTPCaller(
                transport: RecorderTransport(recorder: recorder, clock: clock), clock: clock,
                random: { 0 }),
            notify: { [log] in log.add($0) }, onStop: { [log] in log.stop() })
    }

    /// What the history must be, from the events alone.
    func expectedLines() throws -> [String] {
        var lines: [String] = []
        var reader = WandbLines(directory: run.directory)
        while try reader.read(line: { lines.append($1) }) {}
        return lines
    }
}

/// What was told, from any thread.
final class NoticeLog: Sendable {
    private let state = Mutex<(notices: [ServiceNotice], stops: Int)>(([], 0))

    var notices: [ServiceNotice] { state.withLock { $0.notices } }
    var stopCount: Int { state.withLock { $0.stops } }

    func add(_ notice: ServiceNotice) { state.withLock { $0.notices.append(notice) } }
    func stop() { state.withLock { $0.stops += 1 } }
}
