import ArgumentParser
import Baking

/// Options of the workbench.
struct WorkbenchOptions: SettingFlags {
    @Flag(help: "Lines instead of a screen, for screen readers and simple terminals.")
    var plain = false
    @Flag(help: "Draw with ASCII signs alone.")
    var ascii = false
    @Flag(help: "Leave the mouse to the terminal.")
    var noMouse = false
    @Option(
        help: "Drive the workbench by a file of keys, waits and saved screens.",
        completion: .file())
    var script: String?
    @Option(help: .setting(.keys)) var keys: String?
}
