import Foundation
import Testing

/// A terminal for the program: a tmux server of its own with a shell in its one pane, so that the
/// state after the program's end can be looked at.
final class TmuxSession: Sendable {
    /// What a wait ends with when its time is over.
    struct NotShown: Error, CustomStringConvertible {
        var description: String
    }

    private static let program: URL? =
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(filePath: String($0)).appending(path: "tmux") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }

    /// False skips: on a developer's machine tmux may be missing, in continuous integration not.
    static let isWanted =
        program != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    let directory: TemporaryDirectory
    private let tmux: URL
    private let socket = "oven-\(UUID().uuidString.prefix(13))"

    /// - Parameters:
    ///   - directory: Where the shell starts; what is to be there at the start has been written.
    ///   - environment: Over the fixed one; an empty text takes a variable away.
    init(
        columns: Int = 80, rows: Int = 24, terminal: String = "xterm-256color",
        environment: [String: String] = [:], in directory: TemporaryDirectory
    ) throws {
        tmux = try #require(Self.program, "tmux is not installed")
        self.directory = directory
        // Its process id, for signals.
        try directory.write("#!/bin/sh\necho $$ >pid\nexec \"$OVEN\" \"$@\"\n", to: "oven.sh")
        let variables = [
            "HOME": path("home"), "XDG_STATE_HOME": path("state"),
            "XDG_CONFIG_HOME": path("config"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
            "TZ": "UTC", "TERM": terminal, "PS1": "$ ", "OVEN": OvenProcess.executable.path,
            // No report in place of the end.
            "SWIFT_BACKTRACE": "enable=no",
        ].merging(environment) { $1 }.filter { !$0.value.isEmpty }
        try run(
            ["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "-c"]
                + [directory.url.path, "env", "-i"]
                + variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                + ["/bin/sh", "-i"])
        // Programs may fill tmux's own clipboard, as they may fill a desktop's.
        try run(["set-option", "-s", "set-clipboard", "on"])
        try waitFor("$")
    }

    deinit {
        let file = try? run(["display-message", "-p", "#{socket_path}"])
        _ = try? run(["kill-server"])
        // tmux leaves it behind.
        if let file { unlink(file.trimmingCharacters(in: .newlines)) }
    }

    /// The path of a file in the session's directory.
    func path(_ name: String) -> String { directory.url.appending(path: name).path }

    func contents(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: directory.url.appending(path: name)), as: UTF8.self)
    }

    // MARK: The program

    /// Starts `oven` with `arguments` from the shell and waits until it shows `text`.
    func start(
        _ arguments: String = "", until text: String = "^Q quit", line: Int = #line
    ) throws {
        try enter("clear; stty -g >before; sh oven.sh \(arguments); echo ended=$?")
        try waitFor(text, line: line)
    }

    /// What the program's process is sent.
    func signal(_ name: String) throws {
        let process = try contents("pid").split(separator: "\n").joined()
        try run(URL(filePath: "/bin/sh"), ["-c", "kill -\(name) \(process)"])
    }

    /// Waits for the program's end, and checks that the terminal is as it was before.
    ///
    /// - Returns: The exit code.
    @discardableResult
    func end(_ seconds: Double = 20, line: Int = #line) throws -> Int {
        let screen = try wait("an end", seconds, line: line) { $0.contains(/ended=[0-9]/) }
        let code = try #require(screen.firstMatch(of: /ended=([0-9]+)/)?.1)
        #expect(try flags() == "0 0 1", "main screen, mouse off, cursor shown; line \(line)")
        try enter("stty -g >after; stty -a >modes; echo looked")
        try waitFor("\nlooked", line: line)
        #expect(try contents("after") == contents("before"), "line \(line)")
        let modes = Set(try contents("modes").split { " ;\n".contains($0) })
        #expect(modes.isSuperset(of: ["icanon", "echo", "isig"]), "line \(line)")
        return Int(code) ?? -1
    }

    // MARK: Keys

    /// Presses keys by tmux's names for them: `Enter`, `C-p`, `M-1`, `F5`, `Escape`.
    func send(_ keys: String...) throws { try run(["send-keys"] + keys) }

    func type(_ text: String) throws { try run(["send-keys", "-l", "--", text]) }

    /// Types a line and Enter.
    func enter(_ text: String) throws {
        try type(text)
        try send("Enter")
    }

    /// Pastes as a terminal does: between brackets where the program asked for them.
    func paste(_ text: String) throws {
        try run(["set-buffer", "-b", "pasted", "--", text])
        try run(["paste-buffer", "-d", "-p", "-r", "-b", "pasted"])
    }

    /// Chooses a command in the palette.
    func command(_ title: String, line: Int = #line) throws {
        try send("C-p")
        try waitFor("Commands", line: line)
        try type(title)
        // What was typed and, below it, the command.
        try wait("the command \(title)", line: line) { $0.ranges(of: "▸ \(title)").count == 2 }
        try send("Enter")
    }

    func resize(_ columns: Int, _ rows: Int) throws {
        try run(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    // MARK: The screen

    func capture(withEscapes: Bool = false) throws -> String {
        try run(["capture-pane", "-p"] + (withEscapes ? ["-e"] : []))
    }

    /// Whether the alternate screen is on, any mouse mode is on and the cursor is shown.
    func flags() throws -> String {
        try run(["display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"])
            .trimmingCharacters(in: .newlines)
    }

    func title() throws -> String { try run(["display-message", "-p", "#{pane_title}"]) }

    /// tmux's clipboard; empty when nothing was copied.
    func clipboard() throws -> String { (try? run(["show-buffer"])) ?? "" }

    /// From now on what the program writes is in the file `bytes`.
    func record() throws { try run(["pipe-pane", "-o", "cat >>'\(path("bytes"))'"]) }

    /// What was written since ``record()``, up to the program's end.
    func recorded() throws -> String {
        try wait(10, { "the end is not in the record" }) {
            try contents("bytes").contains(/ended=[0-9]/) ? () : nil
        }
        return try contents("bytes")
    }

    // MARK: Waiting

    /// Waits until the screen has `text`.
    ///
    /// - Returns: The screen.
    @discardableResult
    func waitFor(_ text: String, _ seconds: Double = 15, line: Int = #line) throws -> String {
        try wait("\"\(text)\"", seconds, line: line) { $0.contains(text) }
    }

    func waitUntilGone(_ text: String, _ seconds: Double = 15, line: Int = #line) throws {
        try wait("no \"\(text)\"", seconds, line: line) { !$0.contains(text) }
    }

    /// Waits until the screen fulfils `condition`.
    ///
    /// - Returns: The screen.
    @discardableResult
    func wait(
        _ what: String, _ seconds: Double = 15, line: Int = #line,
        _ condition: (String) throws -> Bool
    ) throws -> String {
        var screen = ""
        return try wait(
            seconds, { "line \(line): in \(seconds) s the screen has not \(what):\n\(screen)" }
        ) {
            screen = try capture()
            return try condition(screen) ? screen : nil
        }
    }

    /// Waits until the screen fulfils `condition` and stays as it is: tmux shows a frame while it is
    /// still being written.
    func settled(
        _ what: String, line: Int = #line, _ condition: (String) -> Bool
    ) throws -> String {
        var last = ""
        var count = 0
        return try wait(what, line: line) { screen in
            count = screen == last ? count + 1 : 0
            last = screen
            return count >= 3 && condition(screen)
        }
    }

    /// Asks again and again, until there is an answer or the time is over.
    @discardableResult
    func wait<Answer>(
        _ seconds: Double, _ complaint: () -> String, _ ask: () throws -> Answer?
    ) throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let answer = try ask() { return answer }
            guard ContinuousClock.now < deadline else { throw NotShown(description: complaint()) }
            _ = poll(nil, 0, 15)
        }
    }

    // MARK: tmux

    @discardableResult
    private func run(_ arguments: [String]) throws -> String {
        try run(tmux, ["-L", socket] + arguments)
    }

    /// Not by `Process`, which takes a child for running as long as something that it started runs:
    /// tmux starts its server.
    @discardableResult
    private func run(_ program: URL, _ arguments: [String]) throws -> String {
        let file = path(".tmux")
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads of the tests block signals that tmux and the program need.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let arguments = ([program.path] + arguments).map { strdup($0) }
        let named: [String] = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"]
        let variables = named.map { strdup($0) }
        defer { (arguments + variables).forEach { free($0) } }
        var child = pid_t()
        let failure = posix_spawn(
            &child, program.path, &actions, &attributes, arguments + [nil], variables + [nil])
        guard failure == 0 else {
            throw NotShown(description: "\(program.path): \(String(cString: strerror(failure)))")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let text = try contents(".tmux")
        guard status == 0 else { throw NotShown(description: "\(program.path): \(text)") }
        return text
    }
}
