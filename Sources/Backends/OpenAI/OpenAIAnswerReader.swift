import Foundation

/// Turns the body of an answer into events, streamed or whole.
struct OpenAIAnswerReader {
    /// Most bytes of a body, comments and JSON included: a streamed token is wrapped in hundreds.
    private let maximumBodyByteCount: Int
    /// Comments that may come after the reason for ending; a server may keep the line open for ever.
    private static let patience = 8

    private enum Form { case unknown, stream, whole }

    private let maximumByteCount: Int
    private let emit: (OpenAIEvent) -> Void
    private let hideKey: (String) -> String
    private var form: Form
    private var parser = ServerSentEvents()
    private var splitter: ThinkSplitter
    private var body = Data()
    private var bodyByteCount = 0
    private var byteCount = 0
    private var commentsBeforeEnd: Int?
    private var told: Set<OpenAIEvent> = []
    /// The server's reason for ending.
    private var finish: String?
    /// Whether anything of an answer came.
    private(set) var hasBegun = false
    /// Whether nothing more is to be expected.
    private(set) var isDone = false

    /// Whether the answer is complete as far as it matters.
    var isComplete: Bool { finish != nil }

    init(
        contentType: String?, request: OpenAIChatRequest, emit: @escaping (OpenAIEvent) -> Void,
        hideKey: @escaping (String) -> String
    ) {
        let type = contentType?.lowercased() ?? ""
        form = type.contains("event-stream") ? .stream : type.contains("json") ? .whole : .unknown
        maximumByteCount = request.maximumByteCount
        maximumBodyByteCount = (64 << 20) + 32 * request.maximumByteCount
        splitter = ThinkSplitter(isHolding: request.thinking == true)
        self.emit = emit
        self.hideKey = hideKey
    }

    /// Takes up a piece of the body.
    mutating func append(_ piece: Data) throws(OpenAIError) {
        bodyByteCount += piece.count
        guard bodyByteCount <= maximumBodyByteCount else {
            throw .endless(byteCount: maximumBodyByteCount)
        }
        if form == .unknown {
            guard let first = piece.first(where: { ![0x09, 0x0A, 0x0D, 0x20].contains($0) }) else {
                return
            }
            form = first == UInt8(ascii: "{") ? .whole : .stream
        }
        if form == .whole {
            body.append(piece)
            return
        }
        // The beginning, to say what came instead of events.
        if body.count < 200 { body.append(piece.prefix(200)) }
        let events: [ServerSentEvents.Event]
        do {
            events = try parser.append(piece)
        } catch {
            throw .malformed(OpenAIText.line("\(error)"))
        }
        try read(events)
        if finish != nil {
            let comments = commentsBeforeEnd ?? parser.commentCount
            commentsBeforeEnd = comments
            if parser.commentCount - comments >= Self.patience { isDone = true }
        }
    }

    /// Ends the body.
    ///
    /// - Throws: ``OpenAIError/incomplete(why:)`` when the server never said that the answer is
    ///   complete.
    mutating func end() throws(OpenAIError) {
        if form == .whole {
            try readWhole()
        } else if !isDone {
            try read(parser.finish())
        }
        guard let finish else {
            throw .incomplete(
                why: hasBegun ? "it ended without a reason" : "nothing came: " + shown(body))
        }
        for piece in splitter.finish() { try hand(piece) }
        emit(.finished(OpenAIText.line(finish, limit: 64)))
    }

    private mutating func read(_ events: [ServerSentEvents.Event]) throws(OpenAIError) {
        for event in events where !isDone {
            let data = Data(event.data.utf8)
            if event.data.trimmingCharacters(in: .whitespaces) == "[DONE]" {
                isDone = true
                return
            }
            do {
                try read(data, isErrorEvent: event.name == "error")
            } catch {
                // What follows the reason for ending changes nothing about the answer.
                if finish == nil { throw error }
                isDone = true
            }
        }
    }

    private mutating func readWhole() throws(OpenAIError) {
        try read(body, isErrorEvent: false)
    }

    private mutating func read(_ data: Data, isErrorEvent: Bool) throws(OpenAIError) {
        let answer: OpenAIWire.Answer
        do {
            answer = try JSONDecoder().decode(OpenAIWire.Answer.self, from: data)
        } catch {
            throw .malformed(shown(data))
        }
        let choice = answer.choices.first { ($0.index ?? 0) == 0 }
        if answer.error != nil || choice == nil && answer.usage == nil || isErrorEvent,
            let refusal = refusal(in: data, isErrorEvent: isErrorEvent)
        {
            throw .refused(refusal)
        }
        if let error = choice?.error, let refusal = OpenAIRefusal(inside: .object(["error": error]))
        {
            throw .refused(refusal)
        }
        if choice?.finishReason == "error" {
            throw .refused(OpenAIRefusal(status: 500, message: "it broke off with an error"))
        }
        tellOnce(answer.model.map { .model(OpenAIText.line($0, limit: 128)) })
        tellOnce(answer.provider.map { .provider(OpenAIText.line($0, limit: 64)) })
        if let message = choice?.message { try read(message) }
        if let reason = choice?.finishReason, finish == nil {
            finish = reason
            hasBegun = true
        }
        if let usage = answer.usage {
            emit(
                .usage(
                    OpenAIUsage(
                        contextTokenCount: usage.contextTokenCount,
                        responseTokenCount: usage.responseTokenCount, dollars: usage.dollars)))
        }
    }

    private mutating func read(_ message: OpenAIWire.Message) throws(OpenAIError) {
        // A server repeats nothing after the reason for ending.
        guard finish == nil else { return }
        if let reasoning = message.reasoning, !reasoning.isEmpty {
            for piece in splitter.expectNoMarks() { try hand(piece) }
            try hand(.reasoning(reasoning))
        }
        if let text = message.text, !text.isEmpty {
            for piece in splitter.append(text) { try hand(piece) }
            hasBegun = true
        }
        if let refusal = message.refusal, !refusal.isEmpty {
            hasBegun = true
            try count(refusal)
            emit(.refusal(OpenAIText.line(refusal)))
        }
    }

    private mutating func hand(_ piece: ThinkSplitter.Piece) throws(OpenAIError) {
        hasBegun = true
        switch piece {
        case .text(let text):
            try count(text)
            emit(.text(text))
        case .reasoning(let text):
            try count(text)
            emit(.reasoning(text))
        case .textWasReasoning: emit(.textWasReasoning)
        }
    }

    private mutating func count(_ text: String) throws(OpenAIError) {
        byteCount += text.utf8.count
        guard byteCount <= maximumByteCount else { throw .endless(byteCount: maximumByteCount) }
    }

    private mutating func tellOnce(_ event: OpenAIEvent?) {
        guard let event, told.count < 8, told.insert(event).inserted else { return }
        emit(event)
    }

    private func refusal(in data: Data, isErrorEvent: Bool) -> OpenAIRefusal? {
        let text = Data(hideKey(String(decoding: data, as: UTF8.self)).utf8)
        guard let value = try? JSONDecoder().decode(WireValue.self, from: text) else { return nil }
        return OpenAIRefusal(inside: value, isErrorEvent: isErrorEvent)
    }

    private func shown(_ data: Data) -> String {
        let text = OpenAIText.line(
            hideKey(String(decoding: data.prefix(200), as: UTF8.self)), limit: 200)
        return text.isEmpty ? "an empty body" : "“\(text)”"
    }
}
