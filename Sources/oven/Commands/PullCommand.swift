import ArgumentParser
import Backends
import Baking
import Foundation

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetches a model from the Hugging Face hub.",
        discussion: """
            Files go to the cache of Hugging Face's own tools, and what is there is not fetched \
            again. Stopped at any point, the same command goes on. Variables of those tools are \
            honoured: HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_HUB_OFFLINE and others.

            Example: oven pull Qwen/Qwen3-0.6B
            """)

    @Argument(help: "The repository: owner/name.")
    var repository: String
    @Option(help: "A branch, a tag or a commit.")
    var revision = "main"
    @OptionGroup(title: "Output") var output: OutputOptions

    private struct Line: Encodable {
        var path: String
        var files: [String]
    }

    func validate() throws {
        guard HubRepository(repository) != nil else {
            throw ValidationError(HubError.invalidName(repository).description)
        }
        guard HubCache.isRevision(revision) else {
            throw ValidationError(HubError.invalidRevision(revision).description)
        }
    }

    func run() async throws {
        guard let repository = HubRepository(repository) else { return }
        let settings = try Settings(output.place)
        let console = Console.standard(settings)
        let client = try output.place.services(console).catalogue(settings).hub()
        var printer = PullPrinter(console, json: output.json)
        do {
            try await printer.show(client.pull(repository, revision: revision))
        } catch is CancellationError {
            console.remark("oven: interrupted; the same command goes on")
            throw CancellationError()
        }
        guard let result = printer.result else { return }
        let path = Self.path(of: result.snapshot.directory)
        guard !output.json else {
            return try console.json(Line(path: path, files: result.files))
        }
        try console.line("\(console.safe(path)): \(result.files.count) files")
        let name = Self.name(of: result.snapshot, path: path, in: settings.surroundings)
        try console.line("next: oven bake --model \(console.safe(name))")
    }

    /// What the setting `model` calls the snapshot: the repository where that leads to it.
    private static func name(
        of snapshot: HubSnapshot, path: String, in surroundings: Surroundings
    ) -> String {
        let name = snapshot.repository.name
        if case .directory(let found)? = try? ModelLocation(name, in: surroundings),
            self.path(of: found) == path
        {
            return name
        }
        let isPlain = path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
    }

    private static func path(of directory: URL) -> String {
        let path = directory.path
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
