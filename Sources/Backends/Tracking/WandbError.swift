import Foundation

/// Why nothing is sent to W&B.
package enum WandbError: Error, Equatable, CustomStringConvertible {
    /// No key in the environment and none in the netrc file.
    case noKey(host: String, file: String)
    /// What should be a key has white space or characters no key has.
    case notAKey(place: String)
    case unreadable(path: String, why: String)
    /// `WANDB_BASE_URL`
    case notAnAddress(String)
    case unknownMode(String)
    /// `WANDB_MODE` says that nothing is to be sent.
    case off(mode: String)
    /// The service says no, in its own words.
    case refused(String)
    /// An answer that is none of W&B's.
    case unusable(host: String, why: String)
    /// The run has no events to send.
    case noEvents(path: String)

    package var description: String {
        switch self {
        case .noKey(let host, let file):
            "no key: set WANDB_API_KEY, or add machine \(host) to \(file)"
        case .notAKey(let place): "what stands in \(place) is no key: it is empty or has spaces"
        case .unreadable(let path, let why): "\(path) cannot be read: \(why)"
        case .notAnAddress(let text):
            "WANDB_BASE_URL is no http or https address without name and password: \(text)"
        case .unknownMode(let mode):
            "WANDB_MODE is \(mode); it can be online, offline or disabled"
        case .off(let mode):
            "nothing is sent, as WANDB_MODE is \(mode); the run's events.jsonl has every figure"
        case .refused(let words): words
        case .unusable(let host, let why): "the answer of \(host) cannot be used: \(why)"
        case .noEvents(let path): "\(path) has no run.started to begin with"
        }
    }

    /// What a service wrote, fit to be shown: one line, not long, and without the key.
    static func words(_ text: String, hiding key: Secret) -> String {
        let hidden = key.withText { text.replacing($0, with: "(key)") }
        var words = ""
        for scalar in hidden.unicodeScalars.prefix(2000) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate:
                words += " "
            default: words.unicodeScalars.append(scalar)
            }
        }
        words = words.split(separator: " ").joined(separator: " ")
        return words.count > 200 ? words.prefix(200) + "…" : words
    }
}
