import Foundation
import Testing
import Transformer

@testable import Backends

/// What a server is found out to be.
@Suite struct ClientProbeTests {
    private static func sampled(_ call: ClientServer.Call) -> Bool {
        call.headers["X-Tinker-Request-Type"] == "Sample"
    }

    private static func sample(logprobs: String, topK: String = "null") -> ClientServer.Fault {
        .answer(
            200,
            #"{"sequences":[{"stop_reason":"length","tokens":[5]}],"prompt_logprobs":\#(logprobs),"#
                + #""topk_prompt_logprobs":\#(topK)}"#)
    }

    private static let rows = "[null,[[2,-0.5],[7,-2]],[[3,-0.5],[7,-2]],[[4,-0.5],[7,-2]]]"

    private func probe(
        _ fault: @escaping @Sendable (ClientServer.Call) -> ClientServer.Fault?
    ) async throws -> (TinkerProbe, ClientHarness) {
        let harness = try ClientHarness(fault: fault)
        return (try await harness.client.probe("org/base"), harness)
    }

    @Test func `a server that can everything`() async throws {
        let (probe, harness) = try await probe { call in
            guard Self.sampled(call) else { return nil }
            // The third asks for the last two tokens.
            let isLast = call.json["request_id"] as? String == "future5"
            return isLast
                ? Self.sample(logprobs: "[null,null,-2,-3]")
                : Self.sample(logprobs: "[null,-1,-2,-3]", topK: Self.rows)
        }
        #expect(probe.dialect == .proto)
        #expect(probe.models.map(\.name) == ["base"])
        #expect(probe.hasMatrixTargets == .yes)
        #expect(probe.hasPromptLogprobs == .yes)
        #expect(probe.promptLogprobCount == 4)
        #expect(probe.hasTopK == .yes)
        #expect(probe.hasLastN == .yes)
        // Nothing was trained, and the model is gone.
        #expect(harness.server.applied("model0").map(\.kind) == ["forward", "forward"])
        #expect(harness.server.calls(to: "unload_model").count == 1)
    }

    @Test func `a server that cuts the second axis`() async throws {
        let (probe, _) = try await probe { call in
            call.headers["X-Tinker-Request-Type"] == "Forward"
                ? .answer(
                    200,
                    #"{"loss_fn_outputs":[{"logprobs":{"data":[-1,-2,-3,-4],"shape":[4]}}]}"#)
                : nil
        }
        #expect(!probe.hasMatrixTargets.isYes)
    }

    @Test func `a server that mixes up the second axis`() async throws {
        let (probe, _) = try await probe { call in
            guard call.headers["X-Tinker-Request-Type"] == "Forward",
                call.json["request_id"] as? String == "future2"
            else { return nil }
            return .answer(
                200,
                #"{"loss_fn_outputs":[{"logprobs":{"data":[-1,-2,-3,-4,-5,-6,-7,-8],"shape":[8]}}]}"#
            )
        }
        #expect(!probe.hasMatrixTargets.isYes)
    }

    @Test func `a server that fails on matrices`() async throws {
        let (probe, _) = try await probe { call in
            guard call.headers["X-Tinker-Request-Type"] == "Forward",
                call.json["request_id"] as? String == "future2"
            else { return nil }
            return .answer(200, #"{"error":"no such shape","category":"user"}"#)
        }
        #expect(probe.hasMatrixTargets == .no(reason: "no such shape (user error)"))
    }

    @Test func `a server without the first token's entry and the likeliest tokens`() async throws {
        let (probe, _) = try await probe { call in
            Self.sampled(call) ? Self.sample(logprobs: "[-1,-2,-3]") : nil
        }
        #expect(probe.hasPromptLogprobs == .yes)
        #expect(probe.promptLogprobCount == 3)
        #expect(probe.hasTopK == .no(reason: "none came"))
        #expect(probe.hasLastN == .no(reason: "the server scores all tokens anyway"))
    }

    @Test func `rows that are no distribution do not count`() async throws {
        let rows = "[null,[[2,-0.1],[7,-0.1]],[[3,-0.1],[7,-0.1]],[[4,-0.1],[7,-0.1]]]"
        let (probe, _) = try await probe { call in
            Self.sampled(call) ? Self.sample(logprobs: "[null,-1,-2,-3]", topK: rows) : nil
        }
        #expect(!probe.hasTopK.isYes)
        #expect(probe.hasPromptLogprobs.isYes)
    }

    @Test func `a server that refuses newer wishes`() async throws {
        let (probe, harness) = try await probe { call in
            if call.path == "asample", call.json["topk_prompt_logprobs"] != nil {
                return .answer(400, #"{"detail":"unknown field"}"#)
            }
            if call.path == "asample", call.json["prompt_logprobs_last_n"] != nil {
                return .answer(422, "{}")
            }
            return Self.sampled(call) ? Self.sample(logprobs: "[null,-1,-2,-3]") : nil
        }
        #expect(probe.hasTopK == .no(reason: "HTTP 400: unknown field"))
        #expect(!probe.hasLastN.isYes)
        // From now on nobody asks for it.
        let sampler = try await harness.client.makeSampler(.base("org/base"))
        _ = try await sampler.sample(
            TinkerSampleRequest(
                tokens: [1, 2, 3, 4], maximumTokenCount: 1, temperature: 1, scoresTokens: true,
                lastScored: 1))
        #expect(
            harness.server.calls(to: "asample").last?.json["prompt_logprobs_last_n"] == nil)
    }

    @Test func `a server of JSON`() async throws {
        var options = ClientServer.Options()
        options.readsProtobuf = false
        options.fault = { Self.sampled($0) ? Self.sample(logprobs: "[null,-1,-2,-3]") : nil }
        let harness = try ClientHarness(options)
        let probe = try await harness.client.probe("org/base")
        #expect(probe.dialect == .json)
        #expect(probe.hasMatrixTargets == .yes)
    }
}
