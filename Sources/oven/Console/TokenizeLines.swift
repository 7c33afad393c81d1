import Foundation
import Transformer

/// Answers the lines of `oven tokenize`.
struct TokenizeLines {
    let tokenizer: any Tokenizer
    private let template: Result<ChatTemplate, any Error>

    /// - Parameter template: A tokenizer without a template still reads text, so its error counts
    ///   for chats alone.
    init(tokenizer: any Tokenizer, template: () throws -> ChatTemplate) {
        self.tokenizer = tokenizer
        self.template = Result { try template() }
    }

    private struct Question: Decodable {
        var text: String?
        var messages: [ChatMessage]?
        var special: String?
        var addSpecial: Bool?
        var generationPrompt: Bool?
        var thinking: Bool?
        var weights: Bool?
    }

    private struct Answer: Encodable {
        var ids: [TokenID]
        var text: String
        var weights: [Float]?
    }

    private struct Refusal: Error, Encodable, CustomStringConvertible {
        var error: String
        var description: String { error }
    }

    /// One line of JSON for one line of JSON; what is wrong with it is the answer too.
    func answer(_ line: String) -> String {
        do {
            let question = try Self.question(line)
            return try JSONText.line(of: try answer(question))
        } catch {
            let refusal = Refusal(
                error: "\(error)")
            // Encoding a text cannot fail.
            return (try? JSONText.line(of: refusal)) ?? "{}"
        }
    }

    private static func question(_ line: String) throws -> Question {
        do {
            return try JSONDecoder().decode(Question.self, from: Data(line.utf8))
        } catch let error as DecodingError {
            throw Refusal(error: reason(error))
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "not a line of JSON" : "\(path) has a value of another kind"
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        @unknown default: return "not understood"
        }
    }

    private func answer(_ question: Question) throws -> Answer {
        let special: SpecialText
        switch question.special ?? "text" {
        case "text": special = .text
        case "parse": special = .parse
        case let other: throw Refusal(error: "special is \"\(other)\", it must be text or parse")
        }
        switch (question.text, question.messages) {
        case (let text?, nil):
            let ids = tokenizer.encode(
                text, special: special, addSpecial: question.addSpecial ?? false)
            return Answer(ids: ids, text: tokenizer.decode(ids, skipSpecial: false))
        case (nil, let messages?): return try answer(question, messages, special)
        default: throw Refusal(error: "a line needs either text or messages")
        }
    }

    private func answer(
        _ question: Question, _ messages: [ChatMessage], _ special: SpecialText
    ) throws -> Answer {
        let template = try template.get()
        let ids: [TokenID]
        var weights: [Float]?
        if question.weights ?? false {
            let example = try template.example(
                messages, thinking: question.thinking ?? false, using: tokenizer)
            ids = example.tokens
            weights = example.weights
        } else {
            ids = try template.tokens(
                of: messages, generationPrompt: question.generationPrompt ?? false,
                thinking: question.thinking, special: special, using: tokenizer)
        }
        return Answer(
            ids: ids, text: tokenizer.decode(ids, skipSpecial: false), weights: weights)
    }
}
