package import Baking
import Foundation

/// Where a run is sent to and as whose, from the variables and the file that W&B's own tools use.
package struct WandbSettings: Sendable {
    /// Of the public service.
    static let publicAddress = "https://api.wandb.ai"

    /// `WANDB_BASE_URL`, without a slash at the end.
    package var address: String
    package var key: Secret
    /// `WANDB_ENTITY`: a team or user; nil is the key's own.
    package var entity: String?
    /// `WANDB_PROJECT`
    package var project: String
    /// `WANDB_NAME`: the title; nil is the run's name.
    package var title: String?
    /// `WANDB_RUN_GROUP`
    package var group: String?
    /// `WANDB_TAGS`
    package var tags: [String]

    /// - Parameter key: One found elsewhere, for when `WANDB_API_KEY` is not set.
    /// - Throws: ``WandbError`` when nothing can or is to be sent.
    package init(_ surroundings: Surroundings, key found: Secret? = nil) throws(WandbError) {
        switch surroundings.variable("WANDB_MODE")?.lowercased() {
        case nil, "online": break
        case let mode? where mode == "offline" || mode == "disabled": throw .off(mode: mode)
        case let mode?: throw .unknownMode(String(mode.prefix(40)))
        }
        let address = surroundings.variable("WANDB_BASE_URL") ?? Self.publicAddress
        guard let url = URLComponents(string: address), let host = url.host, !host.isEmpty,
            ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
            url.user == nil, url.password == nil, url.query == nil, url.fragment == nil
        else {
            // What stands before an @ is somebody's.
            let shown = address.split(separator: "@").last.map(String.init) ?? ""
            throw .notAnAddress(String(shown.prefix(100)))
        }
        self.address = String(address.reversed().drop { $0 == "/" }.reversed())
        key = try Self.key(surroundings, found: found, host: host)
        entity = surroundings.variable("WANDB_ENTITY")
        project = surroundings.variable("WANDB_PROJECT") ?? "oven"
        title = surroundings.variable("WANDB_NAME")
        group = surroundings.variable("WANDB_RUN_GROUP")
        tags = (surroundings.variable("WANDB_TAGS") ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private static func key(
        _ surroundings: Surroundings, found: Secret?, host: String
    ) throws(WandbError) -> Secret {
        if let text = surroundings.variable("WANDB_API_KEY") {
            guard let key = Secret(text) else { throw .notAKey(place: "WANDB_API_KEY") }
            return key
        }
        if let found { return found }
        let file = surroundings.url(of: surroundings.variable("NETRC") ?? "~/.netrc")
        let bytes: Data
        do {
            // More than that is refused below without being read.
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: Netrc.largestByteCount + 1) ?? Data()
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            throw .noKey(host: host, file: file.path)
        } catch {
            throw .unreadable(path: file.path, why: "it is there, but not for us to read")
        }
        guard bytes.count <= Netrc.largestByteCount else {
            throw .unreadable(path: file.path, why: "it is larger than 1 MiB")
        }
        guard let text = Netrc(String(decoding: bytes, as: UTF8.self)).password(of: host) else {
            throw .noKey(host: host, file: file.path)
        }
        guard let key = Secret(text) else { throw .notAKey(place: file.path) }
        return key
    }
}
