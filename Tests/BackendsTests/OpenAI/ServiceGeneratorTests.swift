import Baking
import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct ServiceGeneratorTests {
    /// What a call came to.
    private struct Outcome {
        var events: [Baking.GenerationEvent] = []
        var requests: [HTTPRequest] = []
        var notices: [ServiceNotice] = []
        var sleeps: [Duration] = []

        var finished: [GeneratedResponse] {
            events.compactMap { if case .finished(let response) = $0 { response } else { nil } }
        }
        var failures: [String: String] {
            events.reduce(into: [:]) { failures, event in
                switch event {
                case .failed(let id, let reason), .declined(let id, let reason):
                    failures[id] = reason
                default: break
                }
            }
        }
        var spent: [Spending] {
            events.compactMap { if case .spent(_, let amount) = $0 { amount } else { nil } }
        }
        var texts: [String] {
            events.compactMap { if case .text(_, let text) = $0 { text } else { nil } }
        }
    }

    private static let backend = FakeBackend()

    static func request(
        _ id: String, maximum: Int = 64, conversational: Bool = false,
        adapter: AdapterChoice = .none
    ) throws -> Baking.GenerationRequest {
        let turns = [ChatMessage(.user, "What is \(id)?")]
        return Baking.GenerationRequest(
            id: id, messages: [ChatMessage(.system, "Rhyme.")] + turns,
            context: try backend.template.context(
                system: .text("Rhyme."), turns: turns, using: backend.tokenizer),
            temperature: 0.7, seed: 3, maximumTokenCount: maximum,
            stopTokens: [ByteTokenizer.end], adapter: adapter, isConversational: conversational)
    }

    private static func requests(_ count: Int) throws -> [Baking.GenerationRequest] {
        try (0..<count).map { try request("\($0)") }
    }

    private func generate(
        _ requests: [Baking.GenerationRequest], base: String = OpenAIClientTests.base,
        thinking: Bool = false, concurrency: Int = 20, limit: Double? = nil, before: Double = 0,
        key: String? = "sk-secret", backend: any Backend = Self.backend,
        _ answer: @escaping @Sendable (HTTPRequest, Int) async throws -> HTTPResponse
    ) async throws -> Outcome {
        let transport = ScriptedTransport(answer)
        let clock = VirtualClock()
        let notices = Mutex<[ServiceNotice]>([])
        let notify: @Sendable (ServiceNotice) -> Void = { notice in
            notices.withLock { $0.append(notice) }
        }
        let client = OpenAIClient(
            name: "played", base: try #require(URL(string: base)), key: key.flatMap(Secret.init),
            keyVariable: "PLAYED_KEY",
            caller: HTTPCaller(transport: transport, clock: clock, random: { 0.5 }),
            notify: notify)
        let generator = ServiceGenerator(
            client: client, model: "m", for: backend, thinking: thinking,
            concurrency: concurrency, spendLimit: limit, notify: notify)
        var outcome = Outcome()
        let earlier = Spending(dollars: before, contextTokenCount: 0, responseTokenCount: 0)
        for try await event in generator.generate(requests, after: earlier) {
            outcome.events.append(event)
        }
        outcome.requests = transport.requests
        outcome.notices = notices.withLock { $0 }
        outcome.sleeps = clock.sleeps
        return outcome
    }

    private func tokens(_ text: String) -> [TokenID] {
        Self.backend.tokenizer.encode(text, special: .text, addSpecial: false)
    }

    // MARK: Responses

    @Test func `a response has the tokens of the model that is baked`() async throws {
        let outcome = try await generate([Self.request("rain")]) { _, _ in
            ChatPlay.stream([" Wa", "ter <|im_end|> 🌧\n"], cost: 0.5)
        }
        #expect(
            outcome.events == [
                .spent(
                    id: "rain",
                    Spending(dollars: 0.5, contextTokenCount: 10, responseTokenCount: 2)),
                .began(id: "rain", step: nil),
                .text(id: "rain", " Water <|im_end|> 🌧\n"),
                .finished(
                    GeneratedResponse(
                        id: "rain", tokens: tokens(" Water <|im_end|> 🌧\n") + [ByteTokenizer.end],
                        stop: .end)),
            ])
        let sent = try PlayedRequest(try #require(outcome.requests.first))
        #expect(sent.messages.map(\.content) == ["Rhyme.", "What is rain?"])
    }

    @Test func `a response at the limit has no end of turn, and one beyond it is cut`()
        async throws
    {
        let length = try await generate([Self.request("a")]) { _, _ in
            ChatPlay.stream(["Water"], finish: "length")
        }
        #expect(
            length.finished == [
                GeneratedResponse(id: "a", tokens: tokens("Water"), stop: .length)
            ])
        let long = try await generate([Self.request("a", maximum: 4)]) { _, _ in
            ChatPlay.stream(["Water"])
        }
        #expect(
            long.finished == [GeneratedResponse(id: "a", tokens: tokens("Wate"), stop: .length)])
        let exact = try await generate([Self.request("a", maximum: 6)]) { _, _ in
            ChatPlay.stream(["Water"])
        }
        #expect(exact.finished.map(\.stop) == [.end])
    }

    @Test(arguments: [
        (#""content":"<think>hm""#, "length", "went into reasoning"),
        (#""content":null,"refusal":"I will not.""#, "stop", "the model refuses: I will not."),
        (#""content":"x""#, "content_filter", "content filter"),
        (#""content":"x""#, "tool_calls", "\"tool_calls\""),
    ])
    func `an answer that is no response fails, is paid for and not tried again`(
        fields: String, finish: String, reason: String
    ) async throws {
        let body =
            ChatPlay.delta(fields) + ChatPlay.finish(finish, usage: ChatPlay.usage(cost: 0.1))
        let outcome = try await generate([Self.request("a")]) { _, _ in
            ChatPlay.chopped(body.utf8)
        }
        #expect(outcome.failures["a"]?.contains(reason) == true)
        #expect(outcome.spent.map(\.dollars) == [0.1])
        #expect(outcome.requests.count == 1)
    }

    @Test func `reasoning is no part of a response`() async throws {
        let outcome = try await generate([Self.request("a")], thinking: false) { _, _ in
            ChatPlay.stream(["<think>\nhm\n</think>\n\n", "Water."])
        }
        #expect(outcome.finished.map(\.tokens) == [tokens("Water.") + [ByteTokenizer.end]])
        #expect(outcome.texts == ["Water."])
    }

    @Test func `a chat shows text while it comes, beside others and at once`() async throws {
        let requests = try (0..<6).map { try Self.request("\($0)", conversational: true) }
        let all = Gate()
        let arrived = Mutex(0)
        let outcome = try await generate(requests, base: "http://host:11434/v1") { _, _ in
            let count = arrived.withLock {
                $0 += 1
                return $0
            }
            if count == 6 { all.open() }
            await all.wait()
            return ChatPlay.stream(["Wa", "ter."])
        }
        #expect(outcome.finished.count == 6)
        #expect(outcome.texts.filter { $0 == "Wa" }.count == 6)
    }

    @Test func `a chat that broke off after its first words is not begun again`() async throws {
        let outcome = try await generate([Self.request("a", conversational: true)]) { _, index in
            index == 0
                ? ChatPlay.failure(500)
                : ChatPlay.chopped(
                    (ChatPlay.text("Wa") + ChatPlay.text("ter")).utf8,
                    then: HTTPError.cut(host: "h", why: "reset"))
        }
        #expect(outcome.requests.count == 2)
        #expect(outcome.failures["a"]?.contains("incomplete") == true)
    }

    @Test func `an adapter is refused`() async throws {
        let requests = [
            try Self.request("a", adapter: .training(strength: 1)), try Self.request("b"),
        ]
        let outcome = try await generate(requests) { _, _ in ChatPlay.stream(["Water."]) }
        #expect(outcome.failures["a"]?.contains("adapter") == true)
        #expect(outcome.finished.map(\.id) == ["b"])
    }

    // MARK: Failures

    @Test(arguments: [408, 409, 425, 429, 500, 502, 503, 504, 520, 524, 529])
    func `a passing failure is tried six times`(status: Int) async throws {
        let better = try await generate([Self.request("a")]) { _, index in
            index < 5 ? ChatPlay.failure(status) : ChatPlay.stream(["Water."])
        }
        #expect(better.finished.count == 1)
        #expect(
            better.sleeps
                == [500, 1000, 2000, 4000, 8000].map { Duration.milliseconds($0) })
        let never = try await generate([Self.request("a")]) { _, _ in
            ChatPlay.failure(status, "later")
        }
        #expect(never.requests.count == 6)
        #expect(never.failures["a"] == "played: it answers \(status): later")
    }

    @Test(arguments: [400, 403, 405, 413, 422, 307])
    func `a failure of one request leaves the others alone`(status: Int) async throws {
        let outcome = try await generate(Self.requests(5)) { request, _ in
            try PlayedRequest(request).messages[1].content == "What is 2?"
                ? ChatPlay.failure(
                    status, "no", fields: #","metadata":{"reasons":["violence"]}"#)
                : ChatPlay.stream(["Water."])
        }
        #expect(outcome.finished.count == 4)
        #expect(outcome.failures.keys.sorted() == ["2"])
        #expect(outcome.requests.count == 5)
        #expect(status != 403 || outcome.failures["2"]?.contains("violence") == true)
        #expect(outcome.spent.count == 4)
    }

    @Test(arguments: [
        (401, "no", "", "set PLAYED_KEY to a valid key"),
        (402, "no", "", "add credit"),
        (404, "no", "", "services.played.model (m)"),
        (429, "no", #","code":"insufficient_quota""#, "quota"),
    ])
    func `a failure that meets all ends all at once`(
        status: Int, message: String, fields: String, remedy: String
    ) async throws {
        let outcome = try await generate(Self.requests(50)) { request, index in
            if index == 0 { return ChatPlay.stream(["Water."]) }
            return ChatPlay.failure(status, message + " sk-secret", fields: fields)
        }
        #expect(outcome.finished.count == 1)
        #expect(outcome.failures.count == 49)
        #expect(Set(outcome.failures.values).count == 1)
        let reason = try #require(outcome.failures.values.first)
        #expect(reason.contains(remedy))
        #expect(!reason.contains("sk-secret"))
        // Five go at once after the first success.
        #expect(outcome.requests.count <= 6)
    }

    @Test func `too many requests in flight wait, and fewer go at once`() async throws {
        let outcome = try await generate(Self.requests(6)) { _, index in
            switch index {
            case 0..<3:
                ChatPlay.failure(
                    402, headers: ["Retry-After": "7"],
                    fields: #","metadata":{"limit_source":"openrouter_in_flight_budget"}"#)
            default: ChatPlay.stream(["Water."])
            }
        }
        #expect(outcome.finished.count == 6)
        #expect(outcome.sleeps.contains(.seconds(7)))
        #expect(outcome.notices.contains { if case .waiting = $0 { true } else { false } })
        #expect(outcome.notices.contains(.resumed(service: "played")))
    }

    @Test func `a server that cannot be reached ends all after six tries`() async throws {
        let outcome = try await generate(Self.requests(40)) { _, _ in
            throw HTTPError.cannotConnect(host: "h", why: "refused")
        }
        #expect(outcome.failures.count == 40)
        #expect(outcome.requests.count < 50)
        #expect(outcome.failures["7"]?.contains("services.played.base-url") == true)
        #expect(outcome.spent.isEmpty)
    }

    @Test func `an answer that ends too early is tried once more, then whole`() async throws {
        let text = try await generate([Self.request("a")]) { _, _ in
            ChatPlay.chopped((ChatPlay.text("Wa") + ChatPlay.done).utf8)
        }
        #expect(text.requests.count == 2)
        #expect(text.failures["a"]?.contains("incomplete") == true)
        #expect(text.spent.count == 2)
        let silent = try await generate([Self.request("a")]) { request, _ in
            try PlayedRequest(request).stream == true
                ? .scripted(200, "", headers: ChatPlay.sse)
                : ChatPlay.failure(400, "the prompt is too long")
        }
        #expect(silent.failures["a"] == "played: it answers 400: the prompt is too long")
        #expect(silent.requests.count == 2)
    }

    // MARK: Money

    private static let models = """
        {"data": [{"id": "m", "pricing": {"prompt": "0", "completion": "0.01", "request": "0"}}]}
        """

    @Test func `the spend limit holds, whatever is in flight`() async throws {
        // 64 tokens at most are 0.64, a real answer costs 0.4.
        let outcome = try await generate(Self.requests(50), limit: 5, before: 1) { request, _ in
            request.isChat
                ? ChatPlay.stream(["Water."], cost: 0.4) : .scripted(200, Self.models)
        }
        #expect(outcome.finished.count == 9)
        let spent = outcome.spent.compactMap(\.dollars).reduce(0, +)
        #expect(spent + 1 <= 5 && spent > 3)
        #expect(
            Set(outcome.failures.values) == [
                "the spend limit of $5 is reached; raise services.played.spend-limit and run again"
            ])
        #expect(outcome.failures.count == 41)
    }

    @Test func `attempts that may have been charged count with the most they may cost`()
        async throws
    {
        let outcome = try await generate([Self.request("a")], limit: 1.5) { request, index in
            guard request.isChat else { return .scripted(200, Self.models) }
            if index == 1 { throw HTTPError.timedOut(host: "h", waitingFor: "the answer") }
            return ChatPlay.stream(["Water."])
        }
        let spent = outcome.spent.compactMap(\.dollars)
        #expect(spent.count == 2)
        #expect(abs(spent[0] - 0.64) < 1e-9)
        #expect(abs(spent[1] - 0.01) < 1e-9)
        let stopped = try await generate([Self.request("a")], limit: 1) { request, _ in
            guard request.isChat else { return .scripted(200, Self.models) }
            throw HTTPError.timedOut(host: "h", waitingFor: "the answer")
        }
        #expect(stopped.failures["a"]?.contains("spend limit") == true)
        #expect(stopped.requests.filter(\.isChat).count == 1)
    }

    @Test func `what was broken off counts, and holds nothing back for ever`() async throws {
        let begun = Gate()
        let transport = ScriptedTransport { request, index in
            guard request.isChat else { return .scripted(200, Self.models) }
            if index > 1 { return ChatPlay.stream(["Water."], cost: 0.1) }
            begun.open()
            try await Task.sleep(for: .seconds(600))
            return .scripted(500)
        }
        let generator = ServiceGenerator(
            client: try OpenAIClientTests.client(transport), model: "m", for: Self.backend,
            thinking: false, concurrency: 20, spendLimit: 1.5)
        let first = Task { for try await _ in generator.generate(try Self.requests(1)) {} }
        await begun.wait()
        first.cancel()
        _ = await first.result
        while await generator.allowance.spent == 0 { await Task.yield() }
        #expect(abs(await generator.allowance.spent - 0.64) < 1e-9)
        var finished = 0
        for try await event in generator.generate(try Self.requests(20)) {
            if case .finished = event { finished += 1 }
        }
        #expect(finished == 3)
        #expect(abs(await generator.allowance.spent - 0.94) < 1e-9)
    }

    @Test func `a limit without known prices counts what answers say`() async throws {
        let outcome = try await generate(Self.requests(40), concurrency: 1, limit: 1) {
            request, _ in
            request.isChat
                ? ChatPlay.stream(["Water."], cost: 0.3) : ChatPlay.failure(404, "no list")
        }
        #expect(outcome.finished.count == 3)
        #expect(outcome.notices.contains { if case .warning = $0 { true } else { false } })
    }

    @Test func `what a bake may cost is known before`() async throws {
        let client = try OpenAIClientTests.client(
            ScriptedTransport { _, _ in .scripted(200, Self.models) })
        func generator(_ model: String) -> ServiceGenerator {
            ServiceGenerator(
                client: client, model: model, for: Self.backend, thinking: false, concurrency: 4)
        }
        let requests = try Self.requests(10)
        let estimate = try #require(try await generator("m").estimate(for: requests))
        #expect(estimate.requestCount == 10)
        #expect(estimate.largestResponseTokenCount == 640)
        #expect(abs((estimate.largestDollars ?? 0) - 6.4) < 1e-9)
        #expect(try await generator("other").estimate(for: requests)?.largestDollars == nil)
    }

    // MARK: Pace

    /// How many of `count` requests are in flight at once, by the order of their arrival. Each waits
    /// for as many as `reached` gives for the number of answers so far, but not for ever.
    private func widths(
        _ count: Int, base: String = OpenAIClientTests.base, concurrency: Int,
        reached: @escaping @Sendable (Int) -> Int = { _ in 1 },
        answer: @escaping @Sendable (Int) -> HTTPResponse = { _ in ChatPlay.stream(["Water."]) }
    ) async throws -> (most: Int, first: Int, outcome: Outcome) {
        struct Width { var now = 0, most = 0, first = 0, answered = 0, arrived = 0 }
        let width = Mutex(Width())
        let outcome = try await generate(
            Self.requests(count), base: base, concurrency: concurrency
        ) { request, index in
            guard request.isChat else { return .scripted(404) }
            width.withLock {
                $0.now += 1
                $0.arrived += 1
                $0.most = max($0.most, $0.now)
                if $0.answered == 0 { $0.first = max($0.first, $0.now) }
            }
            for turn in 0..<100_000 {
                let isReached = width.withLock {
                    $0.now >= reached($0.answered) || $0.arrived == count
                }
                if isReached && turn >= 20 { break }
                await Task.yield()
            }
            width.withLock {
                $0.now -= 1
                $0.answered += 1
            }
            return answer(index)
        }
        return width.withLock { ($0.most, $0.first, outcome) }
    }

    @Test func `four go at once, then one more after each twenty successes`() async throws {
        let (most, first, outcome) = try await widths(140, concurrency: 7) {
            min(7, 4 + $0 / 20)
        }
        #expect(first == 4)
        #expect(most == 7)
        #expect(outcome.finished.count == 140)
        #expect(try await widths(30, concurrency: 2, reached: { _ in 2 }).most == 2)
    }

    @Test(arguments: [11434, 1234])
    func `servers that answer one after the other are asked so`(port: Int) async throws {
        #expect(
            try await widths(10, base: "http://localhost:\(port)/v1", concurrency: 20).most == 1)
    }

    @Test func `a server that is asked too much is asked half as much`() async throws {
        let allowance = ServiceAllowance(maximumConcurrency: 20, limit: nil)
        #expect(await allowance.concurrency(startingWith: 4) == 4)
        for _ in 0..<320 { await allowance.succeeded() }
        #expect(await allowance.concurrency(startingWith: 4) == 20)
        // Four that were in flight together count as one.
        for _ in 0..<4 { await allowance.slowDown(since: 0) }
        #expect(await allowance.concurrency(startingWith: 4) == 10)
        for round in 1..<9 { await allowance.slowDown(since: round) }
        #expect(await allowance.concurrency(startingWith: 4) == 1)
    }

    @Test func `two hundred rows are asked for, twenty at once`() async throws {
        let requests = try (0..<50).flatMap { query in
            try [0.5, 0.7, 0.9, 1.0].map { temperature in
                var request = try Self.request("\(query)-\(temperature)")
                request.temperature = temperature
                return request
            }
        }
        let transport = ScriptedTransport { request, _ in
            let asked = try PlayedRequest(request)
            await Task.yield()
            return ChatPlay.stream(
                ["It is ", asked.messages[1].content, " at \(asked.temperature ?? -1)"])
        }
        let generator = ServiceGenerator(
            client: try OpenAIClientTests.client(transport), model: "m", for: Self.backend,
            thinking: false, concurrency: 20)
        #expect(await generator.allowance.concurrency(startingWith: 4) == 4)
        for _ in 0..<16 * 20 { await generator.allowance.succeeded() }
        var texts: [String: String] = [:]
        for try await event in generator.generate(requests) {
            guard case .finished(let response) = event else { continue }
            #expect(texts[response.id] == nil)
            texts[response.id] = Self.backend.tokenizer.decode(
                response.tokens.dropLast(), skipSpecial: true)
        }
        #expect(texts.count == 200)
        for (id, text) in texts {
            #expect(text == "It is What is \(id)? at \(id.split(separator: "-")[1])")
        }
    }

    @Test func `ending the iteration ends every transfer`() async throws {
        let begun = Gate()
        let ended = Mutex(0)
        let transport = ScriptedTransport { _, index in
            if index == 3 { begun.open() }
            let body = AsyncThrowingStream<Data, any Error> { continuation in
                continuation.onTermination = { _ in ended.withLock { $0 += 1 } }
                continuation.yield(Data(ChatPlay.text("Wa").utf8))
            }
            return HTTPResponse(
                status: 200, headers: ChatPlay.sse, url: URL(filePath: "/"), body: body)
        }
        let generator = ServiceGenerator(
            client: try OpenAIClientTests.client(transport), model: "m", for: Self.backend,
            thinking: false, concurrency: 20)
        let requests = try Self.requests(9)
        let task = Task {
            for try await _ in generator.generate(requests) {}
            try Task.checkCancellation()
        }
        await begun.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // The streams' ends are told on their own tasks.
        while ended.withLock({ $0 }) < 4 { await Task.yield() }
        #expect(transport.requests.count == 4)
    }
}
