import Foundation

/// What went wrong with a file before its contents mattered.
public enum FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing there.
    case notFound(path: String)
    /// A directory, pipe or device where a file is needed.
    case notAFile(path: String)
    /// A file or nothing where a directory is needed.
    case notADirectory(path: String)
    /// The system refused to read.
    case cannotRead(path: String, reason: String)
    /// The system refused to write; nothing is left behind.
    case cannotWrite(path: String, reason: String)

    /// One line: what, where, remedy.
    public var description: String {
        switch self {
        case .notFound(let path): "\(shown(path)): no such file"
        case .notAFile(let path): "\(shown(path)) is not a file"
        case .notADirectory(let path): "\(shown(path)) is not a directory"
        case .cannotRead(let path, let reason): "cannot read \(shown(path)): \(reason)"
        case .cannotWrite(let path, let reason):
            "cannot write \(shown(path)): \(reason); nothing was left behind"
        }
    }

    /// What went wrong, for messages that name the file themselves.
    var reason: String {
        switch self {
        case .notFound: "no such file"
        case .notAFile: "not a file"
        case .notADirectory: "not a directory"
        case .cannotRead(_, let reason), .cannotWrite(_, let reason): reason
        }
    }

    /// From `errno` after a failed call on `path` for reading.
    static func reading(_ path: String, errno code: Int32) -> FileError {
        code == ENOENT || code == ENOTDIR
            ? .notFound(path: path)
            : .cannotRead(path: path, reason: String(cString: strerror(code)))
    }

    /// From `errno` after a failed call on `path` for writing.
    static func writing(_ path: String, errno code: Int32) -> FileError {
        let reason =
            switch code {
            case ENOSPC: "the disk is full"
            case EDQUOT: "the disk quota is used up"
            case EFBIG: "the file would be larger than allowed here (ulimit -f)"
            default: String(cString: strerror(code))
            }
        return .cannotWrite(path: path, reason: reason)
    }
}

/// `text` from a file as it may stand in a message: no control characters, not endless.
func shown(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(200) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.count > 200 ? result + "…" : result
}
