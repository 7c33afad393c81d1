import Foundation
import Testing
import Transformer

@testable import Backends

/// Answers decode to the values that they hold, and hostile ones to errors.
@Suite struct WireAnswerTests {
    private func output(
        _ file: String, _ index: Int, _ data: [TinkerDatum]
    ) throws -> TinkerPassResult {
        let recording = try WireRecording.at(file, index)
        let output =
            recording.isProtobufAnswer
            ? try TinkerProto.output(recording.answer, datumCount: data.count)
            : try TinkerWire.output(recording.answer)
        return try output.checked(against: data[...])
    }

    @Test func `results of passes decode`() throws {
        let vectors = WireRequestTests.vectors
        let expected: [[Float]] = [[-1.25, -1.5, -1.75], [-1.75, -0.25]]
        let training = try output("retrieve_future.ForwardBackward", 1, vectors)
        #expect(training.logprobs == expected)
        #expect(training.metrics == ["loss:sum": 4.375])
        #expect(try output("retrieve_future.Forward", 1, vectors).logprobs == expected)
        let matrix = try output(
            "retrieve_future.ForwardBackward", 3, [WireRequestTests.matrix])
        #expect(matrix.logprobs == [[-0.5, -0.75, -1, -1.25, -1.5, -1.75]])
    }

    @Test func `results of passes decode from JSON`() throws {
        let vector = try output(
            "json-dialect.retrieve_future.ForwardBackward", 0, [WireRequestTests.vectors[0]])
        #expect(vector.logprobs == [[-1.25, -1.5, -1.75]])
        #expect(vector.metrics == ["loss:sum": 2.375])
        let matrix = try output(
            "json-dialect.retrieve_future.ForwardBackward", 1, [WireRequestTests.matrix])
        #expect(matrix.logprobs == [[-0.5, -0.75, -1, -1.25, -1.5, -1.75]])
    }

    private func sample(_ file: String, _ index: Int) throws -> TinkerSample {
        let recording = try WireRecording.at(file, index)
        return recording.isProtobufAnswer
            ? try TinkerProto.sample(recording.answer) : try TinkerWire.sample(recording.answer)
    }

    @Test func `samples decode`() throws {
        let plain = try sample("retrieve_future.Sample", 0)
        #expect(plain == TinkerSample(tokens: [7, 8, 9, 10], endedByStop: true))
        let scored = try sample("retrieve_future.Sample", 1)
        #expect(scored.logprobs == [nil, -1.25, -1.5, -1.75])
        #expect(!scored.endedByStop)
        #expect(try sample("retrieve_future.Sample", 2).logprobs == [nil, nil, -1.5, -1.75])
        let rows = try sample("retrieve_future.Sample", 3).topK
        #expect(rows.count == 4)
        #expect(rows[0] == nil)
        #expect(
            rows[1] == [
                TinkerSample.Candidate(token: 11, logprob: -0.25),
                TinkerSample.Candidate(token: 12, logprob: -1.25),
                TinkerSample.Candidate(token: 13, logprob: -2.25),
            ])
    }

    @Test func `samples decode from JSON`() throws {
        let sample = try sample("json-dialect.retrieve_future.Sample", 0)
        #expect(sample.tokens == [7, 8])
        #expect(sample.endedByStop)
        #expect(sample.logprobs == [nil, -1.25, -1.5, -1.75])
        #expect(sample.topK.count == 4)
        #expect(sample.topK[0] == nil)
        #expect(sample.topK[3]?.map(\.token) == [13, 14])
    }

    @Test func `metrics of a step keep their names`() throws {
        let answer = try TinkerWire.answer(
            TinkerWire.StepAnswer.self,
            from: WireRecording.at("retrieve_future.OptimStep", 1).answer)
        #expect(TinkerWire.metrics(answer.metrics) == ["grad_norm:mean": 0.42])
        for text in ["{}", #"{"metrics":null}"#, #"{"metrics":{"a":null,"b":"x"}}"#] {
            let empty = try TinkerWire.answer(
                TinkerWire.StepAnswer.self, from: Data(text.utf8))
            #expect(TinkerWire.metrics(empty.metrics) == [:])
        }
    }

    @Test func `what a server does not say or says otherwise is absent`() throws {
        let text = #"{"supported_models":[{"model_name":"a","trainable":"yes"},{"x":1},null,7]}"#
        let answer = try TinkerWire.answer(
            TinkerWire.CapabilitiesAnswer.self, from: Data(text.utf8))
        #expect(answer.supportedModels?.compactMap(\.value).map(\.modelName) == ["a"])
        let flags = TinkerFlags(
            try TinkerWire.answer(
                TinkerWire.ClientConfigAnswer.self,
                from: WireRecording.at("client.config", 2).answer))
        #expect(flags.exchangesKey)
        #expect(flags.chunkDatumCount == 2)
        #expect(flags.chunkByteCount == 5_000_000)
        let hostile =
            #"{"fwdbwd_max_chunk_len":-1,"billing_exception_max_pause_duration_sec":1e300}"#
        let odd = TinkerFlags(
            try TinkerWire.answer(
                TinkerWire.ClientConfigAnswer.self, from: Data(hostile.utf8)))
        #expect(odd.chunkDatumCount == 1024)
        #expect(odd.longestBillingPause == .seconds(86400))
    }

    @Test(arguments: [
        (#"{"detail":"no such model"}"#, "no such model"),
        (
            #"{"detail":[{"type":"x","loc":["body","data",0],"msg":"too long","input":1}]}"#,
            "body.data.0: too long"
        ),
        (#"{"error":"text","category":"user"}"#, "text"),
    ])
    func `errors are read as they come`(text: String, expected: String) throws {
        #expect(
            try TinkerWire.answer(TinkerWire.Detail.self, from: Data(text.utf8)).text == expected)
    }

    // MARK: - Shapes

    private func tensor(
        _ values: [Float], offsets: [Int64], trailing: [Int64] = [],
        _ type: TinkerProtoDType = .float32
    ) -> TinkerProtoBatchedTensor {
        var tensor = TinkerProtoBatchedTensor()
        tensor.data =
            type == .bfloat16
            ? TinkerBytes.data(of: values.map { UInt16($0.bitPattern >> 16) })
            : TinkerBytes.data(of: values)
        tensor.offsets = TinkerBytes.data(of: offsets)
        tensor.trailingShape = trailing
        tensor.dtype = type
        return tensor
    }

    private func wire(_ tensors: [(TinkerProtoBatchedTensor, Int64)]) throws -> Data {
        var output = TinkerProtoForwardBackwardOutput()
        output.lossFnOutputs = tensors.map { tensor, count in
            var record = TinkerProtoArrayRecord()
            record.numDatums = count
            record.fields["logprobs"] = tensor
            return record
        }
        return try output.wire
    }

    @Test func `several records follow each other, each of its own width`() throws {
        let data = try wire([
            (tensor([-1, -2], offsets: [0, 8], trailing: [2]), 1),
            (tensor([-0.5, -1, -1.5], offsets: [0, 4, 12], .bfloat16).halved, 2),
        ])
        let output = try TinkerProto.output(data, datumCount: 3)
        #expect(output.logprobs.map(\.shape) == [[1, 2], [1], [2]])
        #expect(output.logprobs.map(\.values) == [[-1, -2], [-0.5], [-1, -1.5]])
    }

    @Test func `shapes may come packed or one by one`() throws {
        // BatchedTensor with trailing_shape 2 written unpacked (tag 0x20), dtype float32.
        var bytes = Data([0x0A, 8]) + TinkerBytes.data(of: [Float(-1), -2])
        bytes += Data([0x12, 16]) + TinkerBytes.data(of: [Int64(0), 8])
        bytes += Data([0x18, 1, 0x20, 2])
        let entry =
            Data([0x0A, 8]) + Data("logprobs".utf8) + Data([0x12, UInt8(bytes.count)]) + bytes
        let record = Data([0x12, UInt8(entry.count)]) + entry + Data([0x18, 1])
        let output = try TinkerProto.output(
            Data([0x12, UInt8(record.count)]) + record, datumCount: 1)
        #expect(output.logprobs == [TinkerPassOutput.Tensor(values: [-1, -2], shape: [1, 2])])
    }

    @Test func `numbers that do not fit are errors`() throws {
        let good: [Int64] = [0, 8]
        let cases: [(TinkerProtoBatchedTensor, Int64)] = [
            (tensor([-1, -2], offsets: good), .max),
            (tensor([-1, -2], offsets: good), .min),
            (tensor([-1, -2], offsets: good), 2),
            (tensor([-1, -2], offsets: [0, .max]), 1),
            (tensor([-1, -2], offsets: [.min, 8]), 1),
            (tensor([-1, -2], offsets: [8, 0]), 1),
            (tensor([-1, -2], offsets: [0, 7]), 1),
            (tensor([-1, -2], offsets: good, trailing: [0]), 1),
            (tensor([-1, -2], offsets: good, trailing: [-1]), 1),
            (tensor([-1, -2], offsets: good, trailing: [.max, .max]), 1),
            (tensor([-1, -2], offsets: good, trailing: [3]), 1),
            (tensor([-1, -2], offsets: good, .int64), 1),
        ]
        for (tensor, count) in cases {
            let data = try wire([(tensor, count)])
            #expect(throws: TinkerWireError.self) {
                try TinkerProto.output(data, datumCount: 2)
            }
        }
        var rows = TinkerProtoTopkLogprobs()
        rows.k = .max
        rows.length = .max
        var sample = TinkerProtoSampleResponse()
        sample.sequences = [TinkerProtoSampledSequence()]
        sample.topkPromptLogprobs = rows
        let data = try sample.wire
        #expect(throws: TinkerWireError.self) { try TinkerProto.sample(data) }
    }

    @Test func `a result that does not have the datum's shape is refused`() throws {
        let datum = WireRequestTests.matrix
        func checked(_ values: Int, _ shape: [Int]?) throws -> TinkerPassResult {
            try TinkerPassOutput(
                logprobs: [
                    TinkerPassOutput.Tensor(
                        values: [Float](repeating: -1, count: values), shape: shape)
                ]
            ).checked(against: [datum])
        }
        #expect(try checked(6, [3, 2]).logprobs[0].count == 6)
        #expect(try checked(6, [6]).logprobs[0].count == 6)
        #expect(try checked(6, nil).logprobs[0].count == 6)
        for (values, shape) in [
            (3, [3]), (3, nil), (5, [5]), (7, nil), (6, [2, 3]), (6, [3, 2, 1]), (6, [1, 6]),
            (3, [3, 2]), (0, nil),
        ] as [(Int, [Int]?)] {
            #expect(throws: TinkerWireError.self) { try checked(values, shape) }
        }
        #expect(throws: TinkerWireError.self) {
            try TinkerPassOutput().checked(against: [datum])
        }
    }

    @Test func `rows are sorted and marks of none are left out`() {
        let none = TinkerSample.Candidate(token: 0, logprob: -99999)
        let rare = TinkerSample.Candidate(token: 4, logprob: -3)
        let likely = TinkerSample.Candidate(token: 9, logprob: -1)
        #expect(TinkerWire.ordered([none, none]) == nil)
        #expect(TinkerWire.ordered([rare, none, likely]) == [likely, rare])
        #expect(TinkerWire.value(.nan) == nil)
        #expect(TinkerWire.value(-.infinity) == nil)
    }

    @Test func `more values than tokens are refused`() {
        let request = TinkerSampleRequest(
            tokens: [1, 2], maximumTokenCount: 1, temperature: 1, scoresTokens: true)
        let good = TinkerSample(tokens: [3], endedByStop: false, logprobs: [-1])
        #expect(throws: Never.self) { try good.checked(against: request) }
        for sample in [
            TinkerSample(tokens: [3, 4], endedByStop: false),
            TinkerSample(tokens: [3], endedByStop: false, logprobs: [nil, -1, -1]),
            TinkerSample(tokens: [3], endedByStop: false, topK: [nil, nil, nil]),
        ] {
            #expect(throws: TinkerWireError.self) { try sample.checked(against: request) }
        }
    }
}

extension TinkerProtoBatchedTensor {
    /// The same with offsets for values of two bytes instead of four.
    fileprivate var halved: TinkerProtoBatchedTensor {
        var tensor = self
        let offsets: [Int64] = (try? TinkerBytes.integers(offsets, "offsets")) ?? []
        tensor.offsets = TinkerBytes.data(of: offsets.map { $0 / 2 })
        return tensor
    }
}
