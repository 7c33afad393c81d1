import ArgumentParser
import Baking
import Terminal

struct BakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bake",
        abstract: "Does the whole job: generate what is missing, score, train, verify.",
        discussion: """
            Stopped at any point, the same command continues.

            Example: oven bake --prompt pirate.md --rank 16 --require-gap-closed 0.9
            """)

    @Flag(help: "Print what would be done: rows, steps, time and memory.")
    var dryRun = false
    @Option(
        help: "Exit with code 3 if less of the gap is closed.")
    var requireGapClosed: Double?
    @OptionGroup var job: JobOptions

    func validate() throws {
        if let required = requireGapClosed, !(0...1).contains(required) {
            throw ValidationError("--require-gap-closed must be a number from 0 to 1")
        }
    }

    func run() async throws {
        guard !dryRun else { return try await plan() }
        let printer = try await job.run(through: .bake)
        guard let required = requireGapClosed else { return }
        let reached = printer.report?.gapClosed ?? .nan
        guard reached >= required else {
            printer.console.complain(
                "the gap closed is \(EventLine.percent(reached)), below the required "
                    + "\(EventLine.percent(required)) (\(printer.run?.run ?? "run"))")
            throw ProgramExit.belowRequirement
        }
    }

    private func plan() async throws {
        let settings = try job.settings()
        let console = Console.standard(settings)
        let services = try job.output.place.services(console)
        let plan = try await job.job(settings, services: services, console: console).plan()
        guard !job.output.json else { return try console.json(plan) }
        let rows =
            [
                ("run", plan.run + (plan.continues ? " (continued)" : " (new)")),
                ("rows", "\(plan.rows) to train, \(plan.devRows) to evaluate"),
                ("present", "\(plan.rowsPresent)"),
                ("steps", "\(plan.steps), \(plan.stepsDone) done"),
                ("per step", "\(EventLine.number(plan.stepSeconds, digits: 2)) s"),
                ("time", ProgressBar.duration(plan.seconds)),
                (
                    "memory",
                    plan.peakByteCount > 0 ? "\(plan.peakByteCount >> 20) MiB" : "elsewhere"
                ),
            ] + (plan.cost.map { [("cost", $0.text)] } ?? [])
        for (label, value) in rows {
            try console.line(
                console.painter.paint(label.padded(to: 10), .muted) + console.safe(value))
        }
    }
}
