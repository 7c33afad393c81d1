/// A repository of the Hugging Face hub that holds a model: `owner/name`, or just `name` for the
/// oldest ones.
package struct HubRepository: Hashable, Sendable, CustomStringConvertible {
    package let name: String

    package var description: String { name }

    /// nil for what the hub does not allow: each part is of ASCII letters, digits, `-`, `_` and `.`,
    /// begins and ends with none of `-.`, and nowhere stand two hyphens or periods in a row.
    package init?(_ name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), name.utf8.count <= 193, parts.allSatisfy(Self.isPart),
            !name.contains("--"), !name.contains("..")
        else { return nil }
        self.name = name
    }

    /// From the name of its folder in a cache.
    package init?(folder: String) {
        guard folder.hasPrefix("models--") else { return nil }
        self.init(folder.dropFirst("models--".count).replacing("--", with: "/"))
    }

    /// The name of its folder in a cache.
    package var folder: String { "models--" + name.replacing("/", with: "--") }

    private static func isPart(_ part: Substring) -> Bool {
        let isWord = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard let first = part.utf8.first, let last = part.utf8.last, isWord(first), isWord(last)
        else { return false }
        return part.utf8.allSatisfy {
            isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
    }
}

extension HubRepository {
    init?(_ name: Substring) { self.init(String(name)) }
}
