import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct RunListTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    private func make(_ name: String) throws -> Run {
        let job = try TestJob.job(in: store, name: name)
        return try store.make(
            name: name, record: try BakePreparation(job).newRecord(), prompt: job.prompt,
            queries: job.queries)
    }

    @Test func `a finished run keeps everything under another name`() async throws {
        _ = try await TestJob.job(in: store, name: "old").events().collected()
        let old = try store.run("old")
        let summary = try old.summary()
        let run = try store.rename(old, to: "new name")
        #expect(run.name == "new name" && run.state == .finished)
        #expect(try store.runs().map(\.name) == ["new name"])
        var expected = summary
        expected.run = "new name"
        expected.directory = run.directory.path
        #expect(try run.summary() == expected)
        #expect(try run.history().steps.count == 9)
        #expect(try run.checkpoint(.best).directory.path.contains("new name"))
        // An equal job still finds it, and a verification of it needs no reply again.
        let backend = FakeBackend()
        let events = try await TestJob.job(in: store, backend: backend).events().collected()
        #expect(events.map(\.name) == ["run.started", "verification", "run.finished"])
        _ = try await VerificationJob(run: run, backend: backend).events().collected()
        #expect(!backend.calls.contains("response"))
    }

    @Test func `an interrupted run continues under its other name`() async throws {
        _ = try await TestJob.job(in: store, name: "old").events(through: .generate).collected()
        _ = try store.rename(try store.run("old"), to: "new")
        let backend = FakeBackend()
        _ = try await TestJob.job(in: store, name: "new", backend: backend).events().collected()
        #expect(!backend.calls.contains("target"))
        #expect(try store.run("new").state == .finished)
    }

    @Test func `bad and taken names and runs in use are refused`() throws {
        let run = try make("a")
        _ = try make("b")
        for name in ["", ".", "..", "x/y", ".x", "a\nb"] {
            #expect(throws: RunError.invalidName(name)) { try store.rename(run, to: name) }
        }
        for name in ["a", "b"] {
            #expect(throws: RunError.exists(run: name)) { try store.rename(run, to: name) }
        }
        try RunFiles.makeDirectory(store.directory.appending(path: "empty"))
        #expect(throws: RunError.exists(run: "empty")) { try store.rename(run, to: "empty") }
        let lock = try RunLock(run.directory)
        #expect(throws: RunError.self) { try store.rename(run, to: "c") }
        withExtendedLifetime(lock) {}
        #expect(try Set(store.runs().map(\.name)) == ["a", "b"])
    }

    @Test func `summaries are those of the runs, and a damaged figure hides no run`() async throws {
        _ = try await TestJob.job(in: store, name: "a").events().collected()
        _ = try make("b")
        #expect(try store.summaries() == store.runs().map { try $0.summary() })
        let run = try store.run("a")
        let report = try #require(try run.verification())
        #expect(try run.summary().gapClosed == report.gapClosed)
        #expect(try run.summary().kl == report.kl.baked)
        try Data("{".utf8).write(to: run.url(.verification))
        let summaries = try store.summaries()
        #expect(Set(summaries.map(\.run)) == ["a", "b"])
        #expect(summaries.first { $0.run == "a" }?.gapClosed == nil)
    }

    @Test func `a copy of rows has no result and takes no taken name`() async throws {
        _ = try await TestJob.job(in: store, name: "a-7").events().collected()
        let run = try store.run("a-7")
        let copy = try store.copy(rowsOf: run)
        #expect(copy.name == "a-8" && copy.state == .interrupted)
        #expect(copy.record.steps == nil && copy.record.best == nil)
        #expect(try copy.checkpoints().isEmpty && copy.verification() == nil)
        #expect(try copy.prompt().hash == run.prompt().hash)
        #expect(
            try Data(contentsOf: copy.url(.dataset)) == Data(contentsOf: run.url(.dataset)))
        #expect(throws: RunError.exists(run: "a-7")) { try store.copy(rowsOf: run, as: "a-7") }
    }
}
