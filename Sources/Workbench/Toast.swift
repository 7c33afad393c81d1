/// A line that says what happened.
package struct Toast: Hashable, Sendable {
    package var kind: NoticeKind
    /// Safe, of one line.
    package var text: String
    /// When it goes away by itself; nil for what must be dismissed.
    package var until: Double?
    /// Seconds since the start.
    package var time: Double

    /// How long what needs no answer is shown, in seconds.
    static let duration = 3.0
}
