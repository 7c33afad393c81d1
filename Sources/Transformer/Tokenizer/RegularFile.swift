import Foundation

/// Reading of small files whole.
enum RegularFile {
    /// Far more than any published tokenizer or configuration has.
    static let usualLimit = 1 << 28

    struct Failure: Error {
        var reason: String
    }

    /// The bytes of `file`, which must be a file (not a folder or a pipe) of at most `limit` bytes.
    static func bytes(of file: URL, limit: Int) throws(Failure) -> [UInt8] {
        do {
            let path = file.resolvingSymlinksInPath().path
            guard FileManager.default.fileExists(atPath: path) else {
                throw Failure(reason: "no such file")
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw Failure(reason: "not a file")
            }
            guard let size = attributes[.size] as? NSNumber, size.intValue <= limit else {
                throw Failure(reason: "more than \(limit) bytes")
            }
            return [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(reason: error.localizedDescription)
        }
    }
}
