package import Foundation
internal import Synchronization

/// Appends one line of JSON per exchange to a file: what was asked, what came back, how long it took.
///
/// Keys are not in it, wherever they come up: see ``Redaction``. All the rest is, prompts and responses
/// included, so that only its owner may read the file.
package final class HTTPTrace: Sendable {
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case cannotOpen(path: String, why: String)

        package var description: String {
            switch self {
            case .cannotOpen(let path, let why): "cannot write the trace \(path): \(why)"
            }
        }
    }

    private let descriptor: Int32
    private let redaction = Mutex(Redaction())

    /// - Parameter file: Made when it is not there; only its owner may read it, even if others could
    ///   before.
    /// - Throws: ``Failure``
    package init(file: URL) throws {
        let path = file.path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure.cannotOpen(path: path, why: String(cString: strerror(errno)))
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            fchmod(descriptor, 0o600)
        }
    }

    deinit { close(descriptor) }

    /// From now on the trace is without `secret`.
    func hide(_ secret: Secret) { redaction.withLock { $0.hide(secret) } }

    /// - Parameter credentialHeader: Whose value is a key, besides the usual ones.
    func begin(_ request: CurlRequest, credentialHeader: String?) -> HTTPTraceEntry {
        HTTPTraceEntry(request, credentialHeader: credentialHeader, trace: self)
    }

    /// Writes what `line` makes of the keys known by now. A file that takes no more is left alone: a
    /// trace must not stop what it looks at.
    func write(_ line: (Redaction) throws -> Data) {
        let redaction = redaction.withLock { $0 }
        guard let line = try? line(redaction) else { return }
        // In one piece, so that lines of several clients do not mix.
        self.redaction.withLock { _ in
            line.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Foundation.write(
                        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }
}
