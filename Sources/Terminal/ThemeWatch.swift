package import Foundation

/// The files behind a theme as they were at one moment. Whoever shows the theme asks now and then
/// whether they changed and reads it again.
package struct ThemeWatch: Sendable {
    /// What changes when a file is written or replaced.
    private struct Stamp: Equatable {
        let modified: Date?
        let byteCount: UInt64?
        /// Editors write a new file and rename it.
        let fileNumber: UInt64?
    }

    /// Also those that do not exist: one that appears may hide another or mend a broken theme.
    package let files: [URL]
    private let stamps: [Stamp?]

    init(files: [URL]) {
        self.files = files
        stamps = files.map(Self.stamp)
    }

    /// Whether a file was written, removed or added since. It looks at the directory only, not into
    /// the files.
    package var hasChanged: Bool { files.map(Self.stamp) != stamps }

    private static func stamp(_ file: URL) -> Stamp? {
        // A link is followed: what it points to is what is read.
        let path = file.resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            return nil
        }
        return Stamp(
            modified: attributes[.modificationDate] as? Date,
            byteCount: number(attributes[.size]),
            fileNumber: number(attributes[.systemFileNumber]))
    }

    /// Foundation has the numbers in different types on different systems.
    private static func number(_ value: Any?) -> UInt64? {
        (value as? NSNumber)?.uint64Value ?? (value as? UInt64)
            ?? (value as? Int).flatMap { UInt64(exactly: $0) }
    }
}
