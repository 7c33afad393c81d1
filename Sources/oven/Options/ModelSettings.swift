import ArgumentParser
import Baking

/// Settings of every command that opens a model.
struct ModelSettings: SettingFlags {
    @Option(help: .setting(.model)) var model: String?
    @Flag(inversion: .prefixedNo, help: .setting(.precise)) var precise: Bool?
    @Flag(inversion: .prefixedNo, help: .setting(.int8)) var int8: Bool?
    @Option(help: .setting(.threads)) var threads: String?
}
