/// What is found again at the next start, besides the prompt and what was said.
package struct SavedState: Hashable, Sendable, Codable {
    /// A message that was not sent.
    package var message = ""
    /// Sent messages, oldest first.
    package var sent: [String] = []
    package var watched = "Who are you?"
    package var strength = 1.0
    package var temperature = 0.7
    package var isComparing = false
    /// Whether the way to begin was seen.
    package var isWelcomed = false

    package init() {}
}
