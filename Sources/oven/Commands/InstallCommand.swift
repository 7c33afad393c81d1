import ArgumentParser
import Baking
import Foundation

struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Installs the program with its model, themes, completions and manual page.",
        discussion: """
            The installed program does not need the build folder.

            Example: oven install --prefix ~/.local
            """)

    @Option(help: "Where bin and share are.", completion: .directory)
    var prefix: String

    func run() async throws {
        let surroundings = Surroundings.current()
        let console = Console.standard()
        let root = surroundings.url(of: prefix)
        for path in try Installation(root: root, surroundings: surroundings).install() {
            try console.line(console.safe(path))
        }
    }
}
