internal import Baking
import Foundation

/// A verification for the pages of the services; the replies, which are text, stay here.
struct VerificationTable {
    let report: VerificationReport

    init(_ report: VerificationReport) { self.report = report }

    /// Tables in Markdown.
    var markdown: String {
        var lines = [
            "| | base | baked |", "|---|---|---|",
            row("KL in nats per response token", report.kl.base, report.kl.baked),
            row("same likeliest token", report.baseTopOneAgreement, report.topOneAgreement),
            "", "| | |", "|---|---|",
            "| gap closed | \(number(report.gapClosed)) (\(number(report.gapClosedInterval.low)) to "
                + "\(number(report.gapClosedInterval.high))) |",
            "| length of replies over the prompted ones | \(number(report.lengthRatio)) |",
            "| replies that did not end | \(number(report.unendedShare)) |",
            "| checkpoint | \(report.step) |",
        ]
        if !report.byPosition.isEmpty {
            lines += ["", "| position | tokens | base | baked |", "|---|---|---|---|"]
            lines += report.byPosition.map {
                "| \($0.words) | \($0.tokens) | \(number($0.base)) | \(number($0.baked)) |"
            }
        }
        if !report.byTurn.isEmpty {
            lines += ["", "| turn | tokens | base | baked |", "|---|---|---|---|"]
            lines += report.byTurn.map {
                "| \($0.turn) | \($0.tokens) | \(number($0.base)) | \(number($0.baked)) |"
            }
        }
        if !report.checks.isEmpty {
            lines += ["", "| check | arm | rate |", "|---|---|---|"]
            lines += report.checks.map {
                "| \(MarkdownText.cell($0.name)) | \($0.arm.rawValue) | \(number($0.rate)) |"
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The figures by position, turn and check as objects inside W&B's summary.
    var nested: [TrackedValue.Member] {
        func pair(_ base: Double, _ baked: Double, tokens: Int) -> TrackedValue {
            .object([
                TrackedValue.Member("base", .number(base)),
                TrackedValue.Member("baked", .number(baked)),
                TrackedValue.Member("tokens", .integer(tokens)),
            ])
        }
        var members: [TrackedValue.Member] = []
        if !report.byPosition.isEmpty {
            let values = report.byPosition.map {
                TrackedValue.Member($0.words, pair($0.base, $0.baked, tokens: $0.tokens))
            }
            members.append(TrackedValue.Member("verify/by_position", .object(values)))
        }
        if !report.byTurn.isEmpty {
            let values = report.byTurn.map {
                TrackedValue.Member("\($0.turn)", pair($0.base, $0.baked, tokens: $0.tokens))
            }
            members.append(TrackedValue.Member("verify/by_turn", .object(values)))
        }
        let arms = Dictionary(grouping: report.checks, by: \.name).sorted { $0.key < $1.key }
        if !arms.isEmpty {
            let values = arms.map { name, rates in
                TrackedValue.Member(
                    name,
                    .object(rates.map { TrackedValue.Member($0.arm.rawValue, .number($0.rate)) }))
            }
            members.append(TrackedValue.Member("verify/checks", .object(values)))
        }
        return members
    }

    private func row(_ name: String, _ base: Double, _ baked: Double) -> String {
        "| \(name) | \(number(base)) | \(number(baked)) |"
    }

    private func number(_ number: Double) -> String {
        number.isFinite ? String(format: "%.4g", number) : "no number"
    }
}

extension VerificationReport.PositionRange {
    /// "9-32", "129-" for an open end.
    fileprivate var words: String { "\(from)-\(to.map { "\($0)" } ?? "")" }
}
