package import Baking
package import Foundation

/// What the variables of Hugging Face's own tools say.
package struct HubSettings: Sendable {
    /// `HF_ENDPOINT`: the hub or a mirror of it, without a slash at the end.
    package var endpoint: URL
    /// `HF_HUB_CACHE`, or below `HF_HOME`: shared with other programs.
    package var cache: URL
    /// Where models go when ``cache`` cannot be written.
    package var ownCache: URL
    /// The variable that forbids the network; nil when none does.
    package var offline: String?
    /// `HF_HUB_DISABLE_SYMLINKS`: snapshots hold files, not links.
    package var disablesLinks: Bool
    /// `HF_HUB_ETAG_TIMEOUT`: how long to wait for what the hub says about files.
    package var metadataTimeout: Duration
    /// `HF_HUB_DOWNLOAD_TIMEOUT`: how long to wait between two pieces of a file.
    package var downloadTimeout: Duration

    package init(_ surroundings: Surroundings) throws(HubError) {
        endpoint = try Self.endpoint(
            surroundings.variable("HF_ENDPOINT") ?? "https://huggingface.co")
        cache = surroundings.hubCache
        ownCache = surroundings.ownHubCache
        offline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].first { surroundings.isTrue($0) }
        disablesLinks = surroundings.isTrue("HF_HUB_DISABLE_SYMLINKS")
        metadataTimeout = try Self.seconds("HF_HUB_ETAG_TIMEOUT", surroundings)
        downloadTimeout = try Self.seconds("HF_HUB_DOWNLOAD_TIMEOUT", surroundings)
    }

    private static func endpoint(_ text: String) throws(HubError) -> URL {
        var text = text.trimmingCharacters(in: .whitespaces)
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
            let host = url.host(), !host.isEmpty, url.user() == nil, url.query() == nil,
            url.fragment() == nil
        else {
            throw .invalidSetting(
                name: "HF_ENDPOINT", expected: "an address like https://huggingface.co")
        }
        return url
    }

    private static func seconds(
        _ name: String, _ surroundings: Surroundings
    ) throws(HubError) -> Duration {
        guard let text = surroundings.variable(name) else { return .seconds(10) }
        guard let seconds = Double(text), seconds > 0, seconds <= 86_400 else {
            throw .invalidSetting(name: name, expected: "a number of seconds")
        }
        return .seconds(seconds)
    }
}

extension Surroundings {
    /// Whether a variable says yes, as Hugging Face's tools read it.
    func isTrue(_ name: String) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(variable(name)?.uppercased())
    }
}
