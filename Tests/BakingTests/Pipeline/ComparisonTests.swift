import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Baking

@Suite struct ComparisonTests {
    private let adapter = AdapterChoice.checkpoint(
        URL(filePath: "/runs/r/checkpoints/step-000020"), strength: 0.5)

    private func settings() throws -> ChatSettings {
        ChatSettings(
            prompt: try Prompt(text: "You are a pirate."), adapter: adapter, step: 20,
            temperature: 0.7, seed: 3, maximumTokenCount: 64)
    }

    private func comparison(
        _ backend: FakeBackend = FakeBackend(), arms: [Arm] = [.base, .prompted, .baked]
    ) throws -> Comparison {
        try Comparison(backend: backend, arms: arms, settings: try settings())
    }

    /// Notes the requests and answers with the pseudo-model.
    private func noting() -> (backend: FakeBackend, requests: RequestLog) {
        let log = RequestLog()
        var behaviour = FakeBackend.Behaviour()
        behaviour.respond = { request in
            log.add(request)
            return nil
        }
        return (FakeBackend(behaviour), log)
    }

    private final class RequestLog: Sendable {
        private let requests = Mutex<[Baking.GenerationRequest]>([])
        func add(_ request: Baking.GenerationRequest) { requests.withLock { $0.append(request) } }
        var all: [Baking.GenerationRequest] { requests.withLock { $0 } }
        func of(_ arm: Arm) -> [Baking.GenerationRequest] { all.filter { $0.id == arm.rawValue } }
    }

    @Test func `every arm streams its own reply with the same seed`() async throws {
        let (backend, log) = noting()
        var comparison = try comparison(backend)
        var streamed: [Arm: String] = [:]
        var finished: [Arm: Chat.Reply] = [:]
        var began: [Arm] = []
        for try await event in try comparison.reply(to: "Who are you?") {
            comparison.apply(event)
            switch event {
            case .began(let arm, _): began.append(arm)
            case .piece(let arm, let text): streamed[arm, default: ""] += text
            case .finished(let arm, let reply): finished[arm] = reply
            case .failed: Issue.record("\(event)")
            }
        }
        #expect(began == [.base, .prompted, .baked])
        #expect(Set(finished.keys) == [.base, .prompted, .baked])
        #expect(Set(finished.values.map(\.text)).count == 3)
        for (arm, reply) in finished {
            #expect(streamed[arm] == reply.text && reply.stop == .end)
            let kept = try #require(comparison.transcript.turns[0][arm])
            #expect(kept.text == reply.text && kept.stop == .end)
            #expect(kept.tokenCount == reply.tokenCount)
            #expect(kept.step == (arm.hasAdapter ? 20 : nil))
            #expect(kept.strength == (arm.hasAdapter ? 0.5 : nil))
        }
        #expect(log.all.map(\.id) == ["base", "prompted", "baked"])
        #expect(log.all.map(\.seed) == [3, 3, 3])
        #expect(log.of(.base)[0].adapter == .none && log.of(.baked)[0].adapter == adapter)
        #expect(log.of(.prompted)[0].messages.first?.role == .system)
    }

    @Test func `every arm reads its own replies in the next message`() async throws {
        let (backend, log) = noting()
        var comparison = try comparison(backend, arms: [.base, .baked])
        for message in ["One", "Two"] {
            for try await event in try comparison.reply(to: message) { comparison.apply(event) }
        }
        for arm in [Arm.base, .baked] {
            let second = try #require(log.of(arm).last)
            #expect(second.seed == 4)
            #expect(
                second.messages.map(\.content) == [
                    "One", comparison.transcript.turns[0][arm]?.text, "Two",
                ])
        }
    }

    @Test func `an arm that joins later has read what it was asked`() async throws {
        let (backend, log) = noting()
        var comparison = try comparison(backend, arms: [.baked])
        for try await event in try comparison.reply(to: "One") { comparison.apply(event) }
        comparison.arms = [.baked, .base]
        comparison.settings.temperature = 0
        comparison.settings.adapter = .training(strength: 1)
        for try await event in try comparison.reply(to: "Two") { comparison.apply(event) }
        #expect(log.of(.base)[0].messages.map(\.content) == ["Two"])
        // The same message, the same seed.
        #expect(log.of(.base)[0].seed == log.of(.baked)[1].seed)
        #expect(log.of(.baked)[1].adapter == .training(strength: 1))
        #expect(log.of(.baked)[1].temperature == 0)
    }

    @Test func `one arm's failure leaves the others`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.fails = { $0.id == "base" }
        var comparison = try comparison(FakeBackend(behaviour))
        let events = try await comparison.reply(to: "Hello").collected()
        for event in events { comparison.apply(event) }
        #expect(events.contains(.failed(.base, reason: "the service said no")))
        let turn = comparison.transcript.turns[0]
        #expect(turn[.base]?.failure == "the service said no" && turn[.base]?.stop == nil)
        #expect(turn[.baked]?.stop == .end && turn[.prompted]?.stop == .end)
        // What got no reply is not in the next context.
        let (next, log) = noting()
        var reopened = try Comparison(
            backend: next, arms: [.base], settings: try settings(),
            transcript: comparison.transcript)
        _ = try await reopened.reply(to: "Again").collected()
        #expect(log.all[0].messages.map(\.content) == ["Again"])
    }

    @Test func `a conversation that no longer fits fails by itself`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.contextLength = 50
        let (_, log) = noting()
        behaviour.respond = { request in
            log.add(request)
            return nil
        }
        var comparison = try comparison(FakeBackend(behaviour), arms: [.base, .prompted])
        let events = try await comparison.reply(to: "Hello there").collected()
        #expect(
            events.contains {
                if case .failed(.prompted, let reason) = $0 { reason.contains("50") } else { false }
            })
        // And a reply has no more tokens than there is room for.
        #expect(log.all.map(\.id) == ["base"])
        #expect(log.all[0].context.count + log.all[0].maximumTokenCount == 50)
    }

    @Test func `a cancelled reply stays as far as it was streamed, or is cut`() async throws {
        let backend = FakeBackend()
        var comparison = try comparison(backend, arms: [.baked])
        for try await event in try comparison.reply(to: "One") { comparison.apply(event) }
        for try await event in try comparison.reply(to: "Two") {
            comparison.apply(event)
            if let text = comparison.transcript.turns[1][.baked]?.text, text.count > 3 { break }
        }
        let text = try #require(comparison.transcript.turns[1][.baked]?.text)
        guard case .reply(1, let kept) = comparison.incompleteReplies.first else {
            Issue.record("\(comparison.incompleteReplies)")
            return
        }
        #expect(kept.text == text && kept.stop == nil && kept.failure == nil)
        // The same message once more: the same context and seed, so the same beginning.
        comparison.cut(to: 1)
        for try await event in try comparison.reply(to: "Two") { comparison.apply(event) }
        #expect(comparison.transcript.turns[1][.baked]?.text.hasPrefix(text) == true)
        #expect(comparison.incompleteReplies.isEmpty)
    }

    @Test func `an arm without what it needs is refused before anything is sent`() throws {
        var settings = try settings()
        settings.adapter = .none
        settings.prompt = nil
        let backend = FakeBackend()
        for arms in [[Arm.baked], [.prompted], [], [.base, .base]] {
            #expect(throws: BackendError.self) {
                try Comparison(backend: backend, arms: arms, settings: settings)
            }
        }
        var comparison = try comparison(backend)
        comparison.settings.adapter = .none
        #expect(throws: BackendError.self) { _ = try comparison.reply(to: "Hello") }
        #expect(comparison.transcript.turns.isEmpty && backend.calls.isEmpty)
    }

    @Test func `a chat is a comparison of one arm`() async throws {
        let backend = FakeBackend()
        var comparison = try comparison(backend, arms: [.baked])
        var chat = try Chat(backend: backend, arm: .baked, settings: try settings())
        for message in ["One", "Two"] {
            for try await event in try comparison.reply(to: message) { comparison.apply(event) }
            var shown = ""
            let reply = try await chat.reply(to: message) { shown += $0 }
            #expect(reply.text == comparison.transcript.turns.last?[.baked]?.text)
            #expect(shown == reply.text)
        }
        #expect(chat.turns.count == 4)
        chat.restart()
        #expect(chat.turns.isEmpty)
    }

    @Test func `a chat forgets a message whose reply failed`() async throws {
        var behaviour = FakeBackend.Behaviour()
        behaviour.fails = { $0.messages.last?.content == "Two" }
        var chat = try Chat(
            backend: FakeBackend(behaviour), arm: .baked, settings: try settings())
        _ = try await chat.reply(to: "One")
        await #expect(throws: BackendError.refused(what: "the service said no", remedy: nil)) {
            try await chat.reply(to: "Two")
        }
        #expect(chat.turns.map(\.content).first == "One")
        #expect(chat.turns.count == 2)
    }
}
