/// What runs on an ``EventLoop``: the state of a program and its drawing.
package protocol EventLoopClient<Message>: AnyObject {
    associatedtype Message: Sendable

    /// Changes the state. Everything that came together comes in one call, in order.
    func handle(_ occurrences: [Occurrence<Message>])
    /// What to show; nil when that is what is shown already. The first time it must not be nil.
    func draw() -> (surface: Surface, theme: Theme)?
    /// When a ``Occurrence/tick`` is wanted; nil for never. The handling of the tick should change
    /// it: a time that has passed gives at most one tick per frame.
    var nextDeadline: ContinuousClock.Instant? { get }
    /// The least time between two frames that only messages ask for.
    var frame: Duration { get }
    /// Whether the loop should return.
    var isFinished: Bool { get }
}

extension EventLoopClient {
    /// Fluent for text that streams in.
    package var frame: Duration { .milliseconds(33) }
}
