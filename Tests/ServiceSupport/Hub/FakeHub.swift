package import Foundation
import Synchronization
import TestSupport
import Transformer

/// A hub with one repository, and the server that its large files lie on. It knows no network: what
/// carries requests asks it for answers.
package final class FakeHub: Sendable {
    package enum Host: Sendable {
        case hub, files
    }

    package struct Request: Sendable {
        package var host: Host
        /// As it was sent, still encoded.
        package var path: String
        package var query: String?
        package var authorization: String?
        package var range: String?

        package init(
            host: Host, path: String, query: String?, authorization: String?, range: String?
        ) {
            self.host = host
            self.path = path
            self.query = query
            self.authorization = authorization
            self.range = range
        }
    }

    package struct Answer: Sendable {
        package var status: Int
        package var headers: [String: String]
        package var body: Data
        /// The connection breaks off after so many bytes of the body.
        package var cutAfter: Int?

        package init(
            _ status: Int, headers: [String: String] = [:], body: Data = Data(),
            cutAfter: Int? = nil
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.cutAfter = cutAfter
        }

        /// A refusal as the hub words it.
        package static func refusal(
            _ status: Int, code: String? = nil, message: String = "no"
        ) -> Answer {
            var headers = ["X-Error-Message": message, "X-Request-Id": "Root=1-abc"]
            headers["X-Error-Code"] = code
            return Answer(status, headers: headers)
        }
    }

    package struct File: Sendable {
        package var data: Data
        package var isLarge: Bool
        /// What the hub says of it, right or not.
        package var sum: String

        package init(_ data: Data, isLarge: Bool = false) {
            self.data = data
            self.isLarge = isLarge
            sum = isLarge ? FakeHub.sha256(data) : FakeHub.gitName(data)
        }
    }

    private struct State {
        var files: [String: File]
        var revisions: [String: String]
        var log: [Request] = []
        var fault: @Sendable (Request, Int) -> Answer? = { _, _ in nil }
        var urls: [Host: String] = [.hub: "https://hub.test", .files: "https://files.test"]
        var pageSize = 1000
    }

    package static let repository = "me/tiny"
    package static let commit = String(repeating: "a1", count: 20)
    private let state: Mutex<State>

    package init(files: [String: File]) {
        state = Mutex(
            State(
                files: files,
                revisions: [
                    "main": Self.commit, "refs/pr/1": Self.commit, Self.commit: Self.commit,
                ]))
    }

    /// The files of a reference model and some that nobody needs.
    package static func tiny(_ model: String = "qwen3") throws -> FakeHub {
        let folder = Golden.url("models/\(model)")
        var files: [String: File] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            files[name] = File(
                try Data(contentsOf: folder.appending(path: name)),
                isLarge: name.hasSuffix(".safetensors"))
        }
        files["README.md"] = File(Data("# tiny\n".utf8))
        files["LICENSE"] = File(Data("free\n".utf8))
        files["original/consolidated.00.pth"] = File(Data("x".utf8), isLarge: true)
        files["consolidated.safetensors"] = files["model.safetensors"]
        return FakeHub(files: files)
    }

    /// What was asked so far.
    package var requests: [Request] { state.withLock { $0.log } }

    package var files: [String: File] {
        get { state.withLock { $0.files } }
        set { state.withLock { $0.files = newValue } }
    }

    /// Entries on a page of the list of files.
    package var pageSize: Int {
        get { state.withLock { $0.pageSize } }
        set { state.withLock { $0.pageSize = newValue } }
    }

    /// Where the hosts are.
    package var urls: [Host: String] {
        get { state.withLock { $0.urls } }
        set { state.withLock { $0.urls = newValue } }
    }

    /// What happens instead of the right answer; asked with each request and how many for the same
    /// host and path came before it.
    package func setFault(_ fault: @escaping @Sendable (Request, Int) -> Answer?) {
        state.withLock { $0.fault = fault }
    }

    package func answer(_ request: Request) -> Answer {
        let (fault, count) = state.withLock { state in
            let count = state.log.count { $0.host == request.host && $0.path == request.path }
            state.log.append(request)
            return (state.fault, count)
        }
        if let answer = fault(request, count) { return answer }
        return rightAnswer(request)
    }

    /// The answer of a hub that nothing is wrong with.
    package func rightAnswer(_ request: Request) -> Answer {
        let state = state.withLock { $0 }
        switch request.host {
        case .files:
            let sum = request.path.split(separator: "/").last.map(String.init)
            guard let file = state.files.values.first(where: { $0.isLarge && $0.sum == sum }) else {
                return Answer(404)
            }
            return Self.content(file.data, range: request.range)
        case .hub: return hubAnswer(request, state)
        }
    }

    private func hubAnswer(_ request: Request, _ state: State) -> Answer {
        let api = "/api/models/\(Self.repository)/"
        if let revision = request.path.rest(after: api + "revision/")?.removingPercentEncoding {
            guard let commit = state.revisions[revision] else {
                return .refusal(404, code: "RevisionNotFound", message: "Invalid rev id")
            }
            return json(["id": Self.repository, "sha": commit, "private": false, "gated": false])
        }
        if request.path == api + "tree/\(Self.commit)" { return tree(request, state) }
        if let path = request.path.rest(after: "/\(Self.repository)/resolve/\(Self.commit)/"),
            let name = path.removingPercentEncoding
        {
            guard let file = state.files[name] else {
                return .refusal(404, code: "EntryNotFound", message: "Entry not found")
            }
            guard file.isLarge else { return Self.content(file.data, range: request.range) }
            let url = "\(state.urls[.files] ?? "")/store/\(file.sum)?sig=\(state.log.count)"
            return Answer(
                302,
                headers: [
                    "Location": url, "X-Linked-Size": "\(file.data.count)",
                    "X-Linked-Etag": "\"\(file.sum)\"", "X-Repo-Commit": Self.commit,
                ])
        }
        return .refusal(404, code: "RepoNotFound", message: "Repository not found")
    }

    private func tree(_ request: Request, _ state: State) -> Answer {
        let start =
            request.query?.split(separator: "&").first { $0.hasPrefix("cursor=") }
            .flatMap { Int($0.dropFirst("cursor=".count)) } ?? 0
        let names = state.files.keys.sorted()
        var entries: [[String: Any]] =
            start == 0 ? [["type": "directory", "path": "original", "oid": "0"]] : []
        for name in names.dropFirst(start).prefix(state.pageSize) {
            guard let file = state.files[name] else { continue }
            var entry: [String: Any] = ["type": "file", "path": name, "size": file.data.count]
            entry["oid"] = file.isLarge ? String(repeating: "0", count: 40) : file.sum
            if file.isLarge {
                entry["lfs"] = ["oid": file.sum, "size": file.data.count, "pointerSize": 135]
                entry["xetHash"] = String(repeating: "f", count: 64)
            }
            entries.append(entry)
        }
        var answer = json(entries)
        let next = start + state.pageSize
        if next < names.count {
            answer.headers["Link"] =
                "<\(state.urls[.hub] ?? "")\(request.path)?recursive=true&cursor=\(next)>; "
                + "rel=\"next\""
        }
        return answer
    }

    private func json(_ value: Any) -> Answer {
        // What is encoded here are texts, numbers and containers of them.
        let body = try? JSONSerialization.data(withJSONObject: value)
        return Answer(200, headers: ["Content-Type": "application/json"], body: body ?? Data())
    }

    /// A file, or the part of it that a range asks for.
    package static func content(_ data: Data, range: String?) -> Answer {
        guard let text = range?.dropFirst("bytes=".count).dropLast(), let start = Int(text) else {
            return Answer(200, body: data)
        }
        guard start < data.count else {
            return Answer(416, headers: ["Content-Range": "bytes */\(data.count)"])
        }
        return Answer(
            206, headers: ["Content-Range": "bytes \(start)-\(data.count - 1)/\(data.count)"],
            body: data.dropFirst(start))
    }

    package static func sha256(_ data: Data) -> String {
        var hash = SHA256()
        data.withUnsafeBytes { hash.update($0) }
        return hash.hexDigest()
    }

    package static func gitName(_ data: Data) -> String {
        var hash = SHA1()
        hash.update("blob \(data.count)\0")
        data.withUnsafeBytes { hash.update($0) }
        return hash.hexDigest()
    }
}

extension String {
    fileprivate func rest(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
