import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct RunStoreTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    private func job(_ name: String? = nil) throws -> BakeJob {
        try TestJob.job(in: store, name: name)
    }

    private func make(_ name: String? = nil) throws -> Run {
        let job = try job(name)
        return try store.make(
            name: name, record: try BakePreparation(job).newRecord(), prompt: job.prompt,
            queries: job.queries)
    }

    @Test func `runs are numbered by prompt and found by name and directory`() throws {
        #expect(try store.runs().isEmpty)
        #expect(try make().name == "prompt-1")
        let second = try make()
        #expect(second.name == "prompt-2")
        #expect(try store.run("prompt-2") == second)
        #expect(try store.run(second.directory.path).name == "prompt-2")
        #expect(try second.prompt() == job().prompt)
        #expect(try second.queries() == job().queries)
        #expect(second.state == .interrupted)
        #expect(try store.newest { _ in true }.record.created >= make("own").record.created - 5)
        #expect(throws: RunError.notFound(name: "none", store: store.directory.path)) {
            try store.run("none")
        }
    }

    @Test func `a number is not given twice after a deletion in between`() throws {
        let first = try make()
        _ = try make()
        try store.delete(first)
        #expect(try store.runs().map(\.name) == ["prompt-2"])
        #expect(try make().name == "prompt-3")
    }

    @Test(arguments: ["", ".", "..", "a/b", ".hidden", "a\nb"])
    func `a name that is no plain directory name is refused`(name: String) throws {
        #expect(throws: RunError.invalidName(name)) { try make(name) }
    }

    @Test func `two holders of one run are refused with the process`() throws {
        let run = try make()
        let lock = try RunLock(run.directory)
        #expect(run.state == .running)
        let process = Int(ProcessInfo.processInfo.processIdentifier)
        #expect(throws: RunError.inUse(run: run.name, process: process)) {
            try RunLock(run.directory)
        }
        #expect(throws: RunError.self) { try store.delete(run) }
        withExtendedLifetime(lock) {}
    }

    @Test func `the lock is free when its holder is gone, whatever its file says`() throws {
        let run = try make()
        do { _ = try RunLock(run.directory) }
        #expect(run.state == .interrupted)
        _ = try RunLock(run.directory)
    }

    @Test func `a run of another version is refused by its format`() throws {
        let run = try make()
        let file = run.url(.record)
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("\"format\" : 1", with: "\"format\" : 2").utf8).write(to: file)
        #expect(throws: RunError.otherFormat(path: file.path, found: 2, expected: 1)) {
            try store.run(run.name)
        }
        #expect(try store.runs().isEmpty)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{\"format\": 1}", "{\"format\": \"1\"}", "\u{0}",
        "{\"format\": 1e40}",
    ]) func `a damaged record is an error with its path`(text: String) throws {
        let run = try make()
        try Data(text.utf8).write(to: run.url(.record))
        #expect {
            _ = try store.run(run.name)
        } throws: { error in
            if case RunError.damaged(run.url(.record).path, _) = error { true } else { false }
        }
        #expect(try store.runs().isEmpty)
    }

    @Test func `a record with values out of range is damaged`() throws {
        var run = try make()
        try run.update { $0.configuration.batchSize = 0 }
        #expect(throws: RunError.self) { try store.run(run.name) }
    }

    @Test func `a prompt that was changed inside a run is noticed`() throws {
        let run = try make()
        try Data("Another".utf8).write(to: run.url(.prompt))
        #expect(throws: RunError.self) { try run.prompt() }
    }

    @Test func `best, last and a step name checkpoints`() async throws {
        let run = try make()
        try RunFiles.makeDirectory(run.url(.checkpoints))
        for (step, kl) in [(20, 0.5), (40, 0.25), (60, 0.25), (80, 0.75)] {
            _ = try await Checkpoint.make(
                step: step, heldOutKL: kl, training: "t", in: run.url(.checkpoints)
            ) { try Data("x".utf8).write(to: $0.appending(path: "adapter_model.safetensors")) }
        }
        #expect(try run.checkpoint(.best).step == 40)
        #expect(try run.checkpoint(.last).step == 80)
        #expect(try run.checkpoint(.step(60)).directory.lastPathComponent == "step-000060")
        #expect(throws: RunError.noCheckpoint(run: run.name, which: "step 50")) {
            try run.checkpoint(.step(50))
        }
        for checkpoint in try Checkpoint.surplus(in: run.url(.checkpoints), keeping: 1) {
            try checkpoint.remove()
        }
        #expect(try run.checkpoints().map(\.step) == [40, 80])
    }

    @Test func `a checkpoint that fails leaves nothing behind and the older one in place`()
        async throws
    {
        struct Failure: Error {}
        let run = try make()
        try RunFiles.makeDirectory(run.url(.checkpoints))
        _ = try await Checkpoint.make(
            step: 20, heldOutKL: nil, training: "t", in: run.url(.checkpoints)
        ) { _ in }
        await #expect(throws: Failure.self) {
            _ = try await Checkpoint.make(
                step: 40, heldOutKL: nil, training: "t", in: run.url(.checkpoints)
            ) { _ in throw Failure() }
        }
        #expect(try RunFiles.names(in: run.url(.checkpoints)) == ["step-000020"])
    }
}
