import ArgumentParser
import Baking

/// Options of every command.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object per line; everything else goes to standard error.")
    var json = false
    @OptionGroup var place: PlaceSettings
}

extension Settings {
    /// The settings of this process with these flags.
    init(_ groups: any SettingFlags...) throws {
        var flags: [SettingName: String] = [:]
        for group in groups { flags.merge(group.given) { $1 } }
        try self.init(flags: flags, in: .current())
    }
}
