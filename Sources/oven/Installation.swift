import ArgumentParser
import Baking
import Foundation

/// Puts the program and what it needs below a directory.
struct Installation {
    let root: URL
    let surroundings: Surroundings

    /// What could not be installed.
    struct Failure: Error, Equatable, CustomStringConvertible {
        var path: String
        var why: String

        var description: String { "cannot be installed: \(why) (\(path))" }
    }

    /// - Returns: The paths that were written.
    func install() throws -> [String] {
        let resources = Resources(surroundings)
        var written: [String] = []
        for item in Resources.Item.allCases {
            let source = try resources.url(of: item)
            written.append(try copy(source, to: "share/oven/\(item.rawValue)"))
        }
        let completions: [(CompletionShell, String)] = [
            (.bash, "share/bash-completion/completions/oven"),
            (.zsh, "share/zsh/site-functions/_oven"),
            (.fish, "share/fish/vendor_completions.d/oven.fish"),
        ]
        for (shell, path) in completions {
            written.append(
                try write(Data(OvenCommand.completionScript(for: shell).utf8), to: path))
        }
        written.append(try write(Data(ManualPage.text.utf8), to: "share/man/man1/oven.1"))
        // The program last: when it is there, everything is.
        written.append(try copy(surroundings.executable, to: "bin/oven"))
        return written
    }

    private func copy(_ source: URL, to path: String) throws -> String {
        try place(path) { try FileManager.default.copyItem(at: source, to: $0) }
    }

    private func write(_ data: Data, to path: String) throws -> String {
        try place(path) { try data.write(to: $0) }
    }

    /// Makes the new one beside the old and renames it, so that a running program stays whole.
    private func place(_ path: String, _ make: (URL) throws -> Void) throws -> String {
        let manager = FileManager.default
        let target = root.appending(path: path)
        let folder = target.deletingLastPathComponent()
        let aside = folder.appending(
            path: ".\(target.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try manager.createDirectory(at: folder, withIntermediateDirectories: true)
            if manager.fileExists(atPath: aside.path) { try manager.removeItem(at: aside) }
            try make(aside)
            if manager.fileExists(atPath: target.path) { try manager.removeItem(at: target) }
            try manager.moveItem(at: aside, to: target)
        } catch {
            // Leaves nothing half done behind.
            try? manager.removeItem(at: aside)
            throw Failure(path: target.path, why: (error as NSError).localizedDescription)
        }
        return target.path
    }
}
