import Baking
import Foundation
import Terminal

/// Shows the events of a job as they come: JSON lines, lines of words, or on a terminal bars and a
/// summary.
struct EventPrinter {
    enum Style {
        case json, words, bars
    }

    let console: Console
    let style: Style
    /// What has been seen, for the summary and the exit code.
    private(set) var report: VerificationReport?
    private(set) var run: RunStarted?
    private var finish: RunFinished?
    private var losses: [Double] = []
    private var heldOutKL: Double?
    private var pace: Pace?
    private var isBarShown = false
    private var isBarComplete = false
    /// Who else is told of every event.
    private let alsoTell: (BakeEvent) -> Void

    init(
        _ console: Console, json: Bool,
        alsoTelling alsoTell: @escaping (BakeEvent) -> Void = { _ in }
    ) {
        self.console = console
        self.alsoTell = alsoTell
        style = json ? .json : console.isTerminal ? .bars : .words
    }

    /// Consumes a job's events and prints the summary at their end.
    mutating func show(_ events: AsyncThrowingStream<BakeEvent, any Error>) async throws {
        do {
            for try await event in events { try show(event) }
        } catch {
            try endBar()
            throw error
        }
        try endBar()
        // A cancelled stream just ends.
        try Task.checkCancellation()
        if style == .bars { try summarise() }
    }

    private mutating func show(_ event: BakeEvent) throws {
        alsoTell(event)
        note(event)
        switch style {
        case .json: try console.line(JSONText.escaped(try event.line))
        case .words:
            // An error also ends the stream; whoever catches it says so.
            if case .error = event.kind { return }
            try console.line(console.safe(EventLine.text(event)))
        case .bars: try draw(event)
        }
    }

    private mutating func note(_ event: BakeEvent) {
        switch event.kind {
        case .runStarted(let start): run = start
        case .step(let step):
            losses = losses.prefix(max(0, step.step - 1)) + [step.kl]
        case .evaluation(let evaluation): heldOutKL = evaluation.heldOutKL
        case .verification(let report): self.report = report
        case .runFinished(let finish): self.finish = finish
        default: break
        }
    }

    private mutating func draw(_ event: BakeEvent) throws {
        switch event.kind {
        case .generationProgress(let progress):
            let rate = progress.tokensPerSecond
            try draw(
                "generate", progress.completed, progress.total, at: event.time,
                note: [
                    progress.spending?.text ?? "",
                    progress.failed > 0 ? "\(progress.failed) failed" : "",
                ].filter { !$0.isEmpty }.joined(separator: ", "),
                rate: rate > 0 ? "\(EventLine.number(rate, digits: 0)) tokens/s" : "")
        case .teacherProgress(let progress):
            try draw("score", progress.completed, progress.total, at: event.time)
        case .step(let step):
            let heldOut = heldOutKL.map { "  held out \(EventLine.number($0))" } ?? ""
            try draw(
                "bake", step.step, step.steps, at: event.time,
                note: "kl \(EventLine.number(step.kl))\(heldOut)",
                rate: "\(EventLine.number(step.seconds, digits: 2)) s/step")
        case .runStarted(let start):
            let from = start.resumed ? ", going on from step \(start.fromStep)" : ""
            let title = console.painter.paint(console.safe(start.run), .title)
            try above("\(title) in \(console.safe(start.directory))\(from)")
        case .warning(let notice):
            let sign = console.painter.paint("warning", .warning)
            try above("\(sign) \(console.safe(EventLine.text(notice)))")
        case .evaluation, .checkpoint, .verification, .runFinished, .error: break
        }
    }

    private mutating func draw(
        _ label: String, _ completed: Int, _ total: Int, at time: Date, note: String = "",
        rate: String = ""
    ) throws {
        if pace?.label != label {
            try endBar()
            pace = Pace(label: label, start: time, first: completed)
        }
        let left = pace?.secondsLeft(completed: completed, total: total, at: time)
        let bar = ProgressBar(
            label: label, completed: completed, total: total, note: note, rate: rate,
            secondsLeft: completed < total ? left : nil)
        // Some columns stay free: the terminal shows ^C there.
        let parts = bar.line(width: console.width - 3, isASCII: console.isASCII)
        let line = parts.map { console.painter.paint($0.text, $0.role) }.joined()
        try console.write("\r\(line)\(eraseToEnd)")
        isBarShown = true
        isBarComplete = completed >= total
    }

    /// A line above the bar.
    private mutating func above(_ line: String) throws {
        if isBarShown {
            // What is complete stays; what goes on is drawn again below.
            try console.write(isBarComplete ? "\n" : "\r\(eraseToEnd)")
        }
        isBarShown = false
        try console.line(line)
    }

    /// Leaves the bar as it stands.
    private mutating func endBar() throws {
        if isBarShown { try console.line() }
        isBarShown = false
        pace = nil
    }

    /// Terminals without sequences get spaces in place of the erasing one.
    private var eraseToEnd: String { console.painter.depth == .plain ? "   " : "\u{1B}[K" }

    private func summarise() throws {
        guard let report else { return }
        let summary = VerificationSummary(
            report: report, losses: losses, run: run, finish: finish, console: console)
        for line in summary.lines { try console.line(line) }
    }
}

/// How fast a phase goes.
private struct Pace {
    var label: String
    var start: Date
    /// What was done before.
    var first: Int

    func secondsLeft(completed: Int, total: Int, at time: Date) -> Double? {
        let seconds = time.timeIntervalSince(start)
        guard completed > first, seconds > 0 else { return nil }
        return Double(total - completed) * seconds / Double(completed - first)
    }
}
