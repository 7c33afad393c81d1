import Baking
import Terminal
import Workbench

/// What a bake or a verification reached, set for a terminal.
struct VerificationSummary {
    let report: VerificationReport
    /// KL of every step, where this process saw them.
    let losses: [Double]
    let run: RunStarted?
    let finish: RunFinished?
    let console: Console

    /// Queries shown with their replies.
    private static let replyCount = 3

    var lines: [String] {
        let shared = VerificationLines(
            report, losses: losses, run: run?.run, isASCII: console.isASCII)
        let figures = [StyledLine()] + shared.figures + [StyledLine()]
        return (figures + shared.positions + shared.checks).map(paint) + replies + closing
    }

    private func paint(_ text: String, _ role: Role) -> String { console.painter.paint(text, role) }

    /// Ordinary text is left to the terminal.
    private func paint(_ line: StyledLine) -> String {
        line.spans.map { span in
            span.look.role == .text ? span.text : paint(span.text, span.look.role)
        }.joined()
    }

    private var replies: [String] {
        let queries = report.replies.map(\.query).reduce(into: [String]()) { queries, query in
            if !queries.contains(query) { queries.append(query) }
        }
        return queries.prefix(Self.replyCount).flatMap { query in
            [""]
                + ReplyBlock(console: console).lines(
                    query: query,
                    replies: report.replies.filter { $0.query == query }
                        .map { ($0.arm, $0.reply, $0.stop) })
        }
    }

    private var closing: [String] {
        guard let run else { return [] }
        let time = finish.map { " in \(ProgressBar.duration($0.seconds))" } ?? ""
        return [
            "",
            paint("\(console.safe(run.directory))\(time); talk to it: ", .muted)
                + "oven chat \(console.safe(run.run))",
        ]
    }
}
