/// Why a file is not read as JSON.
enum JSONFileError: Error, Equatable {
    case file(FileError)
    case notJSON(path: String, reason: String)
}

extension JSONTree {
    /// The one value of a file.
    ///
    /// - Parameter maximumByteCount: Longer files are refused before they are read.
    init(
        path: String, maximumDepth: Int, maximumByteCount: Int = 1 << 26
    ) throws(JSONFileError) {
        let file: FileBytes
        do {
            file = try .contents(of: path, maximumByteCount: maximumByteCount)
        } catch {
            throw .file(error)
        }
        do {
            defer { withExtendedLifetime(file) {} }
            self = try JSONTree(parsing: file.bytes, maximumDepth: maximumDepth)
        } catch {
            throw .notJSON(path: path, reason: error.description)
        }
    }
}
