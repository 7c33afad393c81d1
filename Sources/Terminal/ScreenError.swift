/// Why there is no screen.
package enum ScreenError: Error, Hashable, CustomStringConvertible {
    /// Input or output is not a terminal.
    case noTerminal
    /// No description of a terminal of this name.
    case unknownTerminal(String)
    /// The terminal cannot place its cursor: only lines of text can be written to it.
    case noCursorAddressing(String)
    /// Another screen is up.
    case isTaken
    case system(reason: String)
    /// Another program could not be started.
    case cannotRun(String, reason: String)

    package var description: String {
        switch self {
        case .noTerminal: "the workbench needs a terminal for its input and output"
        case .unknownTerminal(""): "TERM is not set"
        case .unknownTerminal(let name):
            "no description of the terminal \"\(name)\"; set TERM to another, such as xterm-256color"
        case .noCursorAddressing(let name): "the terminal \"\(name)\" cannot place its cursor"
        case .isTaken: "the terminal is in use by another screen"
        case .system(let reason): "the terminal cannot be used: \(reason)"
        case .cannotRun(let program, let reason): "\(program) cannot be run: \(reason)"
        }
    }
}
