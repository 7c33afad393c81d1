import ArgumentParser
import Baking
import Terminal
import Transformer

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures how fast this machine bakes.",
        discussion: """
            Figures: \(BenchFigure.allCases.map(\.rawValue).joined(separator: ", ")). --shape takes \
            random weights in place of a model; --compare also runs the packaged PyTorch baseline \
            in fp32 and in bf16, and the faster of the two is the peer.

            The ui figures drive the workbench in a terminal of its own: ui.start until the prompt \
            is seen, ui.key until the first byte after a key, ui.idle and ui.busy the processor's \
            time, ui.memory without a model, ui.bytes of a frame of the bake, and ui.bake a \
            step's time over that of oven bake.

            Example: oven bench step decode.64 --shape tiny --compare python3
            """)

    @Argument(help: "What is measured; left out, everything.")
    var figures: [BenchFigure] = []
    @Option(help: "Random weights of this shape: 0.6b or tiny.")
    var shape: BenchShape?
    @Option(help: "A Python with torch, transformers and peft to compare with.")
    var compare: String?
    @Option(
        help: """
            Runs per figure, after one that is not counted; a bake runs once. (default: 5, or 3 \
            where they take long)
            """)
    var repeats: Int?
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        guard repeats.map((1...1000).contains) ?? true else {
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
        let subject = BenchSubject(settings: settings, shape: shape, repeats: repeats)
        var baseline = try baseline(subject)
        if !output.json { try header(subject, console) }
        for figure in figures.isEmpty ? BenchFigure.allCases : figures {
            let measurement: BenchMeasurement
            do {
                measurement = try await subject.measurement(of: figure, console: console)
            } catch let reason as BenchSubject.Unmeasurable {
                console.remark("\(figure.rawValue) is not measured: \(reason)")
                continue
            }
            let row = BenchRow(
                figure, shape: subject.name, measurement,
                peer: try await baseline?.peer(of: figure))
            if output.json {
                try console.json(row)
            } else {
                try console.line(line(row))
            }
        }
    }

    private func baseline(_ subject: BenchSubject) throws -> TorchBaseline? {
        guard let compare, let shape else { return nil }
        return TorchBaseline(
            python: compare,
            script: try Resources(subject.settings.surroundings).url(of: .baseline), shape: shape,
            threads: subject.pool.threadCount, repeats: repeats)
    }

    private func header(_ subject: BenchSubject, _ console: Console) throws {
        let threads = subject.pool.threadCount
        let title =
            "\(subject.name), \(threads) thread\(threads == 1 ? "" : "s"), \(subject.pool.tier)"
        try console.line(console.painter.paint(console.safe(title), .title))
        let columns = ["figure", "value", "unit", "spread", "limit", "memory"]
        let peer = compare == nil ? [] : ["peer", "ratio"]
        try console.line(console.painter.paint(Self.line(columns + peer), .muted))
    }

    private func line(_ row: BenchRow) -> String {
        let limit = row.limit.share.map {
            "\(EventLine.number($0 * 100, digits: 0)) % of \(row.limit.kind.rawValue)"
        }
        return Self.line([
            row.figure.rawValue, EventLine.significant(row.value), row.unit,
            EventLine.percent(row.spread), limit ?? "", "\(row.peakBytes >> 20) MiB",
            row.peer.map(EventLine.significant) ?? "",
            row.ratio.map { "\(EventLine.number($0, digits: 2)) x" } ?? "",
        ]) + details(row)
    }

    private func details(_ row: BenchRow) -> String {
        (row.details ?? [:]).sorted { $0.key < $1.key }
            .map { "  \($0.key) \(EventLine.significant($0.value))" }.joined()
    }

    /// Columns of fixed widths, for a row is printed before the next is known.
    private static func line(_ cells: [String]) -> String {
        let columns: [(width: Int, TextAlignment)] = [
            (14, .left), (9, .right), (8, .left), (8, .right), (18, .left), (10, .right),
            (9, .right), (8, .right),
        ]
        let line = zip(cells, columns).map { cell, column in
            cell.padded(to: column.width, alignment: column.1)
        }.joined(separator: "  ")
        return line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? ""
    }
}
