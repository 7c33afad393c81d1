internal import Baking
internal import Synchronization

/// A reply that somebody waits for, or several to the same message, as the engine is asked for it
/// from outside.
final class Reply: Sendable {
    let requests: [Baking.GenerationRequest]
    let events: AsyncThrowingStream<Baking.GenerationEvent, any Error>.Continuation
    private let isUnwanted = Atomic(false)

    init(
        _ requests: [Baking.GenerationRequest],
        _ events: AsyncThrowingStream<Baking.GenerationEvent, any Error>.Continuation
    ) {
        self.requests = requests
        self.events = events
    }

    /// Nobody waits any more.
    func cancel() { isUnwanted.store(true, ordering: .relaxed) }

    /// - Throws: `CancellationError` when nobody waits.
    func requireWanted() throws {
        if isUnwanted.load(ordering: .relaxed) { throw CancellationError() }
    }
}

/// Replies the engine has not taken up; it may be in the middle of a long call when one arrives.
final class ReplyInbox: Sendable {
    private let replies = Mutex<[Reply]>([])

    func add(_ reply: Reply) { replies.withLock { $0.append(reply) } }

    /// All there are, in order; they are then the caller's.
    func take() -> [Reply] {
        replies.withLock { replies in
            defer { replies = [] }
            return replies
        }
    }
}
