import Transformer

/// What a reply depends on beside its arm and the conversation.
public struct ChatSettings: Hashable, Sendable {
    /// What the arms with the prompt read.
    public var prompt: Prompt?
    /// What the other arms read in its place.
    public var studentContext: StudentContext
    /// Whether the reply may begin with reasoning.
    public var thinking: Bool
    /// The adapter of the arms that have one.
    public var adapter: AdapterChoice
    /// The adapter's step where it is known, to be noted with the replies.
    public var step: Int?
    /// 0 is greedy.
    public var temperature: Double
    /// The first reply's seed; the n-th of a conversation has one of its own.
    public var seed: UInt64
    /// Most tokens of a reply.
    public var maximumTokenCount: Int

    /// All of it.
    public init(
        prompt: Prompt?, adapter: AdapterChoice, step: Int? = nil,
        studentContext: StudentContext = .none, thinking: Bool = false, temperature: Double,
        seed: UInt64, maximumTokenCount: Int
    ) {
        self.prompt = prompt
        self.studentContext = studentContext
        self.thinking = thinking
        self.adapter = adapter
        self.step = step
        self.temperature = temperature
        self.seed = seed
        self.maximumTokenCount = maximumTokenCount
    }

    /// Refuses an arm that lacks the prompt or the adapter it needs.
    func check(_ arm: Arm) throws(BackendError) {
        guard !arm.hasPrompt || prompt != nil else {
            throw .refused(what: "the arm \(arm.rawValue) needs a prompt", remedy: nil)
        }
        guard !arm.hasAdapter || adapter != .none else {
            throw .refused(
                what: "the arm \(arm.rawValue) needs a run", remedy: "make one with oven bake")
        }
    }

    /// What `arm` is asked for the next reply of a conversation.
    ///
    /// - Parameters:
    ///   - exchanges: What came before; one without a reply is left out of the context.
    ///   - index: Which message of the conversation this is, from 0; makes the seed.
    func request(
        _ message: String, to arm: Arm, after exchanges: [Exchange], index: Int,
        backend: any Backend
    ) throws -> GenerationRequest {
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
        let turns =
            exchanges.filter { !$0.reply.isEmpty }.flatMap {
                [ChatMessage(.user, $0.message), ChatMessage(.assistant, $0.reply)]
            } + [ChatMessage(.user, message)]
        let context = try backend.template.context(
            system: system, turns: turns, thinking: thinking, using: backend.tokenizer)
        let room = backend.model.contextLength - context.count
        guard room > 0 else {
            throw BackendError.contextTooLong(
                tokens: context.count, limit: backend.model.contextLength, what: "the conversation")
        }
        return GenerationRequest(
            id: arm.rawValue, messages: first + turns, context: context, temperature: temperature,
            seed: seed &+ UInt64(index), maximumTokenCount: min(maximumTokenCount, room),
            stopTokens: try backend.template.stopTokens(using: backend.tokenizer),
            adapter: arm.hasAdapter ? adapter : .none, isConversational: true)
    }
}

extension AdapterChoice {
    /// What scales it; nil where there is none.
    public var strength: Double? {
        switch self {
        case .none: nil
        case .checkpoint(_, let strength), .training(let strength): strength
        }
    }
}
