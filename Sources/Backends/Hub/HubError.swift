package import Baking
package import Transformer

/// Why a model was not fetched.
package enum HubError: Error, Equatable, Sendable, CustomStringConvertible {
    case invalidName(String)
    case invalidRevision(String)
    /// A variable of the environment.
    case invalidSetting(name: String, expected: String)
    /// It does not exist or may not be seen: the hub hides which. `token` is where the one that was
    /// sent came from.
    case notFound(HubRepository, token: String?)
    case noRevision(HubRepository, String)
    /// Its licence must be accepted first, on `page`.
    case gated(HubRepository, page: String, token: String?)
    case badToken(source: String)
    case disabled(HubRepository)
    /// Even after waiting.
    case rateLimited(host: String)
    /// An answer that says no; `detail` is what the server says and the number of the request.
    case refused(host: String, status: Int, detail: String)
    case unreachable(HTTPError)
    /// An answer that is not as it must be.
    case unexpected(what: String, why: String)
    /// A model that could not be used once it was here.
    case unusable(ModelConfigurationError)
    case lacks(HubRepository, file: String, instead: String?)
    /// Twice.
    case damaged(HubRepository, file: String)
    case noSpace(path: String, needed: Int, available: Int)
    case offline(HubRepository, revision: String, cache: String, variable: String)
    case unwritable(path: String, why: String)
    /// The system refused a file.
    case file(FileError)

    /// One line: what, where, remedy.
    package var description: String {
        switch self {
        case .invalidName(let name):
            "\(name) is no name of a repository; give owner/name, like Qwen/Qwen3-0.6B"
        case .invalidRevision(let revision):
            "\(revision) is no branch, tag or commit"
        case .invalidSetting(let name, let expected): "\(name) must be \(expected)"
        case .notFound(let repository, nil):
            "\(repository) is not found, or private: set HF_TOKEN if you have access to it"
        case .notFound(let repository, let token?):
            "\(repository) is not found, or the token from \(token) has no access to it"
        case .noRevision(let repository, let revision):
            "\(repository) has no branch, tag or commit \(revision)"
        case .gated(let repository, let page, nil):
            "\(repository) is gated: accept its licence at \(page), then set HF_TOKEN to a token "
                + "that may read gated repositories"
        case .gated(let repository, let page, let token?):
            "\(repository) is gated and the token from \(token) has no access (yet): accept the "
                + "licence at \(page); the token needs the right to read gated repositories"
        case .badToken(let source):
            "the hub does not accept the token from \(source); log in again or remove it: public "
                + "models need none"
        case .disabled(let repository): "\(repository) has been disabled by the hub"
        case .rateLimited(let host): "\(host) takes no more requests for now; try again later"
        case .refused(let host, let status, let detail):
            "\(host) answers \(status)" + (detail.isEmpty ? "" : ": \(detail)")
        case .unreachable(let error): error.description
        case .unexpected(let what, let why): "\(what) is not as expected: \(why)"
        case .unusable(let error): error.description
        case .lacks(let repository, let file, let instead):
            "\(repository) has no \(file)"
                + (instead.map { "; \($0) is of another kind, look for a version in safetensors" }
                    ?? ", which is needed; look for another version of the model")
        case .damaged(let repository, let file):
            "\(file) of \(repository) arrived twice with a wrong check sum; try again later"
        case .noSpace(let path, let needed, let available):
            "\(path) has room for \(HubError.size(available)), \(HubError.size(needed)) are "
                + "needed; free some, or set HF_HUB_CACHE to a folder on another disk"
        case .offline(let repository, let revision, let cache, let variable):
            "\(repository) (\(revision)) is not complete in \(cache) and \(variable) forbids the "
                + "network; unset it to fetch the model"
        case .file(let error): error.description
        case .unwritable(let path, let why): "cannot write \(path): \(why)"
        }
    }

    /// Whether the hub may answer another time.
    var isTemporary: Bool {
        switch self {
        case .unreachable(.cannotConnect), .unreachable(.timedOut), .unreachable(.cut),
            .rateLimited:
            true
        case .refused(_, let status, _): status >= 500
        default: false
        }
    }

    /// "1.5 GB": decimal, as the hub shows sizes.
    package static func size(_ byteCount: Int) -> String {
        let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        for (unit, scale) in units where Double(byteCount) >= scale {
            let tenths = Int((Double(byteCount) / scale * 10).rounded())
            return "\(tenths / 10).\(tenths % 10) \(unit)"
        }
        return "\(byteCount) B"
    }
}
