package import Foundation

/// The text of a prompt's file as it is being edited, kept outside of it until it is saved.
package struct PromptDraft: Sendable {
    /// What was kept.
    package struct Text: Hashable, Sendable {
        /// As edited.
        package var text: String
        /// When it was kept.
        package var time: Date
        /// Whether the prompt's file holds something else, or is not there.
        package var isDifferent: Bool
        /// Whether it was kept after the prompt's file was last written.
        package var isNewer: Bool
    }

    private struct Record: Codable {
        var path: String
        var text: String
        var time: Date
    }

    private let prompt: URL
    private let file: URL

    /// The draft of the prompt in `prompt`.
    ///
    /// - Parameter stateDirectory: Of ``Surroundings``.
    package init(of prompt: URL, stateDirectory: URL) {
        self.prompt = prompt
        let name = String(sha256(parts: [prompt.standardizedFileURL.path]).prefix(32))
        file = stateDirectory.appending(path: "drafts", directoryHint: .isDirectory)
            .appending(path: "\(name).json")
    }

    /// Keeps `text`, whole or not at all; only its owner can read it.
    package func keep(_ text: String, time: Date = Date()) throws(RunError) {
        try RunFiles.makeDirectory(file.deletingLastPathComponent(), permissions: 0o700)
        try RunFiles.write(
            json: Record(path: prompt.standardizedFileURL.path, text: text, time: time), to: file,
            permissions: 0o600)
    }

    /// What was kept; nil when there is none.
    package func read() throws(RunError) -> Text? {
        guard let record = try RunFiles.json(Record.self, from: file) else { return nil }
        var status = stat()
        let written: Date? =
            stat(prompt.path, &status) == 0
            ? Date(timeIntervalSince1970: status.modificationSeconds) : nil
        return Text(
            text: record.text, time: record.time,
            isDifferent: !PromptFiles.holds(prompt, record.text),
            isNewer: written.map { record.time > $0 } ?? true)
    }

    /// Forgets it: the text was saved or given up.
    package func remove() throws(RunError) { try RunFiles.remove(file) }
}

extension stat {
    /// When the file was last written, in seconds since 1970.
    fileprivate var modificationSeconds: Double {
        #if canImport(Darwin)
            let time = st_mtimespec
        #else
            let time = st_mtim
        #endif
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
