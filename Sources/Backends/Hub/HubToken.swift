package import Baking
import Foundation

/// Where the key of the hub comes from.
package enum HubToken {
    /// `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, then the file that Hugging Face's own login writes.
    ///
    /// - Returns: The key and where it was, for messages; nil without one, or when
    ///   `HF_HUB_DISABLE_IMPLICIT_TOKEN` says that none may be sent unasked.
    package static func find(in surroundings: Surroundings) -> (Secret, source: String)? {
        guard !surroundings.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") else { return nil }
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let token = surroundings.variable(name).flatMap(Secret.init) { return (token, name) }
        }
        let file =
            surroundings.hubPlace("HF_TOKEN_PATH") ?? surroundings.hubHome.appending(path: "token")
        guard let size = HubSnapshot.size(of: file), size <= 1 << 16,
            let text = FileManager.default.contents(atPath: file.path)
        else { return nil }
        return Secret(String(decoding: text, as: UTF8.self)).map { ($0, file.path) }
    }
}
