import Baking
import Foundation

/// Addresses of the hub, and which others belong to it.
struct HubAddress: Sendable {
    let endpoint: URL

    /// What the hub knows of a revision.
    func revision(_ revision: String, of repository: HubRepository) throws(HubError) -> URL {
        try url("/api/models/\(repository)/revision/\(Self.encoded(revision))")
    }

    /// All files of a commit, the first page.
    func tree(of repository: HubRepository, commit: String) throws(HubError) -> URL {
        try url("/api/models/\(repository)/tree/\(commit)?recursive=true&expand=false")
    }

    /// One file of a commit.
    func file(_ path: String, of repository: HubRepository, commit: String) throws(HubError) -> URL
    {
        let path = path.split(separator: "/").map { Self.encoded(String($0)) }
        return try url("/\(repository)/resolve/\(commit)/\(path.joined(separator: "/"))")
    }

    /// What a person opens in a browser.
    func page(of repository: HubRepository) -> String {
        endpoint.absoluteString + "/\(repository)"
    }

    private func url(_ path: String) throws(HubError) -> URL {
        guard let url = URL(string: endpoint.absoluteString + path) else {
            throw .invalidSetting(name: "HF_ENDPOINT", expected: "an address")
        }
        return url
    }

    /// Everything but unreserved characters as `%XX`, slashes too.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    /// Whether a token for the hub may go there: the endpoint's own scheme, host and port, or the
    /// hub's hosts over a secure connection.
    func isHub(_ url: URL) -> Bool {
        // Read as it is when it is connected to; what cannot be read gets no token.
        guard let origin = try? HTTPAddress(url.absoluteString).origin else { return false }
        return Self.ownOrigins.contains(origin)
            || origin == (try? HTTPAddress(endpoint.absoluteString).origin)
    }

    private static let ownOrigins = ["https://huggingface.co:443", "https://hf.co:443"]

    /// Where an answer from `url` sends us.
    ///
    /// - Parameter location: Often relative.
    func target(of location: String, from url: URL) throws(HTTPError) -> URL {
        let start: HTTPAddress
        let end: HTTPAddress
        do {
            start = try HTTPAddress(url.absoluteString)
            end = try start.resolved(location)
        } catch {
            throw .redirect(host: url.host() ?? "", why: "\(error)")
        }
        guard start.scheme == "http" || end.scheme == "https" else {
            throw .redirect(host: start.name, why: "the connection would no longer be secure")
        }
        guard let target = URL(string: end.text) else {
            throw .redirect(host: start.name, why: "its address cannot be read")
        }
        return target
    }
}
