public import Foundation

/// Several arms answer the same messages with the same seeds, each in a conversation of its own.
public struct Comparison: Sendable {
    /// Who answers.
    public let backend: any ResponseGenerator
    /// Who is asked the next message; each once. An arm that joins later has only read the
    /// messages that it was asked.
    public var arms: [Arm]
    /// What the next replies depend on.
    public var settings: ChatSettings
    /// What was said so far.
    public private(set) var transcript: Transcript

    /// A comparison that has not begun, or that goes on from `transcript`.
    ///
    /// - Throws: ``BackendError/refused(what:remedy:)`` when an arm occurs twice or needs a prompt or
    ///   an adapter that is not given.
    public init(
        backend: any ResponseGenerator, arms: [Arm], settings: ChatSettings,
        transcript: Transcript = Transcript()
    ) throws(BackendError) {
        self.backend = backend
        self.arms = arms
        self.settings = settings
        self.transcript = transcript
        try check()
    }

    private func check() throws(BackendError) {
        guard !arms.isEmpty else { throw .refused(what: "no arm is asked", remedy: nil) }
        for (index, arm) in arms.enumerated() {
            guard !arms[..<index].contains(arm) else {
                throw .refused(what: "the arm \(arm.rawValue) is named twice", remedy: nil)
            }
            try settings.check(arm)
        }
    }

    /// Sends `message` to every arm at once. It is part of the transcript from here on; what the
    /// stream yields must be handed to ``apply(_:)`` to become part of it too, and nothing else
    /// be sent before the stream has ended.
    ///
    /// - Returns: A stream that ends when every arm has finished or failed. Ending the iteration
    ///   cancels; what was applied until then stays as an incomplete reply, see ``cut(to:)``.
    /// - Throws: ``BackendError/refused(what:remedy:)`` as ``init(backend:arms:settings:transcript:)``;
    ///   then nothing is sent.
    public mutating func reply(
        to message: String, time: Date = Date()
    ) throws(BackendError) -> AsyncThrowingStream<ComparisonEvent, any Error> {
        try check()
        let turn = transcript.turns.count
        var requests: [GenerationRequest] = []
        var refused: [ComparisonEvent] = []
        for arm in arms {
            do {
                requests.append(
                    try settings.request(
                        message, to: arm, after: transcript.exchanges(with: arm), index: turn,
                        backend: backend))
            } catch {
                refused.append(.failed(arm, reason: "\(error)"))
            }
        }
        transcript.begin(
            message, arms: arms, strength: settings.adapter.strength ?? 1, step: settings.step,
            temperature: settings.temperature, seed: settings.seed, time: time)
        return events(requests, refused: refused)
    }

    private func events(
        _ requests: [GenerationRequest], refused: [ComparisonEvent]
    ) -> AsyncThrowingStream<ComparisonEvent, any Error> {
        let backend = backend
        let asked = arms.filter { arm in requests.contains { $0.id == arm.rawValue } }
        return AsyncThrowingStream { emit in
            for event in refused { emit(event) }
            guard !requests.isEmpty else { return }
            var progress = ComparisonProgress(asked, tokenizer: backend.tokenizer)
            for try await event in backend.generate(requests) {
                for event in progress.events(for: event) { emit(event) }
            }
            try Task.checkCancellation()
            for arm in asked where progress.unanswered.contains(arm) {
                emit(.failed(arm, reason: "the model gave no reply"))
            }
        }
    }

    /// Takes up what an arm said to the last message.
    ///
    /// - Returns: The reply as a line of the transcript's file when it is complete or has failed.
    @discardableResult
    public mutating func apply(_ event: ComparisonEvent) -> Transcript.Change? {
        transcript.apply(event)
    }

    /// Keeps the first `turnCount` turns: to try the last message again, to send another in the
    /// place of an earlier one, or with 0 to begin anew.
    public mutating func cut(to turnCount: Int) { transcript.apply(.cut(turnCount: turnCount)) }

    /// The replies of the last turn that are incomplete but hold text, as lines of the transcript's
    /// file: for keeping what a cancelled stream had brought.
    public var incompleteReplies: [Transcript.Change] {
        guard let last = transcript.turns.last else { return [] }
        return last.replies.filter { $0.stop == nil && $0.failure == nil && !$0.text.isEmpty }
            .map { .reply(turn: transcript.turns.count - 1, reply: $0) }
    }
}
