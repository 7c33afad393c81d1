import ArgumentParser
import Backends
import Baking
import Foundation
import Terminal

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists the runs with their state, KL and gap closed.",
        discussion: """
            Example: oven runs --delete prompt-1
            """)

    @Option(help: "Delete this run.")
    var delete: String?
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let settings = try Settings(output.place)
        let console = Console.standard(settings)
        if let delete {
            let run = try settings.store.run(delete)
            let remains = TinkerExpiry.remains(of: run.directory, now: Date())
            try settings.store.delete(run)
            console.remark("deleted \(run.directory.path)")
            if let remains { console.remark(remains) }
            return
        }
        let runs = try settings.store.summaries()
        for run in runs {
            let directory = URL(filePath: run.directory, directoryHint: .isDirectory)
            for notice in TinkerExpiry.warnings(in: directory, now: Date()) {
                console.remark("warning: \(EventLine.text(notice))")
            }
        }
        guard !output.json else {
            for run in runs { try console.json(run) }
            return
        }
        guard !runs.isEmpty else {
            return console.remark(
                "no runs in \(settings.store.directory.path); make one with oven bake")
        }
        let rows = runs.map { run in
            [
                console.safe(run.run), run.state.rawValue,
                run.steps > 0 ? "\(run.step)/\(run.steps)" : "",
                run.kl.map { EventLine.number($0) } ?? "",
                run.gapClosed.map(EventLine.percent) ?? "", console.safe(run.model),
            ]
        }
        let table = TextTable(
            header: ["run", "state", "step", "kl", "gap closed", "model"], rows: rows,
            rightColumns: [2, 3, 4])
        for (index, line) in table.lines.enumerated() {
            try console.line(index == 0 ? console.painter.paint(line, .muted) : line)
        }
    }
}
