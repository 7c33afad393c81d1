import ArgumentParser
import Baking
import Terminal

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures how fast this machine bakes.",
        discussion: """
            Figures: \(BenchFigure.allCases.map(\.rawValue).joined(separator: ", ")). --shape takes \
            random weights in place of a model; --compare also runs the packaged PyTorch baseline.

            Example: oven bench step decode.64 --shape tiny --compare python3
            """)

    @Argument(help: "What is measured; left out, everything.")
    var figures: [BenchFigure] = []
    @Option(help: "Random weights of this shape: 0.6b or tiny.")
    var shape: BenchShape?
    @Option(help: "A Python with torch, transformers and peft to compare with.")
    var compare: String?
    @Option(help: "Runs per figure, after one that is not counted.")
    var repeats = 5
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(repeats) else {
            throw ValidationError("--repeats must be a number from 1 to 1000")
        }
        guard shape == nil || model.model == nil else {
            throw ValidationError("--shape and --model exclude one another")
        }
        guard compare == nil || shape != nil else {
            throw ValidationError("--compare needs --shape")
        }
    }

    func run() async throws {
        let settings = try Settings(model, output.place)
        let console = Console.standard(settings)
        let wanted = figures.isEmpty ? BenchFigure.allCases : figures
        let subject = BenchSubject(
            name: shape?.rawValue ?? settings.text(.model), settings: settings, shape: shape)
        let peers = try peers(wanted, settings)
        var rows: [BenchRow] = []
        for figure in wanted {
            guard let values = try await subject.values(of: figure, runs: repeats) else {
                console.remark("\(figure.rawValue) is not measured by this version")
                continue
            }
            let row = BenchRow(
                figure, shape: subject.name, values: values, peer: peers[figure])
            rows.append(row)
            if output.json { try console.json(row) }
        }
        guard !output.json, !rows.isEmpty else { return }
        for (index, line) in table(rows, console).lines.enumerated() {
            try console.line(index == 0 ? console.painter.paint(line, .muted) : line)
        }
    }

    private func peers(
        _ wanted: [BenchFigure], _ settings: Settings
    ) throws -> [BenchFigure: Double] {
        guard let compare, let shape else { return [:] }
        return try TorchBaseline(
            python: compare, script: try Resources(settings.surroundings).url(of: .baseline),
            shape: shape, threads: settings.threads
        ).figures(Set(wanted))
    }

    private func table(_ rows: [BenchRow], _ console: Console) -> TextTable {
        TextTable(
            header: ["figure", "shape", "value", "unit", "spread", "peer", "ratio", "limit"],
            rows: rows.map { row in
                [
                    row.figure.rawValue, console.safe(row.shape),
                    EventLine.significant(row.value), row.unit, EventLine.percent(row.spread),
                    row.peer.map(EventLine.significant) ?? "",
                    row.ratio.map { EventLine.number($0, digits: 2) } ?? "",
                    row.limit.share.map { "\(EventLine.percent($0)) of \(row.limit.kind.rawValue)" }
                        ?? "",
                ]
            }, rightColumns: [2, 4, 5, 6])
    }
}
