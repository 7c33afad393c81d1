import Foundation
import Transformer

extension TinkerWire {
    /// What stands for "no value" in a row of the protobuf dialect.
    static let absentLogprob: Float = -99999

    static func sample(
        _ request: TinkerSampleRequest, session: String, number: Int, lastScored: Int?
    ) throws(TinkerWireError) -> Data {
        guard request.temperature.isFinite, request.temperature >= 0,
            request.maximumTokenCount >= 1, !request.tokens.isEmpty
        else {
            throw TinkerWireError("a temperature, a length or a prompt cannot be sent")
        }
        // Without a list the server's own stop tokens count, with an empty one none; one token needs none.
        let stops = !request.stopTokens.isEmpty || request.maximumTokenCount > 1
        return try body(
            Sample(
                samplingSessionId: session, seqId: number,
                prompt: Prompt(chunks: [Chunk(tokens: request.tokens.map(\.rawValue))]),
                samplingParams: Sample.Parameters(
                    maxTokens: request.maximumTokenCount, temperature: request.temperature,
                    seed: request.seed,
                    stop: stops ? request.stopTokens.map(\.rawValue) : nil),
                promptLogprobs: request.scoresTokens || request.topK != nil,
                topkPromptLogprobs: request.topK, promptLogprobsLastN: lastScored))
    }

    /// The result of a sample.
    static func sample(_ data: Data) throws(TinkerWireError) -> TinkerSample {
        struct Cell: Decodable {
            var token: Int
            var logprob: Double?

            init(from decoder: any Swift.Decoder) throws {
                var container = try decoder.unkeyedContainer()
                token = try container.decode(Int.self)
                logprob = try container.decode(Double?.self)
            }
        }
        struct Sequence: Decodable {
            var stopReason: Maybe<String>?
            var tokens: [Int]
        }
        struct Answer: Decodable {
            var sequences: [Sequence]
            var promptLogprobs: [Double?]?
            var topkPromptLogprobs: [[Cell]?]?
        }
        let answer = try answer(Answer.self, from: data)
        guard let sequence = answer.sequences.first else { throw TinkerWireError("no sequence") }
        var rows: [[TinkerSample.Candidate]?] = []
        for row in answer.topkPromptLogprobs ?? [] {
            var candidates: [TinkerSample.Candidate] = []
            for cell in row ?? [] {
                guard let logprob = cell.logprob else { continue }
                candidates.append(
                    TinkerSample.Candidate(token: try token(cell.token), logprob: Float(logprob)))
            }
            rows.append(ordered(candidates))
        }
        var tokens: [TokenID] = []
        for number in sequence.tokens { tokens.append(try token(number)) }
        return TinkerSample(
            tokens: tokens, endedByStop: sequence.stopReason?.value == "stop",
            logprobs: (answer.promptLogprobs ?? []).map { value($0.map { Float($0) }) },
            topK: rows)
    }

    private static func token(_ number: Int) throws(TinkerWireError) -> TokenID {
        guard number >= 0, let token = Int32(exactly: number) else {
            throw TinkerWireError("\(number) is no token")
        }
        return TokenID(rawValue: token)
    }

    /// nil for the marks of "none".
    static func value(_ logprob: Float?) -> Float? {
        guard let logprob, !logprob.isNaN, logprob > absentLogprob else { return nil }
        return logprob
    }

    /// The candidates that have a value, the likeliest first; nil when none has.
    static func ordered(_ candidates: [TinkerSample.Candidate]) -> [TinkerSample.Candidate]? {
        let present = candidates.filter { value($0.logprob) != nil }
        guard !present.isEmpty else { return nil }
        return present.sorted { ($1.logprob, $0.token) < ($0.logprob, $1.token) }
    }
}

extension TinkerSample {
    /// Whether the counts can belong to `request`.
    func checked(against request: TinkerSampleRequest) throws(TinkerWireError) -> TinkerSample {
        guard tokens.count <= request.maximumTokenCount else {
            throw TinkerWireError(
                "\(tokens.count) tokens where at most \(request.maximumTokenCount) were wanted")
        }
        for (name, count) in [("log-probabilities", logprobs.count), ("rows", topK.count)]
        where count > request.tokens.count {
            throw TinkerWireError(
                "\(count) \(name) for a prompt of \(request.tokens.count) tokens")
        }
        return self
    }
}
