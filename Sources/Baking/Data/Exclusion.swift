import Foundation
import Transformer

/// Which rows are kept out, decided over all rows at once so that it does not depend on the order
/// in which they finished.
enum Exclusion {
    /// Fewer characters are no answer.
    static let shortestResponse = 10

    /// - Parameter examples: All rows of a run in canonical order.
    /// - Returns: The reason for each row that is kept out, by id. Dev rows are all measured: leaving
    ///   some out would bend the estimate.
    static func reasons(for examples: [Example]) -> [String: ExclusionReason] {
        struct Conversation: Hashable {
            var history: [String]
            var tokens: [Int32]
        }
        var seen: Set<Conversation> = []
        var reasons: [String: ExclusionReason] = [:]
        for example in examples {
            if example.tokens.isEmpty {
                reasons[example.id] = example.isDeclined ? .declined : .noRoom
            } else if example.split != .train || example.isStruckByHand {
                continue
            } else if example.stop == .length {
                reasons[example.id] = .unterminated
            } else if example.response.trimmingCharacters(in: .whitespacesAndNewlines).count
                < shortestResponse
            {
                reasons[example.id] = .tooShort
            } else if !seen.insert(
                Conversation(
                    history: example.history.map(\.content),
                    tokens: example.tokens.map(\.rawValue))
            ).inserted {
                reasons[example.id] = .repeated
            }
        }
        return reasons
    }
}

extension Example {
    /// Whether a person took it out; nothing but a person puts it back.
    var isStruckByHand: Bool { excluded == true && reason == nil }

    /// Whether a service would not answer: an ended response without a token, which no model gives.
    var isDeclined: Bool { tokens.isEmpty && stop == .end }

    /// The generator of responses that a person wrote.
    static let handGenerator = "hand"

    /// Whether a person wrote the response: no rule takes it out and no import replaces it.
    var isWrittenByHand: Bool { generator == Example.handGenerator }
}
