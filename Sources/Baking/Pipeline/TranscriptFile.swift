package import Foundation

/// A transcript on disk: a line per change, so that nothing that was said is lost.
package struct TranscriptFile: Sendable {
    /// What the file holds.
    package private(set) var transcript = Transcript()

    private let file: AppendOnlyFile

    /// Opens or makes `url` and its directory. A torn last line is dropped, a line that cannot be
    /// read left out.
    package init(_ url: URL) throws {
        try RunFiles.makeDirectory(url.deletingLastPathComponent())
        let lines = JSONLines(try RunFiles.contents(of: url) ?? Data())
        for line in lines.lines {
            // It may be of another version; what can be read is shown.
            if let change = try? JSONLine.decode(Transcript.Change.self, from: line.data) {
                transcript.apply(change)
            }
        }
        file = try AppendOnlyFile(url, keeping: lines.wholeByteCount)
    }

    /// Appends `change`; it is on the disk when this returns.
    package mutating func append(_ change: Transcript.Change) throws {
        try file.append(try JSONLine.encode(change) + [0x0A])
        try file.synchronize()
        transcript.apply(change)
    }
}
