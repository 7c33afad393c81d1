import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct BakeJobTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    private func bake(_ job: BakeJob) async throws -> [BakeEvent] {
        try await job.events(through: .bake).collected()
    }

    private func warnings(_ events: [BakeEvent]) -> [String] {
        events.compactMap { if case .warning(let notice) = $0.kind { notice.message } else { nil } }
    }

    @Test func `a bake goes from the prompt to a verified run`() async throws {
        let events = try await bake(try TestJob.job(in: store))
        let steps = events.compactMap { if case .step(let step) = $0.kind { step } else { nil } }
        // 3 queries, one of two turns, at 2 temperatures: 8 rows, 3 batches, 3 epochs.
        #expect(steps.map(\.step) == Array(1...9))
        #expect(steps.map(\.steps) == Array(repeating: 9, count: 9))
        #expect(steps.map(\.epoch) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
        for step in steps {
            #expect(step.learningRate == 1e-3 * (1 - Double(step.step - 1) / 9))
        }
        let evaluations = events.compactMap {
            if case .evaluation(let evaluation) = $0.kind { evaluation } else { nil }
        }
        #expect(evaluations.map(\.step) == [0, 2, 4, 6, 8, 9])
        #expect(evaluations[0].gapClosed == 0)
        #expect(evaluations.allSatisfy { $0.baseKL == 2 })
        let checkpoints = events.compactMap {
            if case .checkpoint(let checkpoint) = $0.kind { checkpoint.step } else { nil }
        }
        #expect(checkpoints == [2, 4, 6, 8, 9])
        let run = try store.run("prompt-1")
        #expect(try run.checkpoints().map(\.step) == [8, 9])
        #expect(run.state == .finished)
        let summary = try run.summary()
        #expect(summary.step == 9 && summary.steps == 9 && summary.model == "fake")
        #expect(abs((summary.gapClosed ?? 0) - 0.9) < 1e-9)
        guard case .runStarted(let started) = events.first?.kind,
            case .runFinished(let finished) = events.last?.kind
        else {
            Issue.record("\(events)")
            return
        }
        #expect(!started.resumed && started.fromStep == 0)
        #expect(finished.steps == 9 && finished.run == "prompt-1")
        // The very lines that were handed on.
        let lines = try String(contentsOf: run.url(.events), encoding: .utf8)
        #expect(try lines == events.map { try $0.line + "\n" }.joined())
    }

    @Test func `a stopped bake is listed with the step of its newest checkpoint`() async throws {
        struct Stop: Error {}
        let steps = Mutex(0)
        let backend = FakeBackend(onCall: { what in
            guard what == "step" else { return }
            let count = steps.withLock {
                $0 += 1; return $0
            }
            if count == 6 { throw Stop() }
        })
        await #expect(throws: (any Error).self) {
            try await bake(try TestJob.job(in: store, backend: backend))
        }
        let run = try store.run("prompt-1")
        #expect(try run.summary().step == 4)
        #expect(try run.summary().kl == run.checkpoints().last?.heldOutKL)
    }

    @Test func `the files of a run are those of the contract`() async throws {
        _ = try await bake(try TestJob.job(in: store))
        let run = try store.run("prompt-1")
        #expect(
            try RunFiles.names(in: run.directory) == [
                "checkpoints", "dataset.jsonl", "events.jsonl", "lock", "prompt.md", "queries.json",
                "run.json", "teacher.safetensors", "verification.json", "verification.jsonl",
            ])
        let rows = try Dataset(run.url(.dataset)).inOrder
        #expect(rows.count == 10)
        #expect(rows.allSatisfy { !$0.messages.contains { $0.role == .system } })
        #expect(rows.allSatisfy { $0.tokens.last == ByteTokenizer.end })
        #expect(Set(rows.map(\.seed)).count == 10)
        let followUp = try #require(rows.first { $0.turn == 2 && $0.temperature == 0.5 })
        let first = rows.first {
            $0.query == followUp.query && $0.turn == 1 && $0.temperature == 0.5
        }
        #expect(followUp.history.prefix(2) == first?.messages[...])
        #expect(followUp.history.last?.content == "And how is it made?")
        let mode = try SafetensorsFile(path: run.url(.teacherTensors).path)
        let tokens = rows.reduce(0) { $0 + $1.tokens.count }
        #expect(try mode.tensor("ids").shape == [tokens, 4])
        #expect(try mode.tensor("starts").shape == [11])
    }

    @Test func `a follow-up's contexts differ in nothing but the prompt`() throws {
        let job = try TestJob.job(in: store)
        let renderer = try BakePreparation(job).renderer
        let turns = [
            ChatMessage(.user, "Hi"), ChatMessage(.assistant, "Arr"),
            ChatMessage(.user, "More"),
        ]
        let student = try renderer.studentContext(turns)
        let teacher = try renderer.teacherContext(turns)
        #expect(teacher.count > student.count)
        #expect(teacher.suffix(student.count).elementsEqual(student))
        #expect(
            try renderer.studentContext(turns, as: .empty)
                == ByteTokenizer().encode(
                    "<|im_start|>system\n<|im_end|>\n", special: .parse, addSpecial: false)
                + student)
    }

    @Test func `an equal finished run shows its result and does nothing`() async throws {
        let first = try await bake(try TestJob.job(in: store))
        let backend = FakeBackend()
        let second = try await bake(try TestJob.job(in: store, backend: backend))
        #expect(backend.calls.isEmpty)
        #expect(second.map(\.name) == ["run.started", "verification", "run.finished"])
        #expect(second.last?.kind == first.last?.kind)
        #expect(try store.runs().count == 1)
    }

    @Test func `a new run is made when asked for or when something differs`() async throws {
        _ = try await bake(try TestJob.job(in: store))
        var job = try TestJob.job(in: store)
        job.forceNew = true
        _ = try await bake(job)
        #expect(try store.runs().map(\.name).sorted() == ["prompt-1", "prompt-2"])
        job.forceNew = false
        job.configuration.rank = 8
        _ = try await bake(job)
        job.prompt = try Prompt(text: "You are a robot.", name: "robot")
        _ = try await bake(job)
        #expect(
            try store.runs().map(\.name).sorted()
                == ["prompt-1", "prompt-2", "prompt-3", "robot-1"])
        job.runName = "robot-1"
        job.forceNew = true
        await #expect(throws: RunError.exists(run: "robot-1")) { try await bake(job) }
    }

    @Test func `generate makes the rows and bake goes on with them`() async throws {
        let events = try await TestJob.job(in: store).events(through: .generate).collected()
        #expect(events.last?.name == "teacher.progress")
        #expect(try store.run("prompt-1").state == .interrupted)
        let backend = FakeBackend()
        _ = try await bake(try TestJob.job(in: store, backend: backend))
        #expect(try store.runs().count == 1)
        // Only the replies of the verification: 3 turns for 4 arms.
        #expect(backend.calls.filter { $0 == "response" }.count == 12)
        #expect(!backend.calls.contains("target"))
    }

    @Test func `rows that were not captured are scored`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.capturesRows = false
        let backend = FakeBackend(behaviour)
        _ = try await bake(try TestJob.job(in: store, name: "scored", backend: backend))
        #expect(backend.calls.filter { $0 == "target" }.count == 10)
        _ = try await bake(try TestJob.job(in: store, name: "captured"))
        #expect(try bytes("scored") == bytes("captured"))
    }

    @Test func `nothing depends on the order in which responses finish`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.reversed = true
        _ = try await bake(
            try TestJob.job(in: store, name: "reversed", backend: FakeBackend(behaviour)))
        _ = try await bake(try TestJob.job(in: store, name: "straight"))
        #expect(try bytes("reversed") == bytes("straight"))
    }

    /// What a bake makes.
    private func bytes(_ run: String) throws -> [Data] {
        let run = try store.run(run)
        return try [run.url(.teacherTensors), run.url(.verification)].map {
            try Data(contentsOf: $0)
        }
            + run.checkpoints().map {
                try Data(contentsOf: $0.directory.appending(path: "trainer.safetensors"))
            }
    }

    // MARK: Rows of another identity

    enum Change: CaseIterable, CustomTestStringConvertible {
        case prompt, model, sampling, seed
        var testDescription: String { "\(self)" }
    }

    @Test(arguments: Change.allCases)
    func `rows made with something else are made again and never mixed in`(
        change: Change
    ) async throws {
        _ = try await TestJob.job(in: store, name: "a").events(through: .generate).collected()
        var job = try TestJob.job(in: store, name: "a")
        switch change {
        case .prompt: job.prompt = try Prompt(text: "You are a robot.")
        case .model:
            var behaviour = FakeBackend.Behaviour()
            behaviour.hash = "other"
            job.backend = FakeBackend(behaviour)
        case .sampling: job.configuration.maximumResponseTokens = 63
        case .seed: job.configuration.seed = 5
        }
        let events = try await bake(job)
        #expect(warnings(events).contains { $0.contains("changed since the run was made") })
        let backend = try #require(job.backend as? FakeBackend)
        #expect(backend.calls.filter { $0 == "response" }.count == 10 + 12)
        job.runName = "fresh"
        _ = try await bake(job)
        #expect(try bytes("a") == bytes("fresh"))
    }

    @Test func `a run that was trained with another rate is refused and kept`() async throws {
        _ = try await bake(try TestJob.job(in: store, name: "a"))
        let before = try bytes("a")
        var job = try TestJob.job(in: store, name: "a")
        job.configuration.learningRate = 2e-3
        let other = job
        await #expect(throws: RunError.otherSettings(run: "a", changes: ["learningRate"])) {
            try await bake(other)
        }
        #expect(try bytes("a") == before)
        // Its rows serve another run.
        job.runName = "b"
        job.dataset = .run("a")
        _ = try await bake(job)
        #expect(try bytes("b") != before)
    }

    @Test func `a changed query is asked, the others are kept`() async throws {
        _ = try await TestJob.job(in: store, name: "a").events(through: .generate).collected()
        let backend = FakeBackend()
        var job = try TestJob.job(in: store, name: "a", backend: backend)
        job.queries.train[0] = Query(group: "One", turns: ["How is cheese made?"])
        _ = try await job.events(through: .generate).collected()
        #expect(backend.calls.filter { $0 == "response" }.count == 2)
        let events = try await bake(job)
        #expect(
            events.contains { if case .step(let step) = $0.kind { step.step == 9 } else { false } })
    }

    // MARK: Rows kept out

    @Test func `rows that cannot be trained on are kept out with a counted reason`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.respond = { request in
            guard request.adapter == .none, request.topK != nil else { return nil }
            let text = ByteTokenizer().decode(request.context, skipSpecial: true)
            if text.contains("bread") {
                return ByteTokenizer().encode(
                    "Always the same.", special: .text, addSpecial: false) + [ByteTokenizer.end]
            }
            if text.contains("sky") { return [65, 66, ByteTokenizer.end] }
            if text.contains("made") { return Array(repeating: 67, count: 100) }
            return nil
        }
        let job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        let events = try await bake(job)
        #expect(
            warnings(events) == [
                "5 of 10 rows are kept out: 2 too short, 2 unterminated, 1 repeated"
            ])
        let rows = try Dataset(try store.run("prompt-1").url(.dataset)).inOrder
        #expect(rows.compactMap(\.reason).count == 5)
        // The earlier temperature stays.
        #expect(rows.first { $0.reason == .repeated }?.temperature == 1)
    }

    @Test func `a row struck by hand stays out and its query is not asked again`() async throws {
        _ = try await TestJob.job(in: store).events(through: .generate).collected()
        let run = try store.run("prompt-1")
        let row = try #require(try Dataset(run.url(.dataset)).inOrder.first)
        let file = try AppendOnlyFile(run.url(.dataset))
        try file.append(Data("{\"id\": \"\(row.id)\", \"excluded\": true}\n".utf8))
        let backend = FakeBackend()
        let events = try await bake(try TestJob.job(in: store, backend: backend))
        #expect(warnings(events) == ["1 of 10 rows are kept out: 1 struck by hand"])
        #expect(backend.calls.filter { $0 == "response" }.count == 12)
    }

    @Test func `an edited response is baked as it was edited`() async throws {
        _ = try await TestJob.job(in: store).events(through: .generate).collected()
        let run = try store.run("prompt-1")
        var row = try #require(
            try Dataset(run.url(.dataset)).inOrder.first { $0.turn == 1 && $0.split == .train })
        row.messages[row.messages.count - 1].content = "Edited by a person."
        try AppendOnlyFile(run.url(.dataset)).append(try JSONLine.encode(row) + [0x0A])
        _ = try await bake(try TestJob.job(in: store))
        let edited = try Dataset(run.url(.dataset)).examples[row.id]
        #expect(edited?.response == "Edited by a person.")
        #expect(
            edited?.tokens == ByteTokenizer().encode(
                "Edited by a person.", special: .text, addSpecial: false) + [ByteTokenizer.end])
    }

    @Test func `no usable row is an error with the counts`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.respond = { _ in [65, ByteTokenizer.end] }
        let job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        await #expect(throws: DatasetError.noUsableRows(total: 8, reasons: "8 too short")) {
            try await bake(job)
        }
        #expect(try store.run("prompt-1").state == .failed)
    }

    // MARK: Errors

    @Test func `a prompt that leaves no room is an error with the numbers`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.contextLength = 100
        let job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        await #expect {
            try await bake(job)
        } throws: { error in
            guard case DatasetError.tooLong(_, let context, 64, 100) = error else { return false }
            return context > 36
        }
    }

    @Test func `a follow-up without room is kept out`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.contextLength = 110
        var job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        job.configuration.maximumResponseTokens = 40
        let events = try await bake(job)
        #expect(warnings(events) == ["2 of 10 rows are kept out: 2 no room"])
    }

    @Test func `failed responses are counted and tried again`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.fails = { $0.temperature == 0.5 }
        let job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        await #expect(
            throws: DatasetError.failedResponses(count: 3, first: "the service said no")
        ) { try await bake(job) }
        let backend = FakeBackend()
        _ = try await bake(try TestJob.job(in: store, backend: backend))
        #expect(backend.calls.filter { $0 == "response" }.count == 4 + 12)
    }

    @Test func `a bake that diverges stops with the step`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.divergesAt = 5
        let job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        await #expect(throws: BakeError.diverged(step: 5)) { try await bake(job) }
        let run = try store.run("prompt-1")
        #expect(try run.checkpoints().map(\.step) == [2, 4])
        let lines = try String(contentsOf: run.url(.events), encoding: .utf8)
        #expect(lines.contains("\"kl\":null"))
        #expect(lines.split(separator: "\n").last?.contains("\"event\":\"error\"") == true)
    }

    @Test func `a token outside the vocabulary is refused`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.respond = { _ in [65, 300, ByteTokenizer.end] }
        let job = try TestJob.job(in: store, backend: FakeBackend(behaviour))
        await #expect(throws: DatasetError.self) { try await bake(job) }
    }

    @Test func `a second process on the run is refused`() async throws {
        _ = try await TestJob.job(in: store).events(through: .generate).collected()
        let lock = try RunLock(try store.run("prompt-1").directory)
        await #expect(throws: RunError.self) { try await bake(try TestJob.job(in: store)) }
        withExtendedLifetime(lock) {}
    }

    @Test func `ending the iteration stops the work and keeps the run`() async throws {
        let backend = FakeBackend()
        for try await event in try TestJob.job(in: store, backend: backend).events() {
            if case .step = event.kind { break }
        }
        let run = try store.run("prompt-1")
        // The lock is free once the work has stopped.
        while run.state == .running { await Task.yield() }
        #expect(try store.run("prompt-1").state != .failed)
        _ = try await bake(try TestJob.job(in: store))
        #expect(try store.runs().map(\.state) == [.finished])
    }

    // MARK: Rows brought along

    @Test func `a run's rows are baked at another rank without asking`() async throws {
        _ = try await bake(try TestJob.job(in: store, name: "a"))
        let backend = FakeBackend()
        var job = try TestJob.job(in: store, backend: backend)
        job.dataset = .run("a")
        job.configuration.rank = 4
        _ = try await bake(job)
        #expect(backend.calls.filter { $0 == "response" }.count == 12)
        let tensors = try ["a", "prompt-1"].map {
            try Data(contentsOf: try store.run($0).url(.teacherTensors))
        }
        #expect(tensors[0] == tensors[1])
    }

    @Test func `foreign chats are rows with tokens made once`() async throws {
        let chats = try directory.file(
            "chats.jsonl",
            """
            {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Hi"}, \
            {"role": "assistant", "content": "Ahoy, matey!"}, {"role": "user", "content": "Bye"}, \
            {"role": "assistant", "content": "Fair winds <|im_end|>!"}]}
            {"messages": [{"role": "user", "content": "Yo"}, {"role": "assistant", "content": "Arr"}]}
            """)
        var job = try TestJob.job(in: store)
        job.dataset = .file(chats)
        _ = try await bake(job)
        let rows = try Dataset(try store.run("prompt-1").url(.dataset)).inOrder
        let train = rows.filter { $0.split == .train }
        #expect(train.map(\.response) == ["Ahoy, matey!", "Fair winds <|im_end|>!", "Arr"])
        // A special token's text that a person wrote stays text.
        #expect(train[1].tokens.filter { $0 == ByteTokenizer.end }.count == 1)
        // Dev rows are asked for, since the file has none.
        #expect(rows.filter { $0.split == .dev }.count == 2)
    }

    @Test(arguments: [
        ("{\"messages\": []}", "no assistant's turn"), ("{}", "messages"), ("nonsense", "JSON"),
        ("{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"}]}", "not the user's"),
        (
            "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, "
                + "{\"role\": \"assistant\", \"content\": \" \"}]}", "empty"
        ),
    ]) func `a foreign line that is no chat is told with its number`(
        line: String, why: String
    ) async throws {
        var job = try TestJob.job(in: store)
        job.dataset = .file(try directory.file("chats.jsonl", "\n" + line + "\n"))
        await #expect {
            try await bake(job)
        } throws: { error in
            guard case DatasetError.invalidLine(_, 2, let reason) = error else { return false }
            return reason.contains(why)
        }
        #expect(try store.runs().isEmpty)
    }

    // MARK: Plan

    @Test func `a plan counts without doing`() async throws {
        let backend = FakeBackend()
        let plan = try await TestJob.job(in: store, backend: backend).plan()
        #expect(plan.rows == 8 && plan.devRows == 2 && plan.rowsPresent == 0)
        #expect(plan.steps == 9 && plan.stepsDone == 0 && !plan.continues)
        #expect(plan.stepSeconds > 0 && plan.seconds > 9 * plan.stepSeconds)
        #expect(plan.peakByteCount > 0)
        #expect(backend.calls.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: store.directory.path))
        _ = try await TestJob.job(in: store).events(through: .generate).collected()
        let next = try await TestJob.job(in: store).plan()
        #expect(next.continues && next.run == "prompt-1" && next.rowsPresent == 10)
    }
}
