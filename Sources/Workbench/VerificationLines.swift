package import Baking
package import Terminal

/// What a bake or a verification reached, as lines for a screen or for output line by line.
package struct VerificationLines {
    private let report: VerificationReport
    /// KL of every step, where they are known.
    private let losses: [Double]
    private let run: String?
    private let isASCII: Bool

    package init(_ report: VerificationReport, losses: [Double], run: String?, isASCII: Bool) {
        self.report = report
        self.losses = losses
        self.run = run
        self.isASCII = isASCII
    }

    private static let indent = "  "
    private var dash: String { isASCII ? "-" : "–" }

    private func row(
        _ label: String, _ value: String, _ role: Role = .text, _ detail: String = ""
    ) -> StyledLine {
        StyledLine([
            StyledSpan(Self.indent + label.padded(to: 26), .text), StyledSpan(value, role),
            StyledSpan(detail.isEmpty ? "" : "  " + detail, .muted),
        ])
    }

    /// The figures with their intervals.
    package var figures: [StyledLine] {
        let interval = report.gapClosedInterval
        let name = run.map { " \($0.terminalSafeLine(isASCII: isASCII))" } ?? ""
        var rows = [
            StyledLine([
                StyledSpan("Verified\(name)", .title),
                StyledSpan(
                    "  step \(report.step), \(report.queries) held-out queries, "
                        + "\(report.tokens) tokens", .muted),
            ]),
            row(
                "gap closed", Figures.percent(report.gapClosed), .success,
                "95 %: \(Figures.percent(interval.low)) \(dash) "
                    + Figures.percent(interval.high)),
            row(
                "KL per response token", Figures.decimal(report.kl.baked), .chartStudent,
                "base \(Figures.decimal(report.kl.base))"),
            row(
                "same likeliest token", Figures.percent(report.topOneAgreement), .text,
                "base \(Figures.percent(report.baseTopOneAgreement))"),
            row(
                "length against prompted", Figures.decimal(report.lengthRatio, digits: 2), .text,
                "\(Figures.percent(report.unendedShare)) without an end"),
        ]
        let curve = Sparkline.text(losses, width: 24, isASCII: isASCII)
        if !curve.isEmpty {
            rows.append(
                row(
                    "KL while baking", curve, .chartStudent,
                    "\(Figures.decimal(losses.first)) to \(Figures.decimal(losses.last))"))
        }
        return rows
    }

    /// KL by position in the response.
    package var positions: [StyledLine] {
        let header = ["KL at position", "tokens", "base", "baked", "gap closed"]
        let rows = report.byPosition.filter { $0.tokens > 0 }.map { range in
            let place =
                range.to.map { $0 == range.from ? "\($0)" : "\(range.from)\(dash)\($0)" }
                ?? "\(range.from)+"
            return [
                place, "\(range.tokens)", Figures.decimal(range.base),
                Figures.decimal(range.baked), Figures.percent(1 - range.baked / range.base),
            ]
        }
        return table(header, rows)
    }

    /// How often each arm's replies pass the checks of the query set; empty without checks.
    package var checks: [StyledLine] {
        let names = report.checks.map(\.name).reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else { return [] }
        let arms = Arm.allCases.filter { arm in report.checks.contains { $0.arm == arm } }
        let rows = names.map { name in
            [name.terminalSafeLine(isASCII: isASCII)]
                + arms.map { arm in
                    report.checks.first { $0.name == name && $0.arm == arm }
                        .map { Figures.percent($0.rate) } ?? ""
                }
        }
        return [StyledLine()] + table(["check"] + arms.map(\.rawValue), rows)
    }

    /// First column to the left, figures to the right.
    private func table(_ header: [String], _ rows: [[String]]) -> [StyledLine] {
        let lines = TextTable(
            header: header, rows: rows, rightColumns: Set(header.indices.dropFirst())
        ).lines
        return lines.enumerated().map { index, line in
            StyledLine(Self.indent + line, index == 0 ? .muted : .text)
        }
    }
}
