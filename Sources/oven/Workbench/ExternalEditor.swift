import Foundation
import Terminal

/// The editor that a person has chosen, on a file of its own.
enum ExternalEditor {
    enum Failure: Error, CustomStringConvertible {
        case none
        case failed(String, code: Int32)
        case unreadable(String)

        var description: String {
            switch self {
            case .none: "no editor is set: put its name into VISUAL or EDITOR"
            case .failed(let editor, let code):
                "\(editor) ended with \(code); the text is as it was"
            case .unreadable(let why): "the edited text cannot be read: \(why)"
            }
        }
    }

    /// Runs the editor on `text` and waits for it.
    ///
    /// - Returns: What it left.
    static func edit(_ text: String, environment: [String: String]) throws -> String {
        let named = ["VISUAL", "EDITOR"].compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let editor = named else { throw Failure.none }
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "oven-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        // Whatever happens the text does not stay there; the state has it.
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "text.md")
        guard
            FileManager.default.createFile(
                atPath: file.path, contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600])
        else { throw Failure.unreadable("\(file.path) cannot be written") }
        // The variable may hold options, so the shell splits it; the file is an argument of its own.
        let code = try Ncurses.run(["/bin/sh", "-c", "exec \(editor) \"$1\"", "oven", file.path])
        guard code == 0 else { throw Failure.failed(editor, code: code) }
        let data = try Data(contentsOf: file)
        guard let edited = String(validating: data, as: UTF8.self) else {
            throw Failure.unreadable("it is not UTF-8")
        }
        // Editors end a file with a line feed that the text did not have.
        return edited.hasSuffix("\n") && !text.hasSuffix("\n") ? String(edited.dropLast()) : edited
    }
}
