import Baking
import Foundation
import ServiceSupport
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct TinkerBackendCheckpointTests {
    private let place: TinkerPlace

    init() throws { place = try TinkerPlace() }

    private func trained(
        _ backend: TinkerBackend, steps: Int = 2, to name: String = "saved"
    ) async throws -> (examples: [Baking.TrainingExample], directory: URL) {
        let examples = try await place.examples()
        try await backend.beginTraining(TinkerPlace.configuration(), from: nil)
        for step in 1...steps {
            _ = try await backend.step(examples, learningRate: 2e-3 / Double(step))
        }
        let directory = try place.folder(name)
        try await backend.saveCheckpoint(to: directory, base: "")
        return (examples, directory)
    }

    @Test func `a bake that was killed and taken up ends like one that was not`() async throws {
        let (examples, half) = try await trained(try place.backend())
        let whole = try await place.bake(
            try place.backend(), examples, TinkerPlace.configuration(), to: "whole")
        // Another process, and nothing of the first but the directory.
        let other = try place.backend()
        try await other.beginTraining(TinkerPlace.configuration(), from: half)
        for step in 3...4 {
            let result = try await other.step(examples, learningRate: 2e-3 / Double(step))
            #expect(result.kl == whole.results[step - 1].kl)
        }
        let resumed = try await place.adapter(of: other, to: "resumed")
        #expect(resumed == whole.adapter)
        let file = try TinkerCheckpointFile(
            directory: place.directory.url.appending(path: "resumed"))
        #expect(file.step == 4)
    }

    @Test func `a checkpoint's file says where it lies and holds no key`() async throws {
        let server = "https://user:secret@tinker.example/prod/?key=secret"
        let backend = try place.backend(options: TinkerBackendOptions(server: server))
        let (_, directory) = try await trained(backend)
        let text = try String(
            contentsOf: directory.appending(path: "tinker.json"), encoding: .utf8)
        #expect(!text.contains("secret"))
        let file = try TinkerCheckpointFile(directory: directory)
        #expect(
            file.server == TinkerPlace.server && file.step == 2 && file.model == TinkerPlace.name)
        #expect(file.expires == place.clock.date.addingTimeInterval(7 * 24 * 3600))
        let paths = await place.engine.checkpoints().map(\.path)
        #expect(Set(paths) == [file.statePath, file.samplerPath])
        for path in paths {
            let name = try #require(path.split(separator: "/").last)
            #expect(name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
            #expect(name.hasSuffix("step-2"))
        }
        #expect(TinkerTrainer.checkpointName(step: 1) != TinkerTrainer.checkpointName(step: 1))
    }

    private func isCheckpointError(_ error: any Error) -> Bool {
        if case BackendError.checkpoint = error { true } else { false }
    }

    @Test func `a checkpoint that is gone is told from a server that is away`() async throws {
        let isAway = Mutex(false)
        let backend = try place.backend(
            .init(before: { name in
                if name == "loadModel", isAway.withLock({ $0 }) {
                    throw TinkerError.unreachable("nobody answers")
                }
            }))
        let (_, directory) = try await trained(backend)
        isAway.withLock { $0 = true }
        await #expect(throws: TinkerError.unreachable("nobody answers")) {
            try await backend.beginTraining(TinkerPlace.configuration(), from: directory)
        }
        isAway.withLock { $0 = false }
        // The server deleted it.
        let state = try TinkerCheckpointFile(directory: directory).statePath
        try await place.engine.delete(state)
        await #expect {
            try await backend.beginTraining(TinkerPlace.configuration(), from: directory)
        } throws: { isCheckpointError($0) }
    }

    @Test func `a load that fails though the checkpoint is there gives nothing up`() async throws {
        let isFull = Mutex(false)
        let backend = try place.backend(
            .init(before: { name in
                if name == "loadModel", isFull.withLock({ $0 }) {
                    throw TinkerError.failed(what: "load_weights", why: "no slot is free")
                }
            }))
        let (_, directory) = try await trained(backend)
        isFull.withLock { $0 = true }
        await #expect(throws: TinkerError.failed(what: "load_weights", why: "no slot is free")) {
            try await backend.beginTraining(TinkerPlace.configuration(), from: directory)
        }
    }

    @Test func `what expired is not asked for, and it is told before`() async throws {
        let backend = try place.backend()
        let run = try place.folder("run")
        let step = run.appending(path: "checkpoints/step-000002", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: step, withIntermediateDirectories: true)
        let (_, directory) = try await trained(backend)
        try FileManager.default.copyItem(
            at: directory.appending(path: "tinker.json"), to: step.appending(path: "tinker.json"))
        #expect(TinkerExpiry.warnings(in: run, now: place.clock.date).isEmpty)
        let remains = try #require(TinkerExpiry.remains(of: run, now: place.clock.date))
        #expect(remains.hasPrefix("the weights of 1 checkpoint stay at "))
        place.clock.advance(by: .seconds(6 * 24 * 3600))
        let soon = TinkerExpiry.warnings(in: run, now: place.clock.date)
        #expect(soon.count == 1 && soon[0].message.contains("step 2 expires at"))
        try await backend.beginTraining(TinkerPlace.configuration(), from: directory)
        place.clock.advance(by: .seconds(2 * 24 * 3600))
        let late = TinkerExpiry.warnings(in: run, now: place.clock.date)
        #expect(late.count == 1 && late[0].message.contains("step 2 expired at"))
        #expect(TinkerExpiry.remains(of: run, now: place.clock.date) == nil)
        await #expect {
            try await backend.beginTraining(TinkerPlace.configuration(), from: directory)
        } throws: { isCheckpointError($0) }
        let request = try place.request("Hello!", adapter: .checkpoint(directory, strength: 1))
        await #expect {
            for try await _ in backend.generate([request]) {}
        } throws: { isCheckpointError($0) }
    }

    @Test func `a checkpoint of another server is refused and kept`() async throws {
        let (_, directory) = try await trained(try place.backend())
        let other = try place.backend(
            options: TinkerBackendOptions(server: "https://other.example"))
        await #expect {
            try await other.beginTraining(TinkerPlace.configuration(), from: directory)
        } throws: {
            guard case BackendError.refused(let what, .some) = $0 else { return false }
            return what.contains("https://tinker.example/prod")
        }
        await other.discard(directory)
        #expect(await place.engine.checkpoints().count == 2)
    }

    @Test(arguments: [
        "", "{}", "null", "[1]", "{\"format\": 1}",
        """
        {"format": 2, "server": "s", "model": "m", "statePath": "tinker://a", "samplerPath": \
        "tinker://b", "step": 1, "rank": 1, "alpha": 1, "saved": "2026-01-01T00:00:00Z"}
        """,
        """
        {"format": 1, "server": "s", "model": "m", "statePath": "/etc/passwd", "samplerPath": \
        "tinker://b", "step": 1, "rank": 1, "alpha": 1, "saved": "2026-01-01T00:00:00Z"}
        """,
        """
        {"format": 1, "server": "s", "model": "m", "statePath": "tinker://a", "samplerPath": \
        "tinker://b", "step": -1, "rank": 0, "alpha": 1, "saved": "2026-01-01T00:00:00Z"}
        """,
    ]) func `a damaged file is a damaged checkpoint`(text: String) async throws {
        let directory = try place.folder("damaged")
        try Data(text.utf8).write(to: directory.appending(path: "tinker.json"))
        let backend = try place.backend()
        await #expect {
            try await backend.beginTraining(TinkerPlace.configuration(), from: directory)
        } throws: { isCheckpointError($0) }
        await backend.discard(directory)
    }

    @Test func `giving a checkpoint up deletes what its file names and no more`() async throws {
        let backend = try place.backend()
        let (examples, first) = try await trained(backend)
        _ = try await backend.step(examples, learningRate: 1e-3)
        let second = try place.folder("second")
        try await backend.saveCheckpoint(to: second, base: "")
        #expect(await place.engine.checkpoints().count == 4)
        await backend.discard(first)
        let kept = try TinkerCheckpointFile(directory: second)
        #expect(
            Set(await place.engine.checkpoints().map(\.path)) == [kept.statePath, kept.samplerPath])
        // What is not there any more is told and hurts nobody.
        await backend.discard(first)
        #expect(place.notices.notes.count == 2)
        await backend.discard(try place.folder("empty"))
    }

    @Test func `a fetched adapter has its factor in alpha, whatever the flag says`() async throws {
        let backend = try place.backend(
            .init(download: { directory in
                let path = directory.appending(path: "adapter_config.json")
                let text = try String(contentsOf: path, encoding: .utf8)
                    .replacing("\"use_rslora\": false", with: "\"use_rslora\": true")
                try Data(text.utf8).write(to: path)
            }))
        let (_, directory) = try await trained(backend)
        try await backend.fetchAdapter(for: directory)
        let configuration = try JSONSerialization.jsonObject(
            with: Data(contentsOf: directory.appending(path: "adapter_config.json")))
        let settings = try #require(configuration as? [String: Any])
        #expect(settings["use_rslora"] as? Bool == false)
        #expect(settings["lora_alpha"] as? Double == 8)
        #expect(settings["base_model_name_or_path"] as? String == TinkerPlace.name)
        // Rank 4 and alpha 4 were asked for, alpha 4 over the root of 4 was had.
        #expect(place.notices.notes.contains { $0.contains("alpha over rank of 2") })
        #expect(try TinkerCheckpointFile(directory: directory).fetched == place.clock.date)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(names == ["adapter_config.json", "adapter_model.safetensors", "tinker.json"])
    }

    @Test func `the adapter of a model of unknown shapes is folded too`() async throws {
        let backend = try place.backend()
        let (_, directory) = try await trained(backend)
        try await backend.fetchAdapter(for: directory)
        let path = directory.appending(path: "adapter_config.json")
        let text = try String(contentsOf: path, encoding: .utf8)
            .replacing("\"use_rslora\": false", with: "\"use_rslora\": true")
        try Data(text.utf8).write(to: path)
        #expect(try TinkerDownload(directory: directory).normalise(for: nil, base: "") == 2)
        #expect(try TinkerDownload(directory: directory).normalise(for: nil, base: "") == 2)
    }

    @Test func `an adapter that is none leaves the checkpoint as it was`() async throws {
        let backend = try place.backend(
            .init(download: { directory in
                try Data("nonsense".utf8).write(
                    to: directory.appending(path: "adapter_model.safetensors"))
            }))
        let (_, directory) = try await trained(backend)
        await #expect(throws: (any Error).self) { try await backend.fetchAdapter(for: directory) }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names == ["tinker.json"])
    }
}
