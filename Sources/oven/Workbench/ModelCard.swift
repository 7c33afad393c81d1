import Baking
import Foundation

/// What a model says of itself.
enum ModelCard {
    private static let largestByteCount = 1 << 20

    /// The first paragraph of the card beside the model, without headings and marks; empty where
    /// there is none. Not safe: it came with the model.
    static func text(of settings: Settings) -> String {
        guard case .directory(let directory)? = try? settings.modelLocation(),
            let handle = try? FileHandle(forReadingFrom: directory.appending(path: "README.md")),
            let data = try? handle.read(upToCount: largestByteCount)
        else { return "" }
        let lines = String(decoding: data, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let body = lines.drop { $0.hasPrefix("#") || $0.allSatisfy(\.isWhitespace) }
        let paragraph = body.prefix { !$0.allSatisfy(\.isWhitespace) }
        // A card that begins with metadata has no such paragraph.
        return paragraph.first == "---" ? "" : String(paragraph.joined(separator: " ").prefix(600))
    }
}
