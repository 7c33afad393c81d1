import Baking
import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

/// Replies that somebody waits for while the engine does something long.
@Suite struct ReplyTests {
    private let backend: LocalBackend
    private let directory: TemporaryDirectory

    init() throws {
        backend = try LocalBackend(
            directory: LocalBackendTests.starter, name: "starter", precision: .bfloat16, threads: 2)
        directory = try TemporaryDirectory()
    }

    private static let questions = ["What is gravity?", "Hello!", "Tell me a joke."]
    private static let configuration = TrainerConfiguration(
        rank: 4, alpha: 4, targets: ["q_proj", "v_proj", "down_proj"], loss: .tail, weightDecay: 0,
        gradientClip: 1, seed: 3)

    private func request(
        _ text: String, prompt: String? = nil, tokenCount: Int = 32, topK: Int? = nil,
        adapter: AdapterChoice = .none, isConversational: Bool = true
    ) throws -> Baking.GenerationRequest {
        let context = try backend.template.context(
            system: prompt.map { .text($0) } ?? .none, turns: [ChatMessage(.user, text)],
            using: backend.tokenizer)
        // Without stop tokens, so that a reply is as long as the test needs it.
        return Baking.GenerationRequest(
            id: text, messages: [ChatMessage(.user, text)], context: context, temperature: 1,
            seed: 7, maximumTokenCount: tokenCount, stopTokens: [], topK: topK, adapter: adapter,
            isConversational: isConversational)
    }

    private struct Answer: Equatable {
        var step: Int?
        var tokens: [TokenID]
        var rows: [TopKRow]?
    }

    private func answers(
        _ requests: [Baking.GenerationRequest]
    ) async throws -> [String: Answer] {
        var steps: [String: Int?] = [:]
        var tokens: [String: [TokenID]] = [:]
        var answers: [String: Answer] = [:]
        for try await event in backend.generate(requests) {
            switch event {
            case .began(let id, let step):
                #expect(steps[id] == nil && tokens[id] == nil)
                steps[id] = .some(step)
            case .token(let id, let token):
                #expect(steps[id] != nil)
                tokens[id, default: []].append(token)
            case .finished(let response):
                #expect(response.tokens == tokens[response.id])
                let step = try #require(steps[response.id])
                answers[response.id] = Answer(
                    step: step, tokens: response.tokens, rows: response.rows)
            case .failed(_, let reason): Issue.record("\(reason)")
            case .text, .spent, .declined: Issue.record("\(event)")
            }
        }
        return answers
    }

    private func answer(_ request: Baking.GenerationRequest) async throws -> Answer {
        try #require(try await answers([request])[request.id])
    }

    private func examples() async throws -> [Baking.TrainingExample] {
        let requests = try Self.questions.map {
            try request($0, prompt: "You are a pirate.", topK: 20, isConversational: false)
        }
        let answers = try await answers(requests)
        return try requests.map { teacher in
            let answer = try #require(answers[teacher.id])
            return Baking.TrainingExample(
                rendered: RenderedExample(
                    teacherContext: teacher.context,
                    studentContext: try request(teacher.id).context,
                    responseTokens: answer.tokens),
                rows: try #require(answer.rows))
        }
    }

    private func folder(_ name: String) throws -> URL {
        let url = directory.url.appending(path: name, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    /// Does `work` while somebody asks and asks again; at least until two replies are complete.
    private func chatting(
        _ requests: [Baking.GenerationRequest], _ work: () async throws -> Void
    ) async throws -> [Answer] {
        let isOver = Flag()
        return try await withThrowingTaskGroup(of: [Answer].self) { group in
            group.addTask {
                var found: [Answer] = []
                while !isOver.isUp || found.count < 2 {
                    found += try await answers(requests).values
                }
                return found
            }
            try await work()
            isOver.raise()
            return try await group.next() ?? []
        }
    }

    // MARK: In the middle of a long call

    @Test func `a reply comes in the middle of a long call, as if it were alone`() async throws {
        let requests = try Self.questions.map { try request($0) }
        let alone = try await answers(requests)
        #expect(alone.count == requests.count)
        let isDone = Flag()
        async let work: Void = backend.engine.work(until: isDone)
        // The call does not end before.
        let beside = try await answers(requests)
        isDone.raise()
        try await work
        #expect(beside == alone)
        #expect(beside.values.allSatisfy { $0.step == nil })
    }

    @Test func `what goes wrong with a reply is told while the call goes on`() async throws {
        let isDone = Flag()
        async let work: Void = backend.engine.work(until: isDone)
        let long = try request(String(repeating: "gravity ", count: 3000))
        await #expect(throws: BackendError.self) { _ = try await answers([long]) }
        let untrained = try request("Hello!", adapter: .training(strength: 1))
        await #expect(throws: BackendError.notTraining) { _ = try await answers([untrained]) }
        isDone.raise()
        try await work
    }

    @Test func `a reply given up leaves the call and other replies alone`() async throws {
        let request = try request("Hello!")
        let alone = try await answer(request)
        let isDone = Flag()
        async let work: Void = backend.engine.work(until: isDone)
        let endless = try self.request("Who are you?", tokenCount: 100_000)
        for try await case .token in backend.generate([endless]) { break }
        #expect(try await answer(request) == alone)
        isDone.raise()
        try await work
        #expect(await backend.engine.guestCount == 0)
    }

    @Test func `a call that is cancelled leaves replies alone`() async throws {
        let request = try request("Hello!", tokenCount: 400)
        let alone = try await answer(request)
        let work = Task { [backend] in try await backend.engine.work(until: Flag()) }
        var events = backend.generate([request]).makeAsyncIterator()
        var tokens: [TokenID] = []
        while let event = try await events.next() {
            guard case .token(_, let token) = event else { continue }
            tokens.append(token)
            if tokens.count == 5 { work.cancel() }
        }
        #expect(tokens == alone.tokens)
        await #expect(throws: CancellationError.self) { try await work.value }
    }

    // MARK: Beside a bake

    @Test func `a bake gives the same bytes whoever chats meanwhile`() async throws {
        let examples = try await examples()
        func bake(_ name: String) async throws -> [Data] {
            try await backend.beginTraining(Self.configuration, from: nil)
            for _ in 0..<3 { _ = try await backend.step(examples, learningRate: 3e-3) }
            let kl = try await backend.kl(of: examples, adapter: .training(strength: 1))
            let folder = try folder(name)
            try await backend.saveCheckpoint(to: folder, base: "starter")
            var rows: [Int: [TopKRow]] = [:]
            for try await target in backend.targets(for: examples.map(\.rendered), topK: 20) {
                rows[target.index] = target.rows
            }
            for (index, example) in examples.enumerated() { #expect(rows[index] == example.rows) }
            let answers = try await answers(
                Self.questions.map {
                    try request($0, adapter: .training(strength: 1), isConversational: false)
                })
            return try [
                Data("\(kl) \(Self.questions.map { answers[$0] })".utf8),
                Data(contentsOf: folder.appending(path: "adapter_model.safetensors")),
                Data(contentsOf: folder.appending(path: "trainer.safetensors")),
            ]
        }
        let quiet = try await bake("quiet")
        var beside: [Data] = []
        _ = try await chatting([
            request("Who are you?"), request("Hello!", adapter: .training(strength: 0.5)),
        ]) { beside = try await bake("beside") }
        #expect(beside == quiet)
    }

    @Test func `a reply is that of the step it names`() async throws {
        let examples = try await examples()
        try await backend.beginTraining(Self.configuration, from: nil)
        try await backend.saveCheckpoint(to: folder("0"), base: "starter")
        let found = try await chatting([
            request("Hello!", tokenCount: 8, adapter: .training(strength: 1))
        ]) {
            for step in 1...6 {
                _ = try await backend.step(examples, learningRate: 3e-3)
                try await backend.saveCheckpoint(to: folder("\(step)"), base: "starter")
            }
        }
        for answer in found {
            let step = try #require(answer.step)
            let expected = try await self.answer(
                request(
                    "Hello!", tokenCount: 8,
                    adapter: .checkpoint(directory.url.appending(path: "\(step)"), strength: 1)))
            #expect(answer.tokens == expected.tokens)
        }
    }

    // MARK: Strength

    @Test func `every strength answers from one reading of the adapter`() async throws {
        let examples = try await examples()
        let folder = try folder("adapter")
        try await backend.beginTraining(Self.configuration, from: nil)
        for _ in 0..<6 { _ = try await backend.step(examples, learningRate: 1e-2) }
        try await backend.saveCheckpoint(to: folder, base: "starter")
        var tokens: [Double: [TokenID]] = [:]
        for strength in stride(from: 1.5, through: -0.5, by: -0.25) {
            let answer = try await answer(
                request("Hello!", adapter: .checkpoint(folder, strength: strength)))
            #expect(answer.step == nil)
            tokens[strength] = answer.tokens
            // From here on there is nothing to read.
            if strength == 1.5 { try FileManager.default.removeItem(at: folder) }
        }
        #expect(try await answer(request("Hello!")).tokens == tokens[0])
        #expect(tokens[1] != tokens[0] && tokens.count == 9)
        #expect(
            try await backend.kl(of: examples, adapter: .checkpoint(folder, strength: 0))
                == backend.kl(of: examples, adapter: .none))
    }

    @Test func `another adapter in the same place is read anew`() async throws {
        let examples = try await examples()
        let folder = try folder("adapter")
        try await backend.beginTraining(Self.configuration, from: nil)
        var found: [KLSum] = []
        for _ in 0..<2 {
            for _ in 0..<3 { _ = try await backend.step(examples, learningRate: 3e-3) }
            try FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            try await backend.saveCheckpoint(to: folder, base: "starter")
            let kl = try await backend.kl(of: examples, adapter: .checkpoint(folder, strength: 1))
            #expect(
                try await backend.kl(of: examples, adapter: .training(strength: 1)) == kl)
            found.append(kl)
        }
        #expect(found[0] != found[1])
    }

    #if os(Linux)
        @Test(arguments: [false, true])
        func `an engine in the background has a priority below the others'`(
            isBackground: Bool
        ) async throws {
            let other = try LocalBackend(
                directory: LocalBackendTests.starter, name: "starter", precision: .bfloat16,
                threads: 2,
                isBackground: isBackground)
            let own = threadPriority()
            let found = await other.engine.priorities()
            #expect(found.count == 2)
            #expect(found.allSatisfy { isBackground ? $0 > own : $0 == own })
        }
    #endif
}

/// Something that has happened or not.
private final class Flag: Sendable {
    private let isRaised = Atomic(false)
    var isUp: Bool { isRaised.load(ordering: .acquiring) }
    func raise() { isRaised.store(true, ordering: .releasing) }
}

#if os(Linux)
    /// Of the calling thread; lower numbers go first.
    private func threadPriority() -> Int32 {
        getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    }
#endif

extension LocalEngine {
    fileprivate var guestCount: Int { guests.count }

    /// A long call without an end of its own.
    fileprivate func work(until flag: Flag) throws {
        while !flag.isUp { try check() }
    }

    #if os(Linux)
        /// Of every thread the engine computes with.
        fileprivate func priorities() -> [Int32] {
            let found = Mutex<[Int32]>([])
            let count = decoder.pool.threadCount
            decoder.pool.forEach(count) { _ in
                found.withLock { $0.append(threadPriority()) }
                // Nobody takes a second turn before all had one.
                while found.withLock({ $0.count }) < count { sched_yield() }
            }
            return found.withLock { $0 }
        }
    #endif
}
