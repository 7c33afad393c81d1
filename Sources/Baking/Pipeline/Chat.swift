public import Transformer

/// A conversation with one arm of a model.
public struct Chat: Sendable {
    /// A complete reply.
    public struct Reply: Hashable, Sendable {
        /// Without what ends the turn.
        public var text: String
        /// How many were sampled, end of turn included.
        public var tokenCount: Int
        /// Why it ended.
        public var stop: StopReason
    }

    /// Who answers.
    public let backend: any ResponseGenerator
    /// Which of the four ways.
    public let arm: Arm
    /// What the arms with the prompt read.
    public let prompt: Prompt?
    /// What the other arms read in its place.
    public let studentContext: StudentContext
    /// The adapter of the arms that have one.
    public let adapter: AdapterChoice
    /// Whether the reply may begin with reasoning.
    public let thinking: Bool
    /// 0 is greedy.
    public let temperature: Double
    /// The first reply's seed; the n-th of a conversation has one of its own.
    public let seed: UInt64
    /// Most tokens of a reply.
    public let maximumTokenCount: Int
    /// What was said so far.
    public private(set) var turns: [ChatMessage] = []

    /// A conversation that has not begun.
    ///
    /// - Throws: ``BackendError/refused(what:remedy:)`` when the arm needs a prompt or an adapter that
    ///   is not given.
    public init(
        backend: any ResponseGenerator, arm: Arm, prompt: Prompt?, adapter: AdapterChoice,
        studentContext: StudentContext = .none, thinking: Bool = false, temperature: Double,
        seed: UInt64, maximumTokenCount: Int
    ) throws(BackendError) {
        guard !arm.hasPrompt || prompt != nil else {
            throw .refused(what: "the arm \(arm.rawValue) needs a prompt", remedy: nil)
        }
        guard !arm.hasAdapter || adapter != .none else {
            throw .refused(
                what: "the arm \(arm.rawValue) needs a run", remedy: "make one with oven bake")
        }
        self.backend = backend
        self.arm = arm
        self.prompt = prompt
        self.studentContext = studentContext
        self.adapter = arm.hasAdapter ? adapter : .none
        self.thinking = thinking
        self.temperature = temperature
        self.seed = seed
        self.maximumTokenCount = maximumTokenCount
    }

    /// Forgets what was said.
    public mutating func restart() { turns = [] }

    /// Asks `message` and remembers both it and the reply. Cancelling the task stops the reply;
    /// then nothing is remembered.
    public mutating func reply(
        to message: String, show: (String) throws -> Void = { _ in }
    ) async throws -> Reply {
        let asked = turns + [ChatMessage(.user, message)]
        let request = try request(for: asked)
        var decoder = StreamingDecoder(backend.tokenizer, skipSpecial: true)
        var text = ""
        for try await event in backend.generate([request]) {
            switch event {
            case .token(_, let token):
                let piece = decoder.append(token)
                text += piece
                if !piece.isEmpty { try show(piece) }
            case .failed(_, let reason): throw BackendError.refused(what: reason, remedy: nil)
            case .finished(let response):
                let rest = decoder.finish()
                if !rest.isEmpty { try show(rest) }
                turns = asked + [ChatMessage(.assistant, text + rest)]
                return Reply(
                    text: text + rest, tokenCount: response.tokens.count, stop: response.stop)
            }
        }
        try Task.checkCancellation()
        throw BackendError.refused(what: "the model gave no reply", remedy: nil)
    }

    private func request(for turns: [ChatMessage]) throws -> GenerationRequest {
        let system: SystemText =
            if arm.hasPrompt, let prompt { .text(prompt.text) } else {
                switch studentContext {
                case .none: .none
                case .empty: .text("")
                case .default: .templateDefault
                }
            }
        let first: [ChatMessage] =
            if case .text(let text) = system { [ChatMessage(.system, text)] } else { [] }
        return GenerationRequest(
            id: "reply", messages: first + turns,
            context: try backend.template.context(
                system: system, turns: turns, thinking: thinking, using: backend.tokenizer),
            temperature: temperature, seed: seed &+ UInt64(turns.count / 2),
            maximumTokenCount: maximumTokenCount,
            stopTokens: try backend.template.stopTokens(using: backend.tokenizer),
            adapter: adapter)
    }
}
