import Baking
import Foundation
import Terminal

/// Why output ended.
enum ConsoleError: Error, Equatable, CustomStringConvertible {
    /// The reader of the pipe has gone; there is nobody to tell.
    case closed
    case unwritable(String)

    var description: String {
        switch self {
        case .closed: "the output was closed"
        case .unwritable(let why): "cannot write the output: \(why)"
        }
    }
}

/// Standard output and standard error, and what they can show.
struct Console: Sendable {
    /// Whether standard output is a terminal.
    var isTerminal: Bool
    /// Columns of the terminal, or what is usual.
    var width: Int
    /// Whether only ASCII may be written.
    var isASCII: Bool
    var painter: Painter

    /// The console of this process.
    ///
    /// - Parameter settings: For colour and theme; nil where there are none yet.
    static func standard(_ settings: Settings? = nil) -> Console {
        let environment = ProcessInfo.processInfo.environment
        let isUTF8 = TerminalLocale.begin(environment: environment)
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let depth = ColourDepth.choose(
            setting: settings?.text(.color) ?? "auto", environment: environment,
            isTerminal: isTerminal, terminfoColours: Ncurses.colours)
        return Console(
            isTerminal: isTerminal,
            width: max(20, Ncurses.columns(descriptor: STDOUT_FILENO) ?? 80),
            isASCII: !isUTF8, painter: Painter(theme: theme(settings), depth: depth))
    }

    /// The user's own theme, or the terminal's own colours: lines stand on its background.
    private static func theme(_ settings: Settings?) -> Theme {
        guard let settings else { return .monochrome }
        let setting = settings[.theme]
        let name = setting.source == .standard ? "terminal" : settings.text(.theme)
        // A theme that cannot be read must not keep a bake from running; `oven doctor` reports it.
        return (try? ThemeCatalogue(settings.surroundings).theme(name)) ?? .monochrome
    }

    /// Writes to standard output, whole.
    func write(_ text: String) throws(ConsoleError) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EPIPE {
                throw .closed
            } else if errno != EINTR && errno != EAGAIN {
                throw .unwritable(String(cString: strerror(errno)))
            }
        }
    }

    /// Writes a line to standard output.
    func line(_ text: String = "") throws(ConsoleError) { try write(text + "\n") }

    /// Writes `value` as one line of JSON.
    func json(_ value: some Encodable) throws { try line(JSONText.line(of: value)) }

    /// An error, on standard error.
    func complain(_ message: String) { remark("oven: " + message) }

    /// A remark on standard error; what others wrote in it cannot drive the terminal.
    func remark(_ message: String) {
        let safe = message.terminalSafeLine(isASCII: isASCII) + "\n"
        // Nothing is left to be told to if this fails.
        try? FileHandle.standardError.write(contentsOf: Data(safe.utf8))
    }

    /// Text that others wrote, on one line.
    func safe(_ text: String) -> String { text.terminalSafeLine(isASCII: isASCII) }
}

extension ThemeCatalogue {
    /// The working directory's, the user's and the shipped themes.
    init(_ surroundings: Surroundings) {
        let own = [
            surroundings.workingDirectory.appending(path: "themes"),
            surroundings.configurationDirectory.appending(path: "themes"),
        ]
        // Without the shipped ones the others still work.
        let shipped = try? Resources(surroundings).url(of: .themes)
        self.init(directories: own + [shipped].compactMap(\.self))
    }
}
