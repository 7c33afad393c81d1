import Baking
import Foundation
import Testing

@testable import Backends

/// Saving, loading, listing and deleting.
@Suite struct ClientCheckpointTests {
    @Test func `weights are saved under names and found by paths`() async throws {
        let harness = try ClientHarness()
        let model = try await harness.model()
        let state = await model.saveState("step-1", lifetime: .seconds(604_800))
        let sampler = await model.saveSampler("step-1", lifetime: .seconds(1))
        #expect(try await state.value == "tinker://model0/weights/step-1")
        #expect(try await sampler.value == "tinker://model0/sampler_weights/step-1")
        #expect(
            harness.server.calls(to: "save_weights").first?.json["ttl_seconds"] as? Int == 604_800)
        // Servers take an hour at least.
        #expect(
            harness.server.calls(to: "save_weights_for_sampler").first?.json["ttl_seconds"] as? Int
                == 3600)
    }

    private static let list = #"""
        {"checkpoints":[{"checkpoint_id":"weights/step-1","checkpoint_type":"training",
        "time":"2026-11-01T12:00:00Z","tinker_path":"tinker://model0/weights/step-1","size_bytes":5,
        "expires_at":"2026-11-08T12:00:00.250000"},{"broken":1}],"cursor":null}
        """#

    @Test func `a name that was saved before the answer was lost is found`() async throws {
        let harness = try ClientHarness { call in
            switch call.path {
            case "save_weights":
                call.repetition == 0 ? .fails(ClientHarness.lost) : .answer(409)
            case "training_runs/model0/checkpoints": .answer(200, Self.list)
            default: nil
            }
        }
        let model = try await harness.model()
        #expect(
            try await model.saveState("step-1", lifetime: nil).value
                == "tinker://model0/weights/step-1")
    }

    @Test func `a name that exists is an error`() async throws {
        let harness = try ClientHarness { call in
            call.path == "save_weights" ? .answer(409, #"{"detail":"exists"}"#) : nil
        }
        let model = try await harness.model()
        let error = await #expect(throws: TinkerError.self) {
            try await model.saveState("step-1", lifetime: nil).value
        }
        #expect(error == .failed(what: "saving step-1", why: "HTTP 409: exists"))
        #expect(harness.server.calls(to: "save_weights").count == 1)
    }

    @Test func `checkpoints are listed with what is known about them`() async throws {
        let harness = try ClientHarness { call in
            call.path == "training_runs/model0/checkpoints" ? .answer(200, Self.list) : nil
        }
        let list = try await harness.client.checkpoints(of: "model0")
        #expect(list.count == 1)
        #expect(list[0].path == "tinker://model0/weights/step-1")
        #expect(!list[0].isForSampling)
        #expect(list[0].byteCount == 5)
        #expect(list[0].created == Date(timeIntervalSince1970: 1_793_534_400))
        #expect(list[0].expires == Date(timeIntervalSince1970: 1_794_139_200.25))
    }

    @Test func `recorded lists decode`() async throws {
        let recording = try WireRecording.at("checkpoints.list", 0)
        let body = String(decoding: try recording.answer, as: UTF8.self)
        let harness = try ClientHarness { call in
            call.path.hasSuffix("/checkpoints") ? .answer(200, body) : nil
        }
        let run = WireRequestTests.model
        let list = try await harness.client.checkpoints(of: run)
        #expect(list.map(\.isForSampling) == [false, true])
        let call = try #require(harness.server.calls.last)
        #expect(call.request.url.absoluteString.hasSuffix(recording.path))
    }

    @Test func `pages are turned`() async throws {
        let harness = try ClientHarness { call in
            guard call.path == "checkpoints" else { return nil }
            let offset = call.request.url.query()?.split(separator: "=").last.flatMap { Int($0) }
            let items = ((offset ?? 0)..<min((offset ?? 0) + 100, 250)).map {
                #"{"tinker_path":"tinker://run/sampler_weights/\#($0)"}"#
            }
            return .answer(
                200,
                #"{"checkpoints":[\#(items.joined(separator: ","))],"cursor":{"total_count":250}}"#)
        }
        let list = try await harness.client.checkpoints(of: nil)
        #expect(list.count == 250)
        #expect(list.allSatisfy { $0.isForSampling })
        #expect(harness.server.calls(to: "checkpoints").count == 3)
        #expect(
            harness.server.calls(to: "checkpoints").first?.request.url.query()
                == "limit=100&offset=0")
    }

    @Test func `a list that never ends is left`() async throws {
        let harness = try ClientHarness { call in
            call.path == "checkpoints"
                ? .answer(
                    200,
                    #"{"checkpoints":[{"tinker_path":"tinker://a/b"}],"cursor":{"total_count":99999}}"#
                )
                : nil
        }
        #expect(try await harness.client.checkpoints(of: nil).count == 1)
        #expect(harness.server.calls(to: "checkpoints").count == 2)
    }

    @Test func `deleting is the SDK's call`() async throws {
        let recording = try WireRecording.at("checkpoints.delete", 0)
        let harness = try ClientHarness()
        try await harness.client.deleteCheckpoint(
            "tinker://\(WireRequestTests.model)/sampler_weights/final")
        let call = try #require(harness.server.calls.last)
        #expect(call.request.method == .delete)
        #expect(call.request.url.absoluteString.hasSuffix(recording.path))
    }

    @Test func `what is gone is deleted`() async throws {
        let harness = try ClientHarness { $0.path == "client/config" ? nil : .answer(404) }
        try await harness.client.deleteCheckpoint("tinker://model0/weights/a")
    }

    @Test(arguments: [
        "", "weights/a", "tinker://", "tinker://run", "tinker://run/", "tinker:///weights/a",
        "tinker://../weights/a", "tinker://run/../../b", "tinker://run/weights/./a",
        "https://run/weights/a",
    ])
    func `a path that leads elsewhere is refused`(path: String) async throws {
        let harness = try ClientHarness()
        await #expect(throws: TinkerError.self) {
            try await harness.client.deleteCheckpoint(path)
        }
        #expect(harness.server.calls.isEmpty)
    }

    @Test func `what could be part of an address is not`() throws {
        #expect(
            try TinkerPath("tinker://a b/c?d#e%2f").address
                == "training_runs/a%20b/checkpoints/c%3Fd%23e%252f")
    }

    // MARK: - Loading

    @Test func `a new server loads into a model of its own`() async throws {
        let harness = try ClientHarness()
        let model = try await harness.client.loadModel(
            from: "tinker://run/weights/a", withOptimizer: true)
        #expect(model.id == "loaded0")
        _ = try await model.step(ClientHarness.adam(3)).value
        #expect(harness.server.applied("loaded0").map(\.number) == [1])
        let load = try #require(harness.server.calls(to: "load_weights").first)
        #expect(load.json["optimizer"] as? Bool == true)
        #expect(load.json["session_id"] as? String == "session1")
    }

    @Test(arguments: [400, 422])
    func `an old server loads into a model that was made for it`(status: Int) async throws {
        let harness = try ClientHarness { call in
            switch call.path {
            case "load_weights": call.json["model_id"] == nil ? .answer(status, "x") : nil
            case "weights_info":
                .answer(
                    200,
                    #"{"base_model":"org/base","is_lora":true,"lora_rank":4,"train_unembed":true}"#)
            default: nil
            }
        }
        let model = try await harness.client.loadModel(
            from: "tinker://run/weights/a", withOptimizer: false)
        _ = try await model.step(ClientHarness.adam(3)).value
        #expect(harness.server.applied(model.id).map(\.kind) == ["load", "step"])
        let made = try #require(harness.server.calls(to: "create_model").first)
        let lora = try #require(made.json["lora_config"] as? [String: Any])
        #expect(lora["rank"] as? Int == 4)
        #expect(lora["train_unembed"] as? Bool == true)
        #expect(lora["seed"] == nil)
        // The number that was refused is free.
        #expect(made.json["model_seq_id"] as? Int == 0)
    }

    @Test func `weights that are gone are said to be`() async throws {
        let harness = try ClientHarness { call in
            ["load_weights", "weights_info"].contains(call.path)
                ? .answer(404, #"{"detail":"expired"}"#) : nil
        }
        await #expect(
            throws: TinkerError.failed(
                what: "loading tinker://run/weights/a", why: "HTTP 404: expired")
        ) {
            try await harness.client.loadModel(from: "tinker://run/weights/a", withOptimizer: true)
        }
    }

    @Test(
        arguments: [
            ("Qwen/Qwen3-8B", nil, "Qwen/Qwen3-8B"), ("Qwen/Qwen3-8B:abc", "x", "Qwen/Qwen3-8B"),
            (nil, "org/model/variant", "org/model"), (nil, "model", "model"), (nil, nil, nil),
        ] as [(String?, String?, String?)])
    func `a tokenizer is named by the server or by its model`(
        name: String?, base: String?, expected: String?
    ) {
        #expect(TinkerClient.tokenizer(name, base: base) == expected)
    }
}
