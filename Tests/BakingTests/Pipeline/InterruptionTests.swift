import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Baking

/// What a kill leaves is what lies on the disk: the whole store is copied before every piece of
/// work, and the same job goes on from each copy.
@Suite struct InterruptionTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Everything a bake makes, by path. Rows are taken as a set: they are appended as they finish.
    private func result(_ store: RunStore) throws -> [String: Data] {
        let run = try store.run("prompt-1")
        var files: [String: Data] = [:]
        for file in [Run.File.teacherTensors, .verification, .prompt, .queries] {
            files[file.rawValue] = try Data(contentsOf: run.url(file))
        }
        for checkpoint in try run.checkpoints() {
            for name in try RunFiles.names(in: checkpoint.directory) {
                let file = checkpoint.directory.appending(path: name)
                files["\(checkpoint.step)/\(name)"] = try Data(contentsOf: file)
            }
        }
        let rows = try Dataset(run.url(.dataset)).inOrder.sorted { $0.id < $1.id }
        files["rows"] = try JSONLine.encode(rows)
        return files
    }

    private func copies(
        _ behaviour: FakeBackend.Behaviour
    ) async throws -> (whole: [String: Data], copies: [(call: String, store: RunStore)]) {
        let store = RunStore(directory: directory.url.appending(path: "runs"))
        let places = Mutex<[(String, RunStore)]>([])
        let backend = FakeBackend(behaviour) { [directory] call in
            let place = directory.url.appending(path: UUID().uuidString)
            try FileManager.default.copyItem(at: store.directory, to: place)
            places.withLock { $0.append((call, RunStore(directory: place))) }
        }
        _ = try await TestJob.job(in: store, backend: backend).events().collected()
        return (try result(store), places.withLock { $0 })
    }

    @Test(arguments: [true, false])
    func `killed anywhere, the same job ends in the same bytes`(capturesRows: Bool) async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.capturesRows = capturesRows
        let (whole, copies) = try await copies(behaviour)
        #expect(copies.count > 50)
        for (index, copy) in copies.enumerated() where capturesRows || index % 3 == 0 {
            let backend = FakeBackend(behaviour)
            let events = try await TestJob.job(in: copy.store, backend: backend).events()
                .collected()
            #expect(try result(copy.store) == whole, "killed before work \(index), \(copy.call)")
            guard case .runStarted(let started) = events.first?.kind else {
                Issue.record("no start")
                continue
            }
            #expect(started.resumed)
            let steps = events.compactMap {
                if case .step(let step) = $0.kind { step.step } else { nil }
            }
            #expect(steps.first == (started.fromStep == 9 ? nil : started.fromStep + 1))
            // At most the work of one piece is done twice.
            let pieces = copies.count - index
            #expect(backend.calls.count <= pieces + 12)
        }
    }

    @Test func `torn tails of every file are dropped and made again`() async throws {
        let (whole, copies) = try await copies(FakeBackend.Behaviour())
        for (index, copy) in copies.enumerated() where index % 4 == 1 {
            let run = try copy.store.run("prompt-1")
            for file in [Run.File.dataset, .teacherRows, .events, .replies] {
                guard let data = try RunFiles.contents(of: run.url(file)), !data.isEmpty else {
                    continue
                }
                try data.dropLast(min(5, data.count)).write(to: run.url(file))
            }
            _ = try await TestJob.job(in: copy.store).events().collected()
            #expect(try result(copy.store) == whole, "torn before work \(index), \(copy.call)")
        }
    }

    @Test func `a disk that fills up loses nothing`() async throws {
        struct Full: Error {}
        let store = RunStore(directory: directory.url.appending(path: "runs"))
        let (whole, _) = try await copies(FakeBackend.Behaviour())
        let other = RunStore(directory: directory.url.appending(path: "other"))
        // Every piece of work fails once, as the writing that belongs to it might.
        var call = 0
        while true {
            call += 1
            let count = Mutex(0)
            let limit = call
            let backend = FakeBackend { _ in
                let reached = count.withLock { count in
                    count += 1
                    return count == limit
                }
                if reached { throw Full() }
            }
            do {
                _ = try await TestJob.job(in: other, backend: backend).events().collected()
                break
            } catch is Full {
                #expect(try other.run("prompt-1").state == .failed)
            }
        }
        #expect(call > 5)
        #expect(try result(other) == whole)
        #expect(try store.run("prompt-1").state == .finished)
    }

    @Test func `a damaged checkpoint gives way to the one before`() async throws {
        let (whole, copies) = try await copies(FakeBackend.Behaviour())
        let copy = try #require(
            copies.last { (try? $0.store.run("prompt-1").checkpoints().last?.step) == 6 })
        let run = try copy.store.run("prompt-1")
        let newest = try run.checkpoint(.last).directory.appending(path: "trainer.safetensors")
        try Data("{".utf8).write(to: newest)
        let events = try await TestJob.job(in: copy.store).events().collected()
        let starts = events.compactMap {
            if case .runStarted(let started) = $0.kind { started.fromStep } else { nil }
        }
        #expect(starts == [6, 4])
        #expect(try result(copy.store) == whole)
    }

    @Test func `a damaged tensor file is scored again`() async throws {
        let (whole, copies) = try await copies(FakeBackend.Behaviour())
        let copy = try #require(copies.last { $0.call == "step" })
        let run = try copy.store.run("prompt-1")
        try Data("nonsense".utf8).write(to: run.url(.teacherTensors))
        let backend = FakeBackend()
        let events = try await TestJob.job(in: copy.store, backend: backend).events().collected()
        #expect(backend.calls.contains("target"))
        #expect(events.contains { $0.name == "warning" })
        #expect(try result(copy.store) == whole)
    }
}
