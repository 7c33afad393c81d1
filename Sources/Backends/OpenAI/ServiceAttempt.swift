import Baking
import Transformer

/// One attempt at one request.
struct ServiceAttempt: Sendable {
    /// What came of it.
    private(set) var text = ""
    private(set) var finish: String?
    private(set) var usage: OpenAIUsage?
    private(set) var refusal: String?
    private(set) var model: String?
    private(set) var provider: String?
    /// Whether text was handed on while it came.
    private(set) var hasSpoken = false
    private(set) var error: OpenAIError?

    /// Asks the service.
    ///
    /// - Parameter isLive: Whether text is handed on as it comes.
    /// - Throws: `CancellationError`; anything else is in ``error``.
    init(
        at request: Baking.GenerationRequest, by generator: ServiceGenerator, isStreamed: Bool,
        isLive: Bool, emit: @Sendable (Baking.GenerationEvent) -> Void
    ) async throws {
        var chat = OpenAIChatRequest(
            model: generator.serviceModel, messages: request.messages,
            maximumTokenCount: request.maximumTokenCount, temperature: request.temperature,
            seed: request.seed, thinking: generator.thinking)
        chat.isStreamed = isStreamed
        do {
            for try await event in generator.client.chat(chat) {
                take(event)
                guard isLive, case .text(let piece) = event else { continue }
                if !hasSpoken { emit(.began(id: request.id, step: nil)) }
                hasSpoken = true
                emit(.text(id: request.id, piece))
            }
            // The stream ends without an error when the task is cancelled.
            if finish == nil {
                try Task.checkCancellation()
                error = .incomplete(why: "it ended without a reason")
            }
        } catch let failure as OpenAIError {
            error = failure
        }
    }

    private mutating func take(_ event: OpenAIEvent) {
        switch event {
        case .text(let piece): text += piece
        case .textWasReasoning: text = ""
        case .reasoning: break
        case .finished(let reason): finish = reason
        case .usage(let usage): self.usage = usage
        case .model(let name): model = name
        case .provider(let name): provider = name
        case .refusal(let words): refusal = words
        }
    }

    // MARK: Money

    /// What it cost, or may have cost; nil when it was certainly free.
    ///
    /// - Parameter prices: Of the service, where they are known.
    func spending(
        on request: Baking.GenerationRequest, prices: OpenAIPrices?, tokenizer: any Tokenizer
    ) -> Spending? {
        if let usage {
            let context = usage.contextTokenCount ?? request.context.count
            let response = usage.responseTokenCount ?? tokenCount(tokenizer)
            return Spending(
                dollars: usage.dollars
                    ?? prices?.dollars(contextTokenCount: context, responseTokenCount: response),
                contextTokenCount: context, responseTokenCount: response)
        }
        guard mayHaveBeenCharged else { return nil }
        // An answer without its usage was paid for as far as it came; of one that broke off, the
        // service may have written all.
        let response = tokenCount(tokenizer)
        let dollars =
            error == nil
            ? prices?.dollars(
                contextTokenCount: request.context.count, responseTokenCount: response)
            : prices.map { $0.most(for: request) }
        return Spending(
            dollars: dollars, contextTokenCount: request.context.count,
            responseTokenCount: response)
    }

    private func tokenCount(_ tokenizer: any Tokenizer) -> Int {
        tokenizer.encode(text, special: .text, addSpecial: false).count
    }

    private var mayHaveBeenCharged: Bool {
        switch error {
        case nil, .incomplete, .malformed, .endless: true
        case .refused(let refusal): !text.isEmpty || [408, 504, 524].contains(refusal.status)
        case .transport(.timedOut(_, let what)): what != "connecting"
        case .transport(.cut), .transport(.tooLarge): true
        case .transport: false
        }
    }

    // MARK: Response

    /// The response in the tokens of the model that is baked.
    ///
    /// - Throws: ``ServiceRefusal`` when the text is no response.
    func response(
        to request: Baking.GenerationRequest, by generator: ServiceGenerator
    ) throws(ServiceRefusal) -> GeneratedResponse {
        if let refusal, text.isEmpty {
            throw ServiceRefusal("the model refuses: \(refusal)", isDecline: true)
        }
        var stop: StopReason
        switch finish?.lowercased() {
        case "stop", "eos", "eos_token", "end_turn", "stop_sequence": stop = .end
        case "length", "max_tokens", "max_output_tokens": stop = .length
        case "content_filter":
            throw ServiceRefusal(
                "the service's content filter took the answer back", isDecline: true)
        case let reason:
            throw ServiceRefusal("the service ended the answer with \"\(reason ?? "nothing")\"")
        }
        var tokens: [TokenID]
        do {
            let example = try generator.template.example(
                request.messages + [ChatMessage(.assistant, text)], thinking: generator.thinking,
                using: generator.tokenizer)
            tokens = Array(example.tokens[example.responseStart...])
        } catch {
            throw ServiceRefusal("the answer does not fit the model's template: \(error)")
        }
        if stop == .length { tokens.removeLast() }
        if tokens.count > request.maximumTokenCount {
            tokens.removeLast(tokens.count - request.maximumTokenCount)
            stop = .length
        }
        guard !tokens.isEmpty else {
            throw ServiceRefusal(
                "the answer is empty: all \(request.maximumTokenCount) tokens went into reasoning; "
                    + "raise max-response-tokens")
        }
        let size = generator.model.vocabularySize
        guard tokens.allSatisfy({ $0.rawValue >= 0 && $0.index < size }) else {
            throw ServiceRefusal("the answer has tokens outside the model's vocabulary")
        }
        return GeneratedResponse(id: request.id, tokens: tokens, stop: stop)
    }
}

/// Why an answer is no response.
struct ServiceRefusal: Error, CustomStringConvertible {
    let description: String
    /// Whether rules are against an answer, whoever asks again.
    let isDecline: Bool

    init(_ description: String, isDecline: Bool = false) {
        self.description = description
        self.isDecline = isDecline
    }
}

extension OpenAIPrices {
    /// The most that `request` can cost. The service counts other tokens than ours, and its template
    /// adds some: a quarter more, and 32.
    func most(for request: Baking.GenerationRequest) -> Double {
        dollars(
            contextTokenCount: request.context.count * 5 / 4 + 32,
            responseTokenCount: request.maximumTokenCount)
    }
}
