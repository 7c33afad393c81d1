import Foundation
import Testing
import Transformer

@testable import Backends

/// What is sent equals, decoded, what the SDK sends for the same.
@Suite struct WireRequestTests {
    static let session = "11111111-2222-4333-8444-555555555555"
    static let model = "\(session):train:0"
    static let path = "tinker://\(model)/weights/step-1"

    static let vectors = [
        TinkerDatum(
            tokens: [101, 102, 103], targets: [102, 103, 104], weights: [0, 1, 0.5],
            columnCount: nil),
        TinkerDatum(tokens: [201, 202], targets: [202, 203], weights: [1, 1], columnCount: nil),
    ]
    static let matrix = TinkerDatum(
        tokens: [101, 102, 103], targets: [1, 2, 3, 4, 5, 6],
        weights: [0, 0, 0.7, 0.3, 0.9, 0.1], columnCount: 2)

    @Test(arguments: [(0, 1, false), (1, 2, true)])
    func `a pass over vectors is the SDK's message`(
        index: Int, number: Int, isTraining: Bool
    ) throws {
        let recorded = try TinkerProtoForwardBackwardRequest(
            wire: WireRecording.at("forward_backward", index).requestProtobuf)
        let ours = try TinkerProtoForwardBackwardRequest(
            wire: TinkerProto.pass(
                Self.vectors, model: Self.model, number: number, isTraining: isTraining))
        #expect(ours == recorded)
    }

    @Test func `a pass over a matrix is the SDK's message`() throws {
        let recorded = try TinkerProtoForwardBackwardRequest(
            wire: WireRecording.at("forward_backward", 2).requestProtobuf)
        let ours = try TinkerProtoForwardBackwardRequest(
            wire: TinkerProto.pass(
                [Self.matrix], model: Self.model, number: 4, isTraining: true))
        #expect(ours == recorded)
    }

    @Test func `every recorded message is understood whole`() throws {
        for recording in try WireRecording.all("forward_backward") where recording.isProtobufRequest
        {
            // Compressed ones are no protobuf as they lie.
            guard !recording.name.contains("zstd") else { continue }
            let message = try TinkerProtoForwardBackwardRequest(wire: recording.requestProtobuf)
            #expect(message.isUnderstoodWhole)
            #expect(!message.data.isEmpty)
        }
    }

    /// Numbers as JSON readers on the other side see them: floats of 32 bits.
    private func same(_ ours: Data, _ recorded: NSDictionary) throws -> Bool {
        let object = try #require(JSONSerialization.jsonObject(with: ours) as? NSDictionary)
        return Self.rounded(object) == Self.rounded(recorded)
    }

    private static func rounded(_ value: Any) -> NSObject {
        switch value {
        case let object as [String: Any]: object.mapValues(rounded) as NSDictionary
        case let array as [Any]: array.map(rounded) as NSArray
        case let number as NSNumber: NSNumber(value: number.floatValue)
        case let other as NSObject: other
        default: NSNull()
        }
    }

    @Test func `passes in JSON are the older SDK's`() throws {
        let forward = try WireRecording.at("json-dialect.forward", 0).requestJSON
        #expect(
            try same(
                TinkerWire.pass(
                    [Self.vectors[0]], model: Self.model, number: 1, isTraining: false), forward))
        let training = try WireRecording.at("json-dialect.forward_backward", 0).requestJSON
        #expect(
            try same(
                TinkerWire.pass(
                    [Self.vectors[0]], model: Self.model, number: 2, isTraining: true), training))
        let matrix = try WireRecording.at("json-dialect.forward_backward", 1).requestJSON
        #expect(
            try same(
                TinkerWire.pass(
                    [Self.matrix], model: Self.model, number: 3, isTraining: true), matrix))
    }

    @Test func `requests of the older SDK are ours to the field`() throws {
        let adam = TinkerWire.OptimStep.Adam(
            learningRate: 1e-4, beta1: 0.9, beta2: 0.95, eps: 1e-12, weightDecay: 0,
            gradClipNorm: 0)
        let lora = TinkerWire.CreateModel.LoRA(
            rank: 32, seed: 7, trainUnembed: true, trainMlp: true, trainAttn: true)
        let requests: [(String, any Encodable)] = [
            (
                "create_model",
                TinkerWire.CreateModel(
                    sessionId: Self.session, modelSeqId: 0, baseModel: "Qwen/Qwen3-8B",
                    loraConfig: lora)
            ),
            (
                "optim_step",
                TinkerWire.OptimStep(adamParams: adam, modelId: Self.model, seqId: 6)
            ),
            (
                "save_weights",
                TinkerWire.SaveWeights(modelId: Self.model, path: "step-1", seqId: 7)
            ),
            (
                "save_weights_for_sampler",
                TinkerWire.SaveWeightsForSampler(
                    modelId: Self.model, samplingSessionSeqId: 0, seqId: 8)
            ),
            (
                "load_weights",
                TinkerWire.LoadWeights(
                    modelId: "\(Self.session):train:1", seqId: 1, path: Self.path, optimizer: true)
            ),
        ]
        for (file, request) in requests {
            let recorded = try WireRecording.at("json-dialect.\(file)", 0).requestJSON
            #expect(try same(TinkerWire.body(request), recorded), "\(file)")
        }
    }

    @Test func `requests of the newer SDK are ours to the field`() throws {
        let adam = TinkerWire.OptimStep.Adam(
            learningRate: 1e-4, beta1: 0.9, beta2: 0.95, eps: 1e-12, weightDecay: 0,
            gradClipNorm: 1)
        let final = "tinker://\(Self.model)/weights/final"
        let sampler = "tinker://\(Self.model)/sampler_weights/step-1"
        let requests: [(String, Int, any Encodable)] = [
            ("client.config", 0, TinkerWire.ClientConfig()),
            ("auth.token", 0, TinkerWire.Empty()),
            ("create_session", 1, TinkerWire.CreateSession(projectId: "proj-1")),
            ("session_heartbeat", 0, TinkerWire.Heartbeat(sessionId: Self.session)),
            ("sessions.finish", 1, TinkerWire.Finish(reason: .init(type: "success"))),
            (
                "optim_step", 0,
                TinkerWire.OptimStep(adamParams: adam, modelId: Self.model, seqId: 3)
            ),
            ("get_info", 0, TinkerWire.ModelCall(modelId: Self.model, type: "get_info")),
            (
                "load_weights", 0,
                TinkerWire.LoadWeights(
                    sessionId: Self.session, modelSeqId: 1, path: Self.path, optimizer: true)
            ),
            ("weights_info", 0, TinkerWire.WeightsInfo(tinkerPath: final)),
            (
                "create_sampling_session", 0,
                TinkerWire.CreateSamplingSession(
                    sessionId: Self.session, samplingSessionSeqId: 1, baseModel: "Qwen/Qwen3-8B")
            ),
            (
                "create_sampling_session", 1,
                TinkerWire.CreateSamplingSession(
                    sessionId: Self.session, samplingSessionSeqId: 2, modelPath: sampler)
            ),
            (
                "save_weights_external", 0,
                TinkerWire.SaveWeightsExternal(modelId: Self.model, path: "final", seqId: 15)
            ),
            (
                "retrieve_future.OptimStep", 0,
                TinkerWire.RetrieveFuture(requestId: "\(Self.model):3:4", allowMetadataOnly: true)
            ),
        ]
        for (file, index, request) in requests {
            let recorded = try WireRecording.at(file, index).requestJSON
            #expect(try same(TinkerWire.body(request), recorded), "\(file)")
        }
    }

    /// Without what the newer SDK always sends and older servers do not know.
    @Test func `samples are the SDK's without what is not used`() throws {
        let recording = try WireRecording.at("json-dialect.asample", 0)
        let request = TinkerSampleRequest(
            tokens: [10, 11, 12, 13], maximumTokenCount: 2, temperature: 1, seed: 1,
            scoresTokens: true, topK: 2)
        let session = "\(Self.session):sample:0"
        // Nothing stops it here; the SDK leaves that to the server when it is not told.
        let plain = try #require(
            try recording.requestJSON.mutableCopy() as? NSMutableDictionary)
        let parameters = try #require(plain["sampling_params"] as? [String: Any])
        plain["sampling_params"] = parameters.merging(["stop": [Int]()]) { $1 }
        #expect(
            try same(
                TinkerWire.sample(request, session: session, number: 0, lastScored: nil), plain))

        let last = try WireRecording.at("asample", 3)
        let recorded = NSMutableDictionary(
            dictionary: try last.requestJSON as? [AnyHashable: Any] ?? [:])
        for field in [
            "topk_prompt_logprobs", "topk_sample_logprobs", "prompt_alt_tokens_k",
            "record_stability_info",
        ] {
            recorded.removeObject(forKey: field)
        }
        let scoring = TinkerSampleRequest(
            tokens: [10, 11, 12, 13], maximumTokenCount: 1, temperature: 1, scoresTokens: true,
            lastScored: 2)
        #expect(
            try same(
                TinkerWire.sample(scoring, session: session, number: 2, lastScored: 2), recorded))

        let stopping = TinkerSampleRequest(
            tokens: [1], maximumTokenCount: 1, temperature: 0.5, stopTokens: [7, 8])
        let body = try #require(
            JSONSerialization.jsonObject(
                with: TinkerWire.sample(stopping, session: "s", number: 0, lastScored: nil))
                as? [String: Any])
        #expect((body["sampling_params"] as? [String: Any])?["stop"] as? [Int] == [7, 8])
        #expect(body["prompt_logprobs"] as? Bool == false)
    }

    @Test func `why a session ends is sent with an explicit null`() throws {
        #expect(
            String(
                decoding: try TinkerWire.body(
                    TinkerWire.Finish(reason: .init(type: "interrupted"))), as: UTF8.self)
                == #"{"detail":null,"reason":{"type":"interrupted"}}"#)
    }

    @Test func `a temperature that is no number is not sent`() {
        let request = TinkerSampleRequest(tokens: [1], maximumTokenCount: 1, temperature: .nan)
        #expect(throws: TinkerWireError.self) {
            try TinkerWire.sample(request, session: "s", number: 0, lastScored: nil)
        }
    }

    @Test func `sizes are counted as servers count them`() {
        #expect(Self.vectors[0].byteCount == 3 * 4 + 3 * 12)
        #expect(Self.matrix.byteCount == 3 * 4 + 6 * 12)
    }
}
