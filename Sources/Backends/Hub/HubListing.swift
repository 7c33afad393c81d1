import Baking
import Foundation

/// What a revision consists of.
struct HubListing: Sendable {
    /// The commit that the revision is now.
    var commit: String
    /// All files by their paths.
    var files: [String: HubFile]

    /// Most pages of a thousand entries each that a list of files may have.
    private static let pageLimit = 100

    /// Asks the hub.
    ///
    /// - Throws: ``HubError`` or `CancellationError`.
    init(_ requests: HubRequests, timeout: Duration) async throws {
        let address = requests.address
        let repository = requests.repository
        let revision = try Self.decode(
            HubWire.Revision.self, "the hub's answer about \(repository)",
            try await requests.answer(
                address.revision(requests.revision, of: repository), timeout: timeout
            ).body)
        guard HubCache.isCommit(revision.sha) else {
            throw HubError.unexpected(
                what: "the hub's answer about \(repository)", why: "it names no commit")
        }
        commit = revision.sha
        files = [:]
        var next: URL? = try address.tree(of: repository, commit: commit)
        var pages = 0
        while let url = next {
            pages += 1
            guard pages <= Self.pageLimit else { throw Self.unexpected("it does not end") }
            let answer = try await requests.answer(url, timeout: timeout)
            for entry in try Self.decode([HubWire.TreeEntry].self, "the list of files", answer.body)
            {
                guard let file = try HubFile(entry) else { continue }
                guard files.updateValue(file, forKey: file.path) == nil else {
                    throw Self.unexpected("it names \(file.path) twice")
                }
            }
            next = try Self.next(answer, address)
        }
    }

    init(commit: String, files: [String: HubFile]) {
        self.commit = commit
        self.files = files
    }

    /// The page that `Link: <…>; rel="next"` leads to. Only the hub's own pages are asked.
    private static func next(_ answer: HTTPAnswer, _ address: HubAddress) throws -> URL? {
        guard let link = answer.headers["Link"] else { return nil }
        for part in link.matches(of: /<([^>]*)>((?:\s*;[^,<]*)*)/)
        where part.output.2.contains(/rel="?next"?/) {
            let url: URL
            do throws(HTTPError) {
                url = try address.target(of: String(part.output.1), from: answer.url)
            } catch {
                throw HubError.unreachable(error)
            }
            guard address.isHub(url) else { throw unexpected("its next page is elsewhere") }
            return url
        }
        return nil
    }

    private static func unexpected(_ why: String) -> HubError {
        .unexpected(what: "the list of files", why: why)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ what: String, _ body: Data
    ) throws(HubError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw .unexpected(what: what, why: "it cannot be read (is HF_ENDPOINT a hub?)")
        }
    }
}
