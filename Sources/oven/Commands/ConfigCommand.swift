import ArgumentParser
import Baking
import Foundation
import Terminal

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows every setting, its value and where it came from.",
        discussion: """
            Example: oven config --defaults > oven.yaml
            """)

    @Flag(help: "Show the files that are read, and which of them exist.")
    var paths = false
    @Flag(help: "Print every setting with its default, as a settings file.")
    var defaults = false
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Dataset") var data: DatasetSettings
    @OptionGroup(title: "Training") var training: TrainingSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let settings = try Settings(model, data, training, output.place)
        let console = Console.standard(settings)
        if defaults {
            try printDefaults(console)
        } else if paths {
            try printPaths(settings, console)
        } else {
            try printValues(settings, console)
        }
    }

    private struct Line: Encodable {
        var setting: String
        var value: SettingValue
        var source: String
    }

    private func printValues(_ settings: Settings, _ console: Console) throws {
        for setting in Setting.table {
            let entry = settings[setting.name]
            if output.json {
                try console.json(
                    Line(
                        setting: setting.name.rawValue, value: entry.value,
                        source: entry.source.text))
                continue
            }
            let value = console.safe(setting.text(of: entry.value))
            let source = console.painter.paint(console.safe(entry.source.text), .muted)
            try console.line(
                console.painter.paint(setting.name.rawValue.padded(to: 21), .key) + " "
                    + value.padded(to: 24) + " " + source)
        }
    }

    private func printPaths(_ settings: Settings, _ console: Console) throws {
        for place in settings.places {
            if output.json {
                try console.json(place)
                continue
            }
            try console.line(
                console.painter.paint(place.name.padded(to: 16), .key)
                    + " " + console.safe(place.path)
                    + console.painter.paint(place.exists ? "" : "  (not there)", .muted))
        }
    }

    private func printDefaults(_ console: Console) throws {
        for setting in Setting.table {
            if output.json {
                try console.json(
                    Line(
                        setting: setting.name.rawValue, value: setting.standard, source: "default"))
                continue
            }
            guard setting.kind != .services else { continue }
            try console.line("# \(setting.help)")
            try console.line("\(setting.name.rawValue): \(setting.yamlDefault)")
        }
    }
}
