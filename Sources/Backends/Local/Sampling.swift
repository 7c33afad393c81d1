internal import Baking

/// Responses of several adapters, a step of one adapter's at a time.
final class Sampling {
    /// Those not through, whose turn it is first.
    private var queues: ArraySlice<RequestQueue>

    init(_ queues: [RequestQueue]) { self.queues = queues.filter { !$0.isIdle }[...] }

    /// Whether all are complete.
    var isIdle: Bool { queues.isEmpty }

    /// The next token of every response of one adapter. What throws can be done again.
    func step(
        check: () throws -> Void, emit: (Baking.GenerationEvent) -> Void
    ) throws {
        guard let queue = queues.first else { return }
        try queue.step(check: check, emit: emit)
        queues.removeFirst()
        if !queue.isIdle { queues.append(queue) }
    }
}
