import Baking
import Foundation
import Transformer

/// Tokens to be scored.
struct ScoredSequence {
    var tokens: [TokenID]
    /// Where the reply of a chat begins.
    var start: Int?
}

/// Reads what `oven score` is given.
struct ScoreReader {
    let backend: any Backend
    let thinking: Bool
    let prompt: Prompt?

    /// What cannot be scored.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(file: String)
        case empty(place: String)
        case notIDs(place: String)
        case unknownID(Int, vocabularySize: Int, place: String)
        case notChat(place: String)
        case refused(String, place: String)
        case tooLong(tokens: Int, limit: Int, place: String)

        var description: String {
            switch self {
            case .unreadable(let file): "cannot be read as UTF-8 (\(file))"
            case .empty(let place): "nothing to score (\(place))"
            case .notIDs(let place): "expected a JSON array of token ids (\(place))"
            case .unknownID(let id, let size, let place):
                "\(id) is no token, the vocabulary has \(size) (\(place))"
            case .notChat(let place):
                "expected {\"messages\": [{\"role\", \"content\"}, …]} (\(place))"
            case .refused(let why, let place): "\(why) (\(place))"
            case .tooLong(let tokens, let limit, let place):
                "\(tokens) tokens, the model reads at most \(limit) (\(place))"
            }
        }
    }

    /// One sequence per line, taken as it is.
    func ids(in file: URL) throws -> [ScoredSequence] {
        try lines(in: file).map { line, place in
            guard let ids = try? JSONDecoder().decode([Int].self, from: Data(line.utf8)) else {
                throw Failure.notIDs(place: place)
            }
            let size = backend.tokenizer.vocabularySize
            for id in ids where !(0..<size).contains(id) {
                throw Failure.unknownID(id, vocabularySize: size, place: place)
            }
            return try checked(ScoredSequence(tokens: ids.map { TokenID($0) }), place)
        }
    }

    /// The whole file as one sequence, nothing added.
    func text(in file: URL) throws -> [ScoredSequence] {
        let text = try contents(of: file)
        let tokens = backend.tokenizer.encode(text, special: .text, addSpecial: false)
        return [try checked(ScoredSequence(tokens: tokens), file.path)]
    }

    private struct Line: Decodable { var messages: [ChatMessage] }

    /// The chats, each up to the end of its last reply.
    func chats(in file: URL) throws -> [ScoredSequence] {
        try lines(in: file).map { line, place in
            guard let chat = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else {
                throw Failure.notChat(place: place)
            }
            let first = prompt.map { [ChatMessage(.system, $0.text)] } ?? []
            do {
                let example = try backend.template.example(
                    first + chat.messages, thinking: thinking, using: backend.tokenizer)
                return try checked(
                    ScoredSequence(tokens: example.tokens, start: example.responseStart), place)
            } catch let error as ChatTemplateError {
                throw Failure.refused(error.description, place: place)
            }
        }
    }

    private func checked(_ sequence: ScoredSequence, _ place: String) throws -> ScoredSequence {
        guard !sequence.tokens.isEmpty else { throw Failure.empty(place: place) }
        let limit = backend.model.contextLength
        guard sequence.tokens.count <= limit else {
            throw Failure.tooLong(tokens: sequence.tokens.count, limit: limit, place: place)
        }
        return sequence
    }

    private func lines(in file: URL) throws -> [(text: String, place: String)] {
        // Only the line feed ends a line of JSON; U+2028 may stand in its strings.
        let lines = try contents(of: file).utf8
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let used = lines.enumerated().filter { !$0.element.allSatisfy(\.isWhitespace) }
        guard !used.isEmpty else { throw Failure.empty(place: file.path) }
        return used.map { ($0.element, "\(file.path):\($0.offset + 1)") }
    }

    private func contents(of file: URL) throws -> String {
        guard let data = try? Data(contentsOf: file),
            let text = String(bytes: data, encoding: .utf8)
        else { throw Failure.unreadable(file: file.path) }
        return text
    }
}

/// A score as a line of JSON.
struct ScoreLine: Encodable {
    private let ids: [TokenID]
    private let start: Int?
    private let logprobs: [Double?]
    private let topK: [[Pair]?]?

    /// `[id, logprob]`
    private struct Pair: Encodable {
        var token: TokenID
        var logprob: Float

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(token)
            try container.encode(logprob)
        }
    }

    init(_ sequence: ScoredSequence, logprobs: [Double], rows: [TopKRow], hasTop: Bool) {
        ids = sequence.tokens
        start = sequence.start
        // JSON has no infinity: a probability of 0 becomes null.
        self.logprobs = [nil] + logprobs.map { $0.isFinite ? $0 : nil }
        topK =
            hasTop
            ? [nil]
                + rows.map { row in zip(row.ids, row.logprobs).map { Pair(token: $0, logprob: $1) }
                }
            : nil
    }
}
