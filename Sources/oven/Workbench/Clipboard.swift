import Foundation

/// The clipboard of the machine in front of the person, by the programs that desktops have for it.
enum Clipboard {
    /// - Returns: Whether a program took the text; not over a connection from elsewhere, where the
    ///   clipboard would be the wrong one.
    static func copy(_ text: String, environment: [String: String]) -> Bool {
        let isRemote = environment["SSH_CONNECTION"] != nil || environment["SSH_TTY"] != nil
        guard !isRemote else { return false }
        var programs: [[String]] = []
        #if os(macOS)
            programs.append(["pbcopy"])
        #endif
        if environment["WAYLAND_DISPLAY"] != nil { programs.append(["wl-copy"]) }
        if environment["DISPLAY"] != nil {
            programs += [["xclip", "-selection", "clipboard"], ["xsel", "-ib"]]
        }
        return programs.contains { run($0, text: text, environment: environment) }
    }

    private static func run(
        _ command: [String], text: String, environment: [String: String]
    ) -> Bool {
        let directories = (environment["PATH"] ?? "").split(separator: ":")
        guard
            let program = directories.map({ "\($0)/\(command[0])" }).first(where: {
                FileManager.default.isExecutableFile(atPath: $0)
            })
        else { return false }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = Array(command.dropFirst())
        let pipe = Pipe()
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try pipe.fileHandleForWriting.close()
        } catch {
            return false
        }
        // These programs go on in the background with the text; there is nothing to wait for.
        return true
    }
}
