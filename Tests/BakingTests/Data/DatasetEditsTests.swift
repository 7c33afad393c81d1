import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct DatasetEditsTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    /// A run whose rows are complete, and not baked.
    private func generated() async throws -> Run {
        _ = try await TestJob.job(in: store, name: "r").events(through: .generate).collected()
        return try store.run("r")
    }

    private func rows(_ run: Run) throws -> [DatasetRow] {
        var reader = DatasetReader(run)
        try reader.readNew()
        return reader.rows
    }

    private func row(_ run: Run, where fits: (DatasetRow) -> Bool) throws -> DatasetRow {
        try #require(try rows(run).first(where: fits))
    }

    private func isSingle(_ row: DatasetRow) -> Bool { row.query == "How is bread baked?" }

    @Test func `an edited row is made into tokens and scored again, and no other`() async throws {
        let run = try await generated()
        let before = try row(run, where: isSingle)
        try DatasetEdits(run).edit(before.id, response: "Ye knead it, matey!")
        #expect(try row(run, where: { $0.id == before.id }).isEdited)
        let backend = FakeBackend()
        let events = try await TestJob.job(in: store, name: "r", backend: backend).events()
            .collected()
        #expect(backend.calls.filter { $0 == "target" }.count == 1)
        guard case .runFinished = events.last?.kind else {
            Issue.record("\(events)")
            return
        }
        let after = try #require(try Dataset(run.url(.dataset)).examples[before.id])
        #expect(after.response == "Ye knead it, matey!")
        let expected =
            ByteTokenizer().encode(after.response, special: .text, addSpecial: false)
            + [ByteTokenizer.end]
        #expect(after.tokens == expected)
        let responses = try TeacherTensorFile.read(run.url(.teacherTensors)).map(\.rows.count)
        #expect(responses.contains(expected.count))
    }

    @Test
    func `later turns of an edited conversation are asked again and a struck one stays struck`()
        async throws
    {
        let run = try await generated()
        let first = try row(run, where: { $0.query == "Name a soup." && $0.temperature == 0.5 })
        let followUp = try row(run, where: { $0.turn == 2 && $0.temperature == 0.5 })
        let other = try row(run, where: { $0.turn == 2 && $0.temperature == 1 })
        let edits = DatasetEdits(run)
        try edits.strike(followUp.id)
        try edits.edit(first.id, response: "Fish soup, every day.")
        _ = try await TestJob.job(in: store, name: "r").events(through: .generate).collected()
        let after = try row(run, where: { $0.id == followUp.id })
        #expect(after.earlierTurns.last?.text == "Fish soup, every day.")
        #expect(after.response != followUp.response)
        #expect(after.state == .struck)
        #expect(try row(run, where: { $0.id == other.id }) == other)
    }

    @Test func `a struck row is not trained on until it is restored`() async throws {
        func tokens(_ events: [BakeEvent]) -> Int {
            events.reduce(0) {
                if case .step(let step) = $1.kind { $0 + step.tokens } else { $0 }
            }
        }
        let whole = try await TestJob.job(in: store, name: "whole").events().collected()
        let run = try await generated()
        let row = try row(run, where: isSingle)
        let edits = DatasetEdits(run)
        try edits.strike(row.id)
        #expect(try self.row(run, where: { $0.id == row.id }).state == .struck)
        let copy = try store.copy(rowsOf: run, as: "copy")
        let struck = try await TestJob.job(in: store, name: "r").events().collected()
        #expect(tokens(struck) == tokens(whole) - 3 * row.tokenCount)

        try DatasetEdits(copy).restore(row.id)
        #expect(try self.row(copy, where: { $0.id == row.id }) == row)
        let restored = try await TestJob.job(in: store, name: "copy").events().collected()
        #expect(tokens(restored) == tokens(whole))
    }

    @Test func `a response that a person wrote is kept however short`() async throws {
        let run = try await generated()
        let row = try row(run, where: isSingle)
        try DatasetEdits(run).edit(row.id, response: "Arr!")
        _ = try await TestJob.job(in: store, name: "r").events(through: .generate).collected()
        #expect(try self.row(run, where: { $0.id == row.id }).state == .kept)
    }

    @Test func `an edit survives that the rows it came with are brought along again`() async throws
    {
        _ = try await generated()
        var job = try TestJob.job(in: store, name: "second")
        job.dataset = .run("r")
        _ = try await job.events(through: .generate).collected()
        let run = try store.run("second")
        let row = try row(run, where: isSingle)
        try DatasetEdits(run).edit(row.id, response: "Ye knead it, matey!")
        for _ in 0..<2 { _ = try await job.events(through: .generate).collected() }
        #expect(
            try self.row(run, where: { $0.id == row.id }).response == "Ye knead it, matey!")
        // And a bake of edited rows takes them as they are now.
        job.runName = "third"
        job.dataset = .run("second")
        _ = try await job.events(through: .generate).collected()
        let third = try #require(try Dataset(store.run("third").url(.dataset)).examples[row.id])
        #expect(third.tokens.dropLast().count == third.response.utf8.count)
    }

    @Test func `a run that was trained on its rows keeps them`() async throws {
        struct Stop: Error {}
        let saves = Mutex(0)
        let backend = FakeBackend(onCall: { what in
            guard what == "step" else { return }
            let count = saves.withLock {
                $0 += 1
                return $0
            }
            if count == 4 { throw Stop() }
        })
        await #expect(throws: (any Error).self) {
            _ = try await TestJob.job(in: store, name: "r", backend: backend).events().collected()
        }
        let run = try store.run("r")
        let before = try Data(contentsOf: run.url(.dataset))
        let row = try row(run, where: isSingle)
        // With a checkpoint, then finished.
        for _ in 0..<2 {
            let edits = DatasetEdits(run)
            #expect(throws: DatasetEditError.trained(run: "r")) { try edits.strike(row.id) }
            #expect(throws: DatasetEditError.trained(run: "r")) {
                try edits.edit(row.id, response: "Arr")
            }
            _ = try await TestJob.job(in: store, name: "r").events().collected()
        }
        #expect(try Data(contentsOf: run.url(.dataset)) == before)
        // The way that the error names.
        let copy = try store.copy(rowsOf: run)
        #expect(copy.name == "r-1" && copy.state == .interrupted)
        try DatasetEdits(copy).edit(row.id, response: "Ye knead it, matey!")
        let backendOfCopy = FakeBackend()
        let events = try await TestJob.job(in: store, name: "r-1", backend: backendOfCopy).events()
            .collected()
        #expect(backendOfCopy.calls.filter { $0 == "target" }.count == 1)
        #expect(backendOfCopy.calls.filter { $0 == "step" }.count == 9)
        #expect(!events.contains { if case .warning = $0.kind { true } else { false } })
    }

    @Test func `nothing is written while a process works on the run or when an edit is refused`()
        async throws
    {
        let run = try await generated()
        let before = try Data(contentsOf: run.url(.dataset))
        let row = try row(run, where: isSingle)
        let edits = DatasetEdits(run)
        do {
            let lock = try RunLock(run.directory)
            let process = Int(ProcessInfo.processInfo.processIdentifier)
            #expect(throws: RunError.inUse(run: "r", process: process)) {
                try edits.strike(row.id)
            }
            withExtendedLifetime(lock) {}
        }
        #expect(throws: DatasetEditError.noRow("none", run: "r")) {
            try edits.strike([row.id, "none"])
        }
        #expect(throws: DatasetEditError.empty(row: row.id)) {
            try edits.edit(row.id, response: " \n")
        }
        try edits.restore(row.id)
        try edits.edit(row.id, response: row.response)
        #expect(try Data(contentsOf: run.url(.dataset)) == before)
        try edits.strike(row.id)
        let struck = try Data(contentsOf: run.url(.dataset))
        try edits.strike(row.id)
        #expect(try Data(contentsOf: run.url(.dataset)) == struck)
        #expect(
            struck == before + Data("{\"excluded\":true,\"id\":\"\(row.id)\"}\n".utf8))
    }

    @Test func `an edit heals a torn last line`() async throws {
        let run = try await generated()
        let row = try row(run, where: isSingle)
        try AppendOnlyFile(run.url(.dataset)).append(Data("{\"id\": \"to".utf8))
        try DatasetEdits(run).strike(row.id)
        let dataset = try Dataset(run.url(.dataset))
        #expect(!dataset.droppedTail)
        #expect(dataset.examples[row.id]?.isStruckByHand == true)
    }

    @Test func `a row that a rule keeps out cannot be restored but edited`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.respond = { request in
            request.messages.last?.content == "How is bread baked?"
                ? ByteTokenizer().encode("Arr", special: .text, addSpecial: false)
                    + [ByteTokenizer.end] : nil
        }
        let job = try TestJob.job(in: store, name: "r", backend: FakeBackend(behaviour))
        _ = try await job.events(through: .generate).collected()
        let run = try store.run("r")
        let row = try row(run, where: isSingle)
        #expect(row.state == .keptOut(.tooShort))
        #expect(throws: DatasetEditError.keptOut(row: row.id, reason: .tooShort)) {
            try DatasetEdits(run).restore(row.id)
        }
        try DatasetEdits(run).edit(row.id, response: "In the oven, matey.")
        _ = try await job.events(through: .generate).collected()
        #expect(try self.row(run, where: { $0.id == row.id }).state == .kept)
    }
}
