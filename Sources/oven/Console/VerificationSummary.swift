import Baking
import Terminal

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
    private static let indent = "  "

    var lines: [String] {
        [""] + figures + [""] + positions + checks + replies + closing
    }

    private func paint(_ text: String, _ role: Role) -> String { console.painter.paint(text, role) }

    private func row(_ label: String, _ value: String, _ detail: String = "") -> String {
        Self.indent + label.padded(to: 26) + value
            + (detail.isEmpty ? "" : "  " + paint(detail, .muted))
    }

    private var figures: [String] {
        let interval = report.gapClosedInterval
        let dash = console.isASCII ? "-" : "–"
        let curve = Sparkline.text(losses, width: 24, isASCII: console.isASCII)
        let context = run.map { start in " \(start.run)" } ?? ""
        var rows = [
            paint("Verified\(console.safe(context))", .title)
                + paint(
                    "  step \(report.step), \(report.queries) held-out queries, "
                        + "\(report.tokens) tokens", .muted),
            row(
                "gap closed", paint(EventLine.percent(report.gapClosed), .success),
                "95 %: \(EventLine.percent(interval.low)) \(dash) "
                    + EventLine.percent(interval.high)),
            row(
                "KL per response token",
                paint(EventLine.number(report.kl.baked), .chartStudent),
                "base \(EventLine.number(report.kl.base))"),
            row(
                "same likeliest token", EventLine.percent(report.topOneAgreement),
                "base \(EventLine.percent(report.baseTopOneAgreement))"),
            row(
                "length against prompted", EventLine.number(report.lengthRatio, digits: 2),
                "\(EventLine.percent(report.unendedShare)) without an end"),
        ]
        if !curve.isEmpty {
            rows.append(
                row(
                    "KL while baking", paint(curve, .chartStudent),
                    "\(EventLine.number(losses.first ?? .nan)) to "
                        + EventLine.number(losses.last ?? .nan)))
        }
        return rows
    }

    private var positions: [String] {
        let dash = console.isASCII ? "-" : "–"
        let header = ["KL at position", "tokens", "base", "baked", "gap closed"]
        let rows = report.byPosition.filter { $0.tokens > 0 }.map { range in
            let place =
                range.to.map { $0 == range.from ? "\($0)" : "\(range.from)\(dash)\($0)" }
                ?? "\(range.from)+"
            return [
                place, "\(range.tokens)", EventLine.number(range.base),
                EventLine.number(range.baked), EventLine.percent(1 - range.baked / range.base),
            ]
        }
        return table(header, rows)
    }

    private var checks: [String] {
        let names = report.checks.map(\.name).reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else { return [] }
        let arms = Arm.allCases.filter { arm in report.checks.contains { $0.arm == arm } }
        let rows = names.map { name in
            [console.safe(name)]
                + arms.map { arm in
                    report.checks.first { $0.name == name && $0.arm == arm }
                        .map { EventLine.percent($0.rate) } ?? ""
                }
        }
        return [""] + table(["check"] + arms.map(\.rawValue), rows)
    }

    /// First column to the left, figures to the right.
    private func table(_ header: [String], _ rows: [[String]]) -> [String] {
        let lines = TextTable(
            header: header, rows: rows, rightColumns: Set(header.indices.dropFirst())
        ).lines
        return lines.enumerated().map { index, line in
            Self.indent + (index == 0 ? paint(line, .muted) : line)
        }
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
