import Transformer

/// What happens while arms reply.
public enum ComparisonEvent: Hashable, Sendable {
    /// The arm's turn has come, with the adapter of this step where it has one and it is known.
    case began(Arm, step: Int?)
    /// More of the arm's reply, never half a character.
    case piece(Arm, text: String)
    /// The arm's reply is complete.
    case finished(Arm, Chat.Reply)
    /// The arm gives no reply, or no more of it; the others go on.
    case failed(Arm, reason: String)
}

/// Turns what a backend says about its requests into what the arms say.
struct ComparisonProgress {
    private var waiting: [String: Waiting] = [:]

    private struct Waiting {
        var arm: Arm
        var decoder: StreamingDecoder
        var text = ""

        /// Takes up text and tells of it; nil when there is none.
        mutating func piece(_ piece: String) -> ComparisonEvent? {
            text += piece
            return piece.isEmpty ? nil : .piece(arm, text: piece)
        }
    }

    init(_ arms: [Arm], tokenizer: any Tokenizer) {
        for arm in arms {
            waiting[arm.rawValue] = Waiting(
                arm: arm, decoder: StreamingDecoder(tokenizer, skipSpecial: true))
        }
    }

    /// The arms that have neither finished nor failed.
    var unanswered: [Arm] { waiting.values.map(\.arm) }

    mutating func events(for event: GenerationEvent) -> [ComparisonEvent] {
        switch event {
        case .began(let id, let step):
            return waiting[id].map { [.began($0.arm, step: step)] } ?? []
        case .token(let id, let token):
            guard let piece = waiting[id]?.decoder.append(token) else { return [] }
            return [waiting[id]?.piece(piece)].compactMap { $0 }
        case .text(let id, let piece):
            return [waiting[id]?.piece(piece)].compactMap { $0 }
        case .spent: return []
        case .finished(let response):
            guard var arm = waiting.removeValue(forKey: response.id) else { return [] }
            let rest = arm.decoder.finish()
            let last = arm.piece(rest)
            let reply = Chat.Reply(
                text: arm.text, tokenCount: response.tokens.count, stop: response.stop)
            return [last, .finished(arm.arm, reply)].compactMap { $0 }
        case .declined(let id, let reason), .failed(let id, let reason):
            return waiting.removeValue(forKey: id).map { [.failed($0.arm, reason: reason)] } ?? []
        }
    }
}
