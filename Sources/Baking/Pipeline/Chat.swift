public import Transformer

/// A conversation with one arm of a model: a comparison of one.
public struct Chat: Sendable {
    /// A complete reply.
    public struct Reply: Hashable, Sendable {
        /// Without what ends the turn.
        public var text: String
        /// How many were sampled, end of turn included.
        public var tokenCount: Int
        /// Why it ended.
        public var stop: StopReason

        /// A reply.
        public init(text: String, tokenCount: Int, stop: StopReason) {
            self.text = text
            self.tokenCount = tokenCount
            self.stop = stop
        }
    }

    /// Which of the four ways.
    public let arm: Arm

    private var comparison: Comparison

    /// What the next reply depends on.
    public var settings: ChatSettings {
        get { comparison.settings }
        set { comparison.settings = newValue }
    }

    /// What was said so far.
    public var turns: [ChatMessage] {
        comparison.transcript.exchanges(with: arm).flatMap {
            [ChatMessage(.user, $0.message), ChatMessage(.assistant, $0.reply)]
        }
    }

    /// A conversation that has not begun.
    ///
    /// - Throws: ``BackendError/refused(what:remedy:)`` when the arm needs a prompt or an adapter that
    ///   is not given.
    public init(
        backend: any ResponseGenerator, arm: Arm, settings: ChatSettings
    ) throws(BackendError) {
        self.arm = arm
        comparison = try Comparison(backend: backend, arms: [arm], settings: settings)
    }

    /// Forgets what was said.
    public mutating func restart() { comparison.cut(to: 0) }

    /// Asks `message` and remembers both it and the reply. Cancelling the task stops the reply;
    /// then, or when it fails, nothing is remembered.
    public mutating func reply(
        to message: String, show: (String) throws -> Void = { _ in }
    ) async throws -> Reply {
        let before = comparison
        do {
            for try await event in try comparison.reply(to: message) {
                comparison.apply(event)
                switch event {
                case .began: continue
                case .piece(_, let text): try show(text)
                case .failed(_, let reason):
                    throw BackendError.refused(what: reason, remedy: nil)
                case .finished(_, let reply): return reply
                }
            }
            try Task.checkCancellation()
            throw BackendError.refused(what: "the model gave no reply", remedy: nil)
        } catch {
            comparison = before
            throw error
        }
    }
}
