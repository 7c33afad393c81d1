package import Foundation

/// What the settings and resources depend on beside the flags.
package struct Surroundings: Sendable {
    package var workingDirectory: URL
    package var environment: [String: String]
    /// The running program, links resolved.
    package var executable: URL

    package init(workingDirectory: URL, environment: [String: String], executable: URL) {
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.executable = executable
    }

    /// Those of this process.
    package static func current() -> Surroundings {
        // Linux knows the program's file even when it was found through PATH.
        let linux = URL(filePath: "/proc/self/exe")
        let started = FileManager.default.fileExists(atPath: linux.path) ? linux : nil
        return Surroundings(
            workingDirectory: URL(
                filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory),
            environment: ProcessInfo.processInfo.environment,
            executable: (started ?? Bundle.main.executableURL
                ?? URL(filePath: CommandLine.arguments.first ?? "oven"))
                .resolvingSymlinksInPath())
    }

    /// The variable's value; nil when it is unset or empty.
    package func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `path` as a person writes it: relative to the working directory, `~/` for the home.
    package func url(of path: String) -> URL {
        if path == "~" || path.hasPrefix("~/"), let home = variable("HOME") {
            return URL(filePath: home).appending(path: String(path.dropFirst(2)))
        }
        return URL(filePath: path, relativeTo: workingDirectory).absoluteURL
    }

    /// The XDG base directory `variable`, by default `fallback` in the home directory; relative
    /// values are ignored, as the specification has it.
    private func base(_ variable: String, _ fallback: String) -> URL {
        if let path = self.variable(variable), path.hasPrefix("/") {
            return URL(filePath: path, directoryHint: .isDirectory)
        }
        return url(of: "~/\(fallback)")
    }

    /// `$XDG_CONFIG_HOME/oven`.
    package var configurationDirectory: URL {
        base("XDG_CONFIG_HOME", ".config").appending(path: "oven", directoryHint: .isDirectory)
    }

    /// `$XDG_STATE_HOME/oven`: what a person typed and did, kept from one session to the next.
    package var stateDirectory: URL {
        base("XDG_STATE_HOME", ".local/state").appending(path: "oven", directoryHint: .isDirectory)
    }

    /// `$XDG_DATA_HOME/oven`: what is worth keeping and is neither settings nor state.
    package var dataDirectory: URL {
        base("XDG_DATA_HOME", ".local/share").appending(path: "oven", directoryHint: .isDirectory)
    }

    /// `$XDG_CACHE_HOME`.
    var cacheDirectory: URL { base("XDG_CACHE_HOME", ".cache") }

    /// The user's settings.
    package var userFile: URL { configurationDirectory.appending(path: "config.yaml") }

    /// The working directory's settings.
    package var directoryFile: URL { workingDirectory.appending(path: "oven.yaml") }
}
