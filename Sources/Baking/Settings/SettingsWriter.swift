package import Foundation

/// Changes a settings file and leaves everything else in it as a person wrote it.
package enum SettingsWriter {
    /// Puts `changes` into `file`, which need not exist: a line of a setting that stands there is
    /// replaced, others are added at the end.
    ///
    /// - Parameter changes: Texts as behind a flag.
    /// - Throws: ``SettingsError`` when a value is none or the file is not one; then nothing is written.
    package static func write(_ changes: [SettingName: String], to file: URL) throws {
        let old =
            FileManager.default.fileExists(atPath: file.path)
            ? try String(contentsOf: file, encoding: .utf8) : ""
        let new = try text(old, changing: changes)
        // What cannot be read again must not take the place of what could.
        _ = try SettingsFile(text: new, shownAs: file.lastPathComponent)
        try RunFiles.write(Data(new.utf8), to: file)
    }

    static func text(_ old: String, changing changes: [SettingName: String]) throws -> String {
        var lines = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        for (name, text) in changes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let setting = Setting.named(name)
            _ = try setting.value(from: text, place: name.rawValue)
            let line = "\(name.rawValue): \(yaml(text, of: setting))"
            guard let start = lines.firstIndex(where: { isEntry($0, name: name.rawValue) }) else {
                lines.append(line)
                continue
            }
            // A value of several lines is indented, or a list at the margin.
            let end =
                lines[(start + 1)...].firstIndex { !($0.first == " " || $0.hasPrefix("- ")) }
                ?? lines.endIndex
            lines.replaceSubrange(start..<end, with: [line])
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func isEntry(_ line: String, name: String) -> Bool {
        ["\(name):", "\"\(name)\":", "'\(name)':"].contains { line.hasPrefix($0) }
    }

    private static func yaml(_ text: String, of setting: Setting) -> String {
        switch setting.kind {
        case .numbers, .words:
            return text == setting.absence || text == "none"
                ? text
                : "[\(text.split(separator: ",").map(String.init).joined(separator: ", "))]"
        case .text, .path:
            let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return "\"\(escaped)\""
        default: return text
        }
    }
}
