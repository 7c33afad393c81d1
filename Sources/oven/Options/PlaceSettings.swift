import ArgumentParser
import Baking

/// Settings of every command: where runs live and how output looks.
struct PlaceSettings: SettingFlags {
    @Option(help: .setting(.runs)) var runs: String?
    @Option(help: .setting(.theme)) var theme: String?
    @Option(help: .setting(.color)) var color: String?
    @Option(
        help: "Append every exchange with a service to this file, keys removed.",
        completion: .file())
    var trace: String?
}
