import Foundation
import ServiceSupport
import Testing

@testable import Backends

/// The server of the tests is as strict as a real one.
@Suite struct TinkerServerTests {
    private func pass(
        _ model: WireJSON, _ seq: Int, tokens: [Double] = [5, 6, 7],
        targets: [Double] = [6, 7, 8], weights: [Double] = [0, 1, 0.5], shape: [Double] = [3]
    ) -> WireJSON {
        [
            "model_id": model, "seq_id": .number(Double(seq)),
            "forward_backward_input": [
                "loss_fn": "cross_entropy",
                "data": [
                    [
                        "model_input": [
                            "chunks": [["type": "encoded_text", "tokens": .numbers(tokens)]]
                        ],
                        "loss_fn_inputs": [
                            "target_tokens": [
                                "data": .numbers(targets), "dtype": "int64",
                                "shape": .numbers(shape),
                            ],
                            "weights": [
                                "data": .numbers(weights), "dtype": "float32",
                                "shape": .numbers(shape),
                            ],
                        ],
                    ]
                ],
            ],
        ]
    }

    private func step(_ model: WireJSON, _ seq: Int, rate: Double = 1e-3) -> WireJSON {
        [
            "model_id": model, "seq_id": .number(Double(seq)), "type": "optim_step",
            "adam_params": ["learning_rate": .number(rate)],
        ]
    }

    @Test func `without the key nothing but the sign of life is to be had`() async throws {
        let harness = try await ServerHarness()
        for key in [nil, "tml-other"] {
            #expect(try await harness.send(.get, "healthz", key: key).status == 200)
            for path in ["get_server_capabilities", "checkpoints"] {
                #expect(try await harness.send(.get, path, key: key).status == 401)
            }
            let body = try WireJSON.object([:]).data
            #expect(try await harness.send(.post, "create_session", body, key: key).status == 401)
        }
        await harness.stop()
    }

    @Test func `fields that are unknown, missing or of another kind are refused`() async throws {
        let harness = try await ServerHarness()
        let (session, model) = try await harness.model()
        let refused: [(String, WireJSON)] = [
            ("create_session", ["tags": [], "user_metadata": [:]]),
            (
                "create_session",
                ["tags": [], "user_metadata": [:], "sdk_version": "1", "extra": 1]
            ),
            ("session_heartbeat", ["session_id": 1]),
            ("session_heartbeat", ["session_id": session, "type": "other"]),
            (
                "create_model",
                [
                    "session_id": session, "model_seq_id": 1, "lora_config": ["rank": 3],
                    "base_model": "Qwen/Qwen3-8B",
                ]
            ),
            (
                "optim_step",
                ["model_id": model, "seq_id": 1, "adam_params": ["learning_rate": "high"]]
            ),
            ("optim_step", ["model_id": model, "seq_id": nil, "adam_params": [:]]),
            ("save_weights", ["model_id": model, "seq_id": 1, "path": "a/b"]),
            ("save_weights", ["model_id": model, "seq_id": 1, "path": "a", "ttl_seconds": 60]),
            ("save_weights_for_sampler", ["model_id": model, "seq_id": 1]),
            ("retrieve_future", ["request_id": "x", "allow_metadata_only": 0]),
        ]
        for (path, body) in refused {
            let answer = try await harness.post(path, body)
            #expect(answer.status == 422, "\(path) \(body) \(answer)")
        }
        #expect(try await harness.send(.post, "optim_step", Data("[".utf8)).status == 422)
        #expect(
            try await harness.post("retrieve_future", ["request_id": "x"]).status == 404)
        #expect(await harness.server.histories.isEmpty)
        await harness.stop()
    }

    @Test func `data whose lengths do not fit fail at their turn, by the user's fault`()
        async throws
    {
        let harness = try await ServerHarness()
        let (_, model) = try await harness.model()
        let wrong = [
            pass(model, 1, targets: [6, 7], weights: [0, 1], shape: [2]),
            pass(model, 2, shape: [4]), pass(model, 3, weights: [0, 1]),
            pass(model, 4, targets: [6, 7, 1e9]), pass(model, 5, tokens: [5, -1, 7]),
            pass(model, 6, shape: [1, 3]),
        ]
        for body in wrong {
            let answer = try await harness.post("forward_backward", body)
            #expect(answer.status == 200)
            let result = try await harness.result(answer.body)
            #expect(result["category"] == "user", "\(result)")
        }
        let good = try await harness.post("forward_backward", pass(model, 7))
        let result = try await harness.result(good.body)
        let output = result["loss_fn_outputs"]?.elements?.first?["logprobs"]
        #expect(output?["shape"] == .numbers([3]))
        #expect(await harness.server.count(of: "forward_backward") == 1)
        await harness.stop()
    }

    @Test func `requests run in the order of their numbers, whatever the order they come in`()
        async throws
    {
        let harness = try await ServerHarness()
        let (_, model) = try await harness.model()
        let step = try await harness.post("optim_step", step(model, 3))
        let second = try await harness.post("forward_backward", pass(model, 2))
        #expect(await harness.server.histories.isEmpty)
        let first = try await harness.post("forward_backward", pass(model, 1))
        for answer in [step, second, first] { _ = try await harness.result(answer.body) }
        #expect(
            await Array(harness.server.histories.values) == [
                ["1 forward_backward", "2 forward_backward", "3 optim_step"]
            ])
        await harness.stop()
    }

    @Test func `a request that comes again is not done again`() async throws {
        let harness = try await ServerHarness()
        let (_, model) = try await harness.model()
        let first = try await harness.post("forward_backward", pass(model, 1))
        let again = try await harness.post("forward_backward", pass(model, 1))
        #expect(first.body == again.body)
        _ = try await harness.result(again.body)
        #expect(await harness.server.count(of: "forward_backward") == 1)
        #expect(await harness.server.complaints.isEmpty)
        _ = try await harness.post("forward_backward", pass(model, 1, weights: [1, 1, 1]))
        #expect(await harness.server.complaints.count == 1)
        await harness.stop()
    }

    @Test func `a strict server refuses numbers that are not the next`() async throws {
        var options = TinkerServerOptions.strict
        options.dialects = .both
        let harness = try await ServerHarness(options)
        let (_, model) = try await harness.model()
        let later = try await harness.post("forward_backward", pass(model, 2))
        #expect(later.status == 202)
        let refused = try await harness.result(later.body)
        #expect(refused["detail"] == "Sequence conflict: expected 1, got 2.")
        _ = try await harness.post("forward_backward", pass(model, 1))
        let again = try await harness.post("forward_backward", pass(model, 1))
        #expect(
            try await harness.result(again.body)["detail"]
                == "Sequence conflict: expected 2, got 1.")
        await harness.stop()
    }

    @Test func `servers of one dialect refuse the other`() async throws {
        var options = TinkerServerOptions.production
        options.model = "m"
        let new = try await ServerHarness(options)
        let (_, model) = try await new.model()
        #expect(try await new.post("forward_backward", pass(model, 1)).status == 415)
        #expect(try await new.post("forward", pass(model, 1)).status == 404)
        options = .old
        let old = try await ServerHarness(options)
        let answer = try await old.send(
            .post, "forward_backward", Data([10, 1, 65]), type: "application/x-protobuf")
        #expect(answer.status == 500)
        #expect(String(decoding: answer.body, as: UTF8.self) == "Internal Server Error")
        await new.stop()
        await old.stop()
    }

    @Test func `results are late for want of capacity, and large ones are announced`()
        async throws
    {
        var options = TinkerServerOptions()
        options.announcesAbove = 10
        let harness = try await ServerHarness(options)
        let (_, model) = try await harness.model()
        let answer = try await harness.post("forward_backward", pass(model, 1))
        let id = try #require(answer.body["request_id"])
        func poll(_ announced: Bool) async throws -> WireJSON {
            try await harness.post(
                "retrieve_future", ["request_id": id, "allow_metadata_only": .flag(announced)]
            ).body
        }
        for _ in 0..<2 {
            let late = try await poll(true)
            #expect(late["queue_state"] == "paused_capacity")
            #expect(late["queue_state_reason"]?.string != nil)
        }
        let announced = try await poll(true)
        #expect(announced["status"] == "complete_metadata")
        #expect(try await poll(true)["loss_fn_outputs"] != nil)
        await harness.stop()
    }

    @Test func `faults end connections before and behind the head`() async throws {
        let harness = try await ServerHarness { call in
            switch call.number {
            case 1: .refused
            case 2: .cutAnswer
            case 3: .status(429, retryAfter: "7")
            case 4: .empty(400)
            default: nil
            }
        }
        for _ in 0..<2 {
            await #expect(throws: HTTPError.self) {
                _ = try await harness.send(.get, "healthz")
            }
        }
        let later = try await harness.send(.get, "healthz")
        #expect(later.status == 429)
        #expect(later.headers["Retry-After"] == "7")
        let empty = try await harness.send(.get, "healthz")
        #expect(empty.status == 400 && empty.body.isEmpty)
        #expect(try await harness.send(.get, "healthz").status == 200)
        await harness.stop()
    }
}
