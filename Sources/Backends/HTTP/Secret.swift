/// A key. It cannot be printed, encoded or compared in sight; only the HTTP client reads it.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let text: String

    /// nil for an empty text or one with white space or control characters inside, which no key has.
    package init?(_ text: String) {
        let trimmed = text.drop(while: \.isWhitespace)
        let end = trimmed.lastIndex { !$0.isWhitespace }
        guard let end else { return nil }
        let key = trimmed[...end]
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        self.text = String(key)
    }

    package var description: String { "(secret)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The key itself, for a header and for removing it from what is shown.
    package func withText<Result>(_ body: (String) throws -> Result) rethrows -> Result {
        try body(text)
    }
}
