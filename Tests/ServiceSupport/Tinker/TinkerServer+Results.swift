internal import Backends
import Foundation
internal import Transformer

extension TinkerServer {
    /// The answer that carries a result.
    func encode(_ outcome: Outcome, asProtobuf: Bool) -> Reply {
        let message: Data
        switch (outcome, asProtobuf) {
        case (.json(let value), _): return Reply(json: value)
        case (.pass(let result, let data), false): return Reply(json: json(result, data))
        case (.samples(let samples, let request), false): return Reply(json: json(samples, request))
        case (.pass(let result, let data), true): message = protobuf(result, data)
        case (.samples(let samples, let request), true): message = protobuf(samples, request)
        }
        var reply = Reply(status: 200, body: message)
        reply.headers["Content-Type"] = "application/x-protobuf"
        return reply
    }

    // MARK: Passes

    /// Log-probabilities as this server shapes them.
    private func shaped(_ logprobs: [Float], _ datum: TinkerDatum) -> (shape: [Int], [Float]) {
        let count = datum.tokens.count
        guard let columns = datum.columnCount else { return ([count], logprobs) }
        switch options.columns {
        case .matrix: return ([count, columns], logprobs)
        case .flat: return ([count * columns], logprobs)
        case .cut: return ([count], Array(logprobs.prefix(count)))
        }
    }

    private func metrics(_ result: TinkerPassResult, _ data: [TinkerDatum]) -> [String: Double] {
        guard options.hasMetrics else { return [:] }
        let loss = zip(result.logprobs, data).reduce(0.0) { sum, pair in
            sum - zip(pair.0, pair.1.weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        return ["loss:sum": loss, "unknown:slack": 0]
    }

    private func json(_ result: TinkerPassResult, _ data: [TinkerDatum]) -> WireJSON {
        let outputs = zip(result.logprobs, data).map { logprobs, datum in
            let (shape, values) = shaped(logprobs, datum)
            return WireJSON.object([
                "logprobs": [
                    "data": .numbers(values.map(Double.init)), "dtype": "float32",
                    "shape": .numbers(shape.map(Double.init)),
                ]
            ])
        }
        return [
            "loss_fn_output_type": "CrossEntropy", "loss_fn_outputs": .array(outputs),
            "metrics": .object(metrics(result, data).mapValues { .number($0) }),
        ]
    }

    /// Data of one width after the other share a record; the first always has one of its own.
    private func protobuf(_ result: TinkerPassResult, _ data: [TinkerDatum]) -> Data {
        var message = ProtobufFields()
        message.append(1, "module:CrossEntropy")
        var records: [(trailing: [Int], parts: [Data])] = []
        for (logprobs, datum) in zip(result.logprobs, data) {
            let (shape, values) = shaped(logprobs, datum)
            let trailing = Array(shape.dropFirst())
            if records.count > 1, records.last?.trailing == trailing {
                records[records.count - 1].parts.append(RawNumbers.data(values))
            } else {
                records.append((trailing, [RawNumbers.data(values)]))
            }
        }
        for record in records {
            var tensor = ProtobufFields()
            tensor.append(1, record.parts.reduce(Data(), +))
            var offsets: [Int64] = [0]
            for part in record.parts { offsets.append((offsets.last ?? 0) + Int64(part.count)) }
            tensor.append(2, RawNumbers.data(offsets))
            tensor.append(3, 1)
            if !record.trailing.isEmpty { tensor.append(4, record.trailing) }
            var entry = ProtobufFields()
            entry.append(1, "logprobs")
            entry.append(2, tensor.data)
            var array = ProtobufFields()
            array.append(1, "CrossEntropy")
            array.append(2, entry.data)
            array.append(3, record.parts.count)
            message.append(2, array.data)
        }
        for (name, value) in metrics(result, data) {
            var entry = ProtobufFields()
            entry.append(1, name)
            entry.append(2, value)
            message.append(3, entry.data)
        }
        // A field of later days.
        message.append(99, "new")
        return message.data
    }

    // MARK: Samples

    /// One entry per token of the prompt, or one fewer.
    private func aligned<Entry>(_ entries: [Entry?], _ request: TinkerSampleRequest) -> [Entry?] {
        let count = request.tokens.count
        let whole = [Entry?](repeating: nil, count: max(count - entries.count, 0)) + entries
        return options.hasFirstEntry ? whole : Array(whole.dropFirst())
    }

    private func json(_ samples: [TinkerSample], _ request: TinkerSampleRequest) -> WireJSON {
        let sequences = samples.map { sample in
            WireJSON.object([
                "stop_reason": sample.endedByStop ? "stop" : "length",
                "tokens": .array(sample.tokens.map { .number(Double($0.rawValue)) }),
                "logprobs": nil,
            ])
        }
        var logprobs = WireJSON.null
        var topK = WireJSON.null
        if request.scoresTokens, let sample = samples.first {
            logprobs = .array(
                aligned(sample.logprobs, request).map { $0.map { .number(Double($0)) } ?? .null })
        }
        if request.topK != nil, options.hasTopK, let sample = samples.first {
            topK = .array(
                aligned(sample.topK, request).map { row in
                    guard let row else { return .null }
                    return .array(
                        row.map { .numbers([Double($0.token.rawValue), Double($0.logprob)]) })
                })
        }
        return [
            "type": "sample", "sequences": .array(sequences), "prompt_logprobs": logprobs,
            "topk_prompt_logprobs": topK,
        ]
    }

    private func protobuf(_ samples: [TinkerSample], _ request: TinkerSampleRequest) -> Data {
        var message = ProtobufFields()
        for sample in samples {
            var sequence = ProtobufFields()
            if !sample.endedByStop { sequence.append(1, 1) }
            sequence.append(2, RawNumbers.data(sample.tokens.map(\.rawValue)))
            sequence.append(3, RawNumbers.data([Float](repeating: -1, count: sample.tokens.count)))
            message.append(1, sequence.data)
        }
        guard let sample = samples.first else { return message.data }
        if request.scoresTokens {
            message.append(
                2, RawNumbers.data(aligned(sample.logprobs, request).map { $0 ?? .nan }))
        }
        if let topK = request.topK, options.hasTopK {
            let rows = aligned(sample.topK, request)
            var ids: [Int32] = []
            var logprobs: [Float] = []
            for row in rows {
                let row = row ?? []
                let rest = topK - row.count
                ids += row.map(\.token.rawValue) + [Int32](repeating: 0, count: rest)
                logprobs += row.map(\.logprob) + [Float](repeating: -99999, count: rest)
            }
            var table = ProtobufFields()
            table.append(1, RawNumbers.data(ids))
            table.append(2, RawNumbers.data(logprobs))
            table.append(3, topK)
            table.append(4, rows.count)
            message.append(3, table.data)
        }
        return message.data
    }
}
