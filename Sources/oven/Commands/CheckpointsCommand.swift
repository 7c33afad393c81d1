import ArgumentParser
import Backends
import Baking
import Foundation
import Terminal

struct CheckpointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints",
        abstract: "Lists or deletes the weights that a training service keeps.",
        discussion: """
            Example: oven checkpoints --delete tinker://RUN/weights/step-000020
            """)

    @Option(help: "The service's name.")
    var service = "tinker"
    @Option(help: "Delete these weights at the service; take their path from the list.")
    var delete: String?
    @OptionGroup(title: "Output") var output: OutputOptions

    private struct Line: Encodable {
        var path: String
        var use: String
        var created: Date?
        var bytes: Int?
        var expires: Date?
    }

    func run() async throws {
        let settings = try Settings(output.place)
        let console = Console.standard(settings)
        let server = try output.place.services(console).catalogue(settings).tinker(service)
        do {
            try await work(server, console)
        } catch {
            await server.finish(.errored)
            throw error
        }
        await server.finish(.success)
    }

    private func work(_ server: any TinkerService, _ console: Console) async throws {
        if let delete {
            try await server.deleteCheckpoint(delete)
            return console.remark("deleted \(delete)")
        }
        let lines = try await server.checkpoints(of: nil).map { checkpoint in
            Line(
                path: checkpoint.path, use: checkpoint.isForSampling ? "sampling" : "training",
                created: checkpoint.created, bytes: checkpoint.byteCount,
                expires: checkpoint.expires)
        }
        guard !output.json else {
            for line in lines { try console.json(line) }
            return
        }
        guard !lines.isEmpty else { return console.remark("\(service) keeps no weights") }
        let table = TextTable(
            header: ["path", "for", "size", "created", "expires"],
            rows: lines.map { line in
                [
                    console.safe(line.path), line.use,
                    line.bytes.map { "\($0 >> 20) MiB" } ?? "",
                    line.created.map(Self.text) ?? "", line.expires.map(Self.text) ?? "never",
                ]
            }, rightColumns: [2])
        for (index, line) in table.lines.enumerated() {
            try console.line(index == 0 ? console.painter.paint(line, .muted) : line)
        }
    }

    private static func text(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
    }
}
