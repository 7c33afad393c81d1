import Backends
import Baking
import Foundation
import Terminal

/// Shows how a model is fetched: a bar on a terminal, else a line per event. With JSON the lines go
/// to standard error.
struct PullPrinter {
    let console: Console
    private let json: Bool
    /// What was fetched, at the end.
    private(set) var result: (snapshot: HubSnapshot, files: [String])?
    private var isBarShown = false
    /// When the first bytes had come, and how many those were.
    private var start: (time: ContinuousClock.Instant, received: Int)?

    init(_ console: Console, json: Bool) {
        self.console = console
        self.json = json
    }

    /// Consumes the events.
    mutating func show(_ events: AsyncThrowingStream<HubEvent, any Error>) async throws {
        do {
            for try await event in events { try show(event) }
        } catch {
            try endBar()
            throw error
        }
        try endBar()
        // A cancelled stream just ends.
        try Task.checkCancellation()
    }

    private mutating func show(_ event: HubEvent) throws {
        switch event {
        case .planned(let plan):
            let rest = plan.byteCount - plan.presentByteCount
            try tell(
                "\(plan.repository) at \(plan.commit.prefix(12)): \(plan.fileCount) files, "
                    + "\(HubError.size(plan.byteCount)), \(HubError.size(rest)) to fetch")
        case .progress(let completed, let total, let received):
            try draw(completed, total, received: received)
        case .file(let path, let byteCount, let wasPresent):
            // On a terminal the bar says enough.
            if isQuiet { return }
            try tell("\(path) \(HubError.size(byteCount))" + (wasPresent ? ", was there" : ""))
        case .notice(let notice): try tell(Self.text(notice))
        case .finished(let snapshot, let files): result = (snapshot, files)
        }
    }

    private var isQuiet: Bool { console.isTerminal && !json }

    private mutating func draw(_ completed: Int, _ total: Int, received: Int) throws {
        guard isQuiet, total > 0 else { return }
        let now = ContinuousClock.now
        if start == nil, received > 0 { start = (now, received) }
        var rate = ""
        var secondsLeft: Double?
        if let start {
            let seconds = (now - start.time) / .seconds(1)
            let bytesPerSecond = Double(received - start.received) / seconds
            if seconds > 0.5, bytesPerSecond > 0 {
                rate = "\(HubError.size(Int(bytesPerSecond)))/s"
                secondsLeft = completed < total ? Double(total - completed) / bytesPerSecond : nil
            }
        }
        let (scale, unit) = total >= 10_000_000 ? (1_000_000, "MB") : (1000, "kB")
        let bar = ProgressBar(
            label: "pull", completed: completed / scale, total: max(total / scale, 1), note: unit,
            rate: rate, secondsLeft: secondsLeft)
        // Some columns stay free: the terminal shows ^C there.
        let parts = bar.line(width: console.width - 3, isASCII: console.isASCII)
        let line = parts.map { console.painter.paint($0.text, $0.role) }.joined()
        try console.write("\r\(line)\(eraseToEnd)")
        isBarShown = true
    }

    /// A line above the bar.
    private mutating func tell(_ text: String) throws {
        guard !json else { return console.remark(text) }
        if isBarShown { try console.write("\r\(eraseToEnd)") }
        isBarShown = false
        try console.line(console.safe(text))
    }

    /// Leaves the bar as it stands.
    private mutating func endBar() throws {
        if isBarShown { try console.line() }
        isBarShown = false
    }

    /// Terminals without sequences get spaces in place of the erasing one.
    private var eraseToEnd: String { console.painter.depth == .plain ? "   " : "\u{1B}[K" }

    private static func text(_ notice: ServiceNotice) -> String {
        switch notice {
        case .waiting(_, let reason, let seconds):
            seconds > 0
                ? "\(reason); again in \(ProgressBar.duration(seconds))" : "\(reason); waiting"
        case .resumed(let service): "the \(service) answers again"
        case .note(_, let text): text
        case .warning(_, let text): "warning: \(text)"
        }
    }
}
