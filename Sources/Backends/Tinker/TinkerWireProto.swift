package import Foundation
import SwiftProtobuf
import Transformer

/// A pass and the results in the protobuf dialect.
enum TinkerProto {
    static func pass(
        _ data: [TinkerDatum], model: String, number: Int, isTraining: Bool
    ) throws(TinkerWireError) -> Data {
        guard let sequence = Int32(exactly: number) else {
            throw TinkerWireError("request \(number) is beyond what can be counted")
        }
        var request = TinkerProtoForwardBackwardRequest()
        request.modelID = model
        request.seqID = sequence
        request.lossFn = "cross_entropy"
        request.forwardOnly = !isTraining
        request.data = data.map(message)
        do {
            return try request.serializedData()
        } catch {
            throw TinkerWireError("the request cannot be written")
        }
    }

    private static func message(_ datum: TinkerDatum) -> TinkerProtoDatum {
        var chunk = TinkerProtoChunk()
        chunk.text.tokens = TinkerBytes.data(of: datum.tokens)
        var targets = TinkerProtoTensor()
        targets.dense = TinkerBytes.data(of: datum.targets.map { Int64($0.rawValue) })
        targets.dtype = .int64
        targets.shape = datum.shape.map(Int64.init)
        var weights = TinkerProtoTensor()
        weights.dense = TinkerBytes.data(of: datum.weights)
        weights.dtype = .float32
        weights.shape = targets.shape
        var message = TinkerProtoDatum()
        message.modelInput = [chunk]
        message.lossFnInputs = ["target_tokens": targets, "weights": weights]
        return message
    }

    private static func read<Message: SwiftProtobuf.Message>(
        _ type: Message.Type, from data: Data
    ) throws(TinkerWireError) -> Message {
        do {
            return try Message(serializedBytes: data)
        } catch {
            throw TinkerWireError("it is not protobuf")
        }
    }

    /// The result of a pass over `datumCount` data.
    static func output(
        _ data: Data, datumCount: Int
    ) throws(TinkerWireError) -> TinkerPassOutput {
        let message = try read(TinkerProtoForwardBackwardOutput.self, from: data)
        var output = TinkerPassOutput()
        output.metrics = message.metrics
        for record in message.lossFnOutputs {
            // Bounds every count below by something that we chose.
            guard record.numDatums >= 0,
                record.numDatums <= Int64(datumCount - output.logprobs.count)
            else {
                throw TinkerWireError("more outputs than the \(datumCount) data")
            }
            let count = Int(record.numDatums)
            guard count > 0 else { continue }
            guard let field = record.fields["logprobs"] else {
                throw TinkerWireError("an output has no logprobs")
            }
            output.logprobs += try tensors(field, count: count)
        }
        return output
    }

    private static func tensors(
        _ field: TinkerProtoBatchedTensor, count: Int
    ) throws(TinkerWireError) -> [TinkerPassOutput.Tensor] {
        let size: Int
        let values: [Float]
        switch field.dtype {
        case .float32:
            size = 4
            values = try TinkerBytes.floats(field.data, "logprobs")
        case .bfloat16:
            size = 2
            values = try TinkerBytes.bfloats(field.data, "logprobs")
        default: throw TinkerWireError("logprobs are not floats")
        }
        let offsets: [Int64] = try TinkerBytes.integers(field.offsets, "offsets")
        guard offsets.count == count + 1 else {
            throw TinkerWireError("\(offsets.count) offsets for \(count) outputs")
        }
        var width: Int64 = 1
        for extent in field.trailingShape {
            let (product, overflow) = width.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflow else {
                throw TinkerWireError("an output's shape is \(field.trailingShape)")
            }
            width = product
        }
        var tensors: [TinkerPassOutput.Tensor] = []
        for (start, end) in zip(offsets, offsets.dropFirst()) {
            guard start >= 0, start <= end, end <= Int64(field.data.count),
                start % Int64(size) == 0, end % Int64(size) == 0
            else {
                throw TinkerWireError("an output lies outside the data")
            }
            let part = values[Int(start) / size..<Int(end) / size]
            guard Int64(part.count) % width == 0 else {
                throw TinkerWireError(
                    "\(part.count) values do not fit rows of \(field.trailingShape)")
            }
            tensors.append(
                TinkerPassOutput.Tensor(
                    values: Array(part),
                    // Every extent divides the count, so it fits, except in an empty output.
                    shape: [part.count / Int(clamping: width)]
                        + field.trailingShape.map { Int(clamping: $0) }))
        }
        return tensors
    }

    /// The result of a sample.
    static func sample(_ data: Data) throws(TinkerWireError) -> TinkerSample {
        let message = try read(TinkerProtoSampleResponse.self, from: data)
        guard let sequence = message.sequences.first else { throw TinkerWireError("no sequence") }
        var rows: [[TinkerSample.Candidate]?] = []
        if message.hasTopkPromptLogprobs { rows = try self.rows(message.topkPromptLogprobs) }
        return TinkerSample(
            tokens: try TinkerBytes.tokens(sequence.tokens, "tokens"),
            endedByStop: sequence.stopReason == .stop,
            logprobs: try TinkerBytes.floats(message.promptLogprobs, "prompt_logprobs")
                .map(TinkerWire.value),
            topK: rows)
    }

    private static func rows(
        _ message: TinkerProtoTopkLogprobs
    ) throws(TinkerWireError) -> [[TinkerSample.Candidate]?] {
        let tokens = try TinkerBytes.tokens(message.tokenIds, "token_ids")
        let logprobs = try TinkerBytes.floats(message.logprobs, "logprobs")
        let cells = UInt64(message.k).multipliedReportingOverflow(by: UInt64(message.length))
        guard tokens.count == logprobs.count, !cells.overflow,
            cells.partialValue == UInt64(tokens.count)
        else {
            throw TinkerWireError(
                "\(message.length) rows of \(message.k) have \(tokens.count) tokens and "
                    + "\(logprobs.count) log-probabilities")
        }
        guard message.k > 0 else { return [] }
        let k = Int(message.k)
        return stride(from: 0, to: tokens.count, by: k).map { start in
            TinkerWire.ordered(
                (start..<start + k).map {
                    TinkerSample.Candidate(token: tokens[$0], logprob: logprobs[$0])
                })
        }
    }
}

extension TinkerProtoForwardBackwardRequest {
    /// As it lies in a request; for servers of tests, which need not know the library.
    package init(wire: Data) throws { try self.init(serializedBytes: wire) }
}

extension TinkerProtoForwardBackwardOutput {
    /// As it lies in an answer.
    package var wire: Data { get throws { try serializedData() } }
}

extension TinkerProtoSampleResponse {
    /// As it lies in an answer.
    package var wire: Data { get throws { try serializedData() } }
}

extension TinkerProtoForwardBackwardRequest {
    /// Whether it has no field that is not in the schema.
    var isUnderstoodWhole: Bool { unknownFields.data.isEmpty }
}
