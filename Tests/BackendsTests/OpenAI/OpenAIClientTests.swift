import Baking
import Foundation
import Synchronization
import Testing
import Transformer

@testable import Backends

@Suite struct OpenAIClientTests {
    static let base = "https://openrouter.ai/api/v1"

    static func client(
        _ transport: any HTTPTransport, base: String = base, key: String? = nil,
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) throws -> OpenAIClient {
        OpenAIClient(
            name: "played", base: try #require(URL(string: base)), key: key.flatMap(Secret.init),
            keyVariable: "PLAYED_KEY",
            caller: HTTPCaller(transport: transport, clock: VirtualClock(), random: { 0.5 }),
            notify: notify)
    }

    static let request = OpenAIChatRequest(
        model: "m",
        messages: [ChatMessage(.system, "Rhyme."), ChatMessage(.user, "What is rain?")],
        maximumTokenCount: 64, temperature: 0.7, seed: .max, thinking: false)

    /// What comes of one answer; text in one piece.
    private func answer(
        _ response: HTTPResponse, key: String? = nil, thinking: Bool = false
    ) async throws -> [OpenAIEvent] {
        let transport = ScriptedTransport([response])
        var request = Self.request
        request.thinking = thinking
        var (text, reasoning) = ("", "")
        var events: [OpenAIEvent] = []
        for try await event in try Self.client(transport, key: key).chat(request) {
            switch event {
            case .text(let piece): text += piece
            case .reasoning(let piece): reasoning += piece
            case .textWasReasoning: (text, reasoning) = ("", reasoning + text)
            default: events.append(event)
            }
        }
        return (reasoning.isEmpty ? [] : [.reasoning(reasoning)]) + [.text(text)] + events
    }

    private func error(_ response: HTTPResponse, key: String? = nil) async -> OpenAIError? {
        await #expect(throws: OpenAIError.self) { try await answer(response, key: key) }
    }

    // MARK: Requests

    @Test(arguments: [
        ("https://openrouter.ai/api/v1/", #""reasoning":{"enabled":false}"#, "max_tokens"),
        (
            "https://api.openai.com/v1", #""reasoning_effort":"none""#,
            "max_completion_tokens"
        ),
        ("http://host:11434/v1", #""reasoning_effort":"none""#, "max_tokens"),
        (
            "http://host:1234/v1//", #""chat_template_kwargs":{"enable_thinking":false}"#,
            "max_tokens"
        ),
        (
            "https://vllm.example.com/v1",
            #""chat_template_kwargs":{"enable_thinking":false}"#, "max_tokens"
        ),
    ])
    func `a request is what this server understands`(
        base: String, thinking: String, limit: String
    ) async throws {
        let transport = ScriptedTransport([ChatPlay.stream(["Water."])])
        for try await _ in try Self.client(transport, base: base, key: "k").chat(Self.request) {}
        let request = try #require(transport.requests.first)
        let trimmed = base.trimmingCharacters(in: CharacterSet(charactersIn: "/"))
        #expect(request.url.absoluteString == trimmed + "/chat/completions")
        #expect(request.credential?.header == "Authorization")
        let body = String(decoding: try #require(request.body), as: UTF8.self)
        #expect(
            body == """
                {\(thinking.hasPrefix("\"chat") ? thinking + "," : "")\
                \(limit == "max_tokens" ? "" : "\"max_completion_tokens\":64,")\
                \(limit == "max_tokens" ? "\"max_tokens\":64," : "")\
                "messages":[{"content":"Rhyme.","role":"system"},\
                {"content":"What is rain?","role":"user"}],"model":"m",\
                \(thinking.hasPrefix("\"reas") ? thinking + "," : "")\
                "seed":2147483647,"stream":true,"stream_options":{"include_usage":true},\
                "temperature":0.7}
                """)
    }

    @Test func `without a key none is sent`() async throws {
        let transport = ScriptedTransport([ChatPlay.stream(["Water."])])
        let client = try Self.client(transport)
        for try await _ in client.chat(Self.request) {}
        let request = try #require(transport.requests.first)
        #expect(request.credential == nil)
    }

    @Test func `Ollama is known at any port, and asked once`() async throws {
        let transport = ScriptedTransport { request, _ in
            request.isChat
                ? ChatPlay.stream(["Water."]) : .scripted(200, #"{"version":"0.12.0"}"#)
        }
        let client = try Self.client(transport, base: "http://host:4000/v1")
        for _ in 0..<2 { for try await _ in client.chat(Self.request) {} }
        #expect(
            transport.requests.map { $0.url.path() } == [
                "/api/version", "/v1/chat/completions", "/v1/chat/completions",
            ])
        #expect(transport.requests.last?.chatFields["reasoning_effort"] as? String == "none")
    }

    // MARK: Answers

    @Test(arguments: [1, 2, 3, 5, 10_000])
    func `a stream is read however it is cut`(size: Int) async throws {
        let body =
            "\u{FEFF}: hello\r\n\r\n" + ChatPlay.delta(#""role":"assistant""#)
            + ChatPlay.text("Rain 🌧").replacingOccurrences(of: "\n", with: "\r\n")
            + ChatPlay.delta(#""content":null"#) + ChatPlay.event(#"{"choices":[]}"#)
            + ChatPlay.text("\u{301} is…").replacingOccurrences(of: "data: ", with: "data:")
            + ChatPlay.finish()
            + "data: " + #"{"choices":[],"usage":\#(ChatPlay.usage(cost: 0.25))}"#
        let events = try await answer(ChatPlay.chopped(body.utf8, size: size))
        #expect(
            events == [
                .text("Rain 🌧\u{301} is…"),
                .usage(
                    OpenAIUsage(contextTokenCount: 10, responseTokenCount: 5, dollars: 0.25)),
                .finished("stop"),
            ])
    }

    @Test func `the reason for ending, not DONE, makes an answer complete`() async throws {
        let complete = ChatPlay.text("Water.") + ChatPlay.finish(usage: ChatPlay.usage())
        let usage = OpenAIEvent.usage(
            OpenAIUsage(contextTokenCount: 10, responseTokenCount: 5, dollars: nil))
        let whole = [.text("Water."), usage, .finished("stop")]
        #expect(try await answer(ChatPlay.chopped(complete.utf8)) == whole)
        let cut = HTTPError.cut(host: "h", why: "reset")
        #expect(try await answer(ChatPlay.chopped(complete.utf8, then: cut)) == whole)
        #expect(try await answer(ChatPlay.chopped((complete + "data: {oh\n\n").utf8)) == whole)
        #expect(
            try await answer(
                ChatPlay.chopped((ChatPlay.text("Water.") + ChatPlay.finish("length")).utf8)) == [
                    .text("Water."), .finished("length"),
                ])
        #expect(
            await error(ChatPlay.chopped((ChatPlay.text("Water.") + ChatPlay.done).utf8))
                == .incomplete(why: "it ended without a reason"))
        #expect(
            await error(
                ChatPlay.chopped(ChatPlay.cutInCharacter(ChatPlay.text("Water 🌧")), then: cut))
                == .transport(cut))
        #expect(
            await error(
                ChatPlay.chopped(
                    ChatPlay.cutInCharacter(ChatPlay.text("Water") + ChatPlay.text("🌧")),
                    then: cut))
                == .incomplete(why: "\(cut)"))
        #expect(
            await error(.scripted(200, "", headers: ChatPlay.sse)).map { "\($0)" }?
                .contains("nothing came: an empty body") == true)
    }

    @Test func `a server that keeps the line open after its answer is not waited for`()
        async throws
    {
        let body = AsyncThrowingStream<Data, any Error> { continuation in
            continuation.yield(
                Data((ChatPlay.text("Water.") + ChatPlay.finish()).utf8))
            for _ in 0..<10 { continuation.yield(Data(": ping\n".utf8)) }
        }
        let response = HTTPResponse(
            status: 200, headers: ChatPlay.sse, url: URL(filePath: "/"), body: body)
        #expect(try await answer(response) == [.text("Water."), .finished("stop")])
    }

    @Test(arguments: [
        ("application/json; charset=utf-8", "stop"), ("text/plain", "length"), ("", "stop"),
    ])
    func `a whole answer is as good as a stream`(type: String, finish: String) async throws {
        var response = ChatPlay.whole(" Water.\n", finish: finish)
        response.headers = type.isEmpty ? [:] : ["Content-Type": type]
        #expect(
            try await answer(response) == [
                .text(" Water.\n"), .model("m"),
                .usage(OpenAIUsage(contextTokenCount: 10, responseTokenCount: 5, dollars: nil)),
                .finished(finish),
            ])
    }

    @Test(arguments: [
        (#""reasoning":"Hm.","content":null"#, #""content":"Water.""#),
        (#""reasoning_content":"Hm.""#, #""content":"\n\nWater.""#),
        (#""content":"<think>Hm.""#, #""content":"</think>\n\nWater.""#),
        (#""content":"Hm.</thi""#, #""content":"nk>\nWater.""#),
        (#""content":[{"type":"text","text":"Hm."}]"#, #""content":"</think>Water.""#),
    ])
    func `reasoning is parted from text in every form`(first: String, second: String) async throws {
        let body = ChatPlay.delta(first) + ChatPlay.delta(second) + ChatPlay.finish()
        for thinking in [false, true] {
            #expect(
                try await answer(ChatPlay.chopped(body.utf8), thinking: thinking) == [
                    .reasoning("Hm."), .text("Water."), .finished("stop"),
                ])
        }
    }

    @Test func `numbers nobody can have meant are left out`() async throws {
        let usage = #"{"prompt_tokens":-1,"completion_tokens":1e300,"cost":1e308}"#
        let body = ChatPlay.text("Water.") + ChatPlay.finish(usage: usage)
        #expect(
            try await answer(ChatPlay.chopped(body.utf8)).contains(
                .usage(
                    OpenAIUsage(contextTokenCount: nil, responseTokenCount: nil, dollars: nil))))
    }

    @Test func `an answer that does not end is broken off`() async throws {
        let pulled = Mutex(0)
        let piece = Data(ChatPlay.text(String(repeating: "rain ", count: 200)).utf8)
        let body = AsyncThrowingStream<Data, any Error> {
            pulled.withLock { $0 += 1 }
            return piece
        }
        let response = HTTPResponse(
            status: 200, headers: ChatPlay.sse, url: URL(filePath: "/"), body: body)
        guard case .endless = await error(response) else {
            Issue.record("it went on")
            return
        }
        #expect(pulled.withLock { $0 } < 100)
        let wordless = AsyncThrowingStream<Data, any Error> { Data(count: 8 << 20) }
        let silent = HTTPResponse(
            status: 200, headers: ChatPlay.json, url: URL(filePath: "/"), body: wordless)
        guard case .endless = await error(silent) else {
            Issue.record("it went on")
            return
        }
    }

    // MARK: Errors

    @Test(arguments: [
        (
            400, #"{"error":{"message":"too long","type":"t","code":"context_length_exceeded"}}"#,
            "too long"
        ),
        (404, #"{"error":"model 'm' not found"}"#, "model 'm' not found"),
        (400, #"{"object":"error","message":"bad","code":400}"#, "bad"),
        (401, #"{"detail":"Not authenticated"}"#, "Not authenticated"),
        (
            422,
            #"{"detail":[{"loc":["body","messages"],"msg":"Field required","type":"missing"}]}"#,
            "body.messages: Field required"
        ),
        (
            502, "<html>\n<title>502 Bad\u{1B}[31m Gateway</title>",
            "<html> <title>502 Bad [31m Gateway</title>"
        ),
        (500, "", ""),
        (500, #"{"error":null}"#, #"{"error":null}"#),
        (500, #"{"error":{"message":null,"code":7}}"#, #"{"error":{"message":null,"code":7}}"#),
        (
            503,
            #"{"error":{"message":"Provider returned error","code":503,"metadata":{"raw":"busy"}}}"#,
            "Provider returned error: busy"
        ),
        (400, String(repeating: "x", count: 5000), String(repeating: "x", count: 300) + "…"),
    ])
    func `a status that says no is told in the server's words`(
        status: Int, body: String, message: String
    ) async throws {
        guard case .refused(let refusal) = await error(.scripted(status, body)) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.status == status)
        #expect(refusal.message == message)
    }

    @Test(arguments: [
        (
            #"data: {"error":{"code":429,"message":"slow","metadata":{"error_type":"rate_limit_exceeded"}},"#
                + #""choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#, 429,
            "slow"
        ),
        (#"data: {"error":{"code":"server_error","message":"broke"},"choices":[]}"#, 500, "broke"),
        (#"data: {"error":{"message":"bad","type":"BadRequestError","code":400}}"#, 400, "bad"),
        ("event: error\ndata: {\"code\":400,\"details\":\"bad\"}", 400, "bad"),
        (#"data: {"object":"error","message":"bad","code":40303}"#, 500, "bad"),
        (#"data: {"error":"model fell over"}"#, 500, "model fell over"),
        (#"error: {"code":503,"message":"Loading model"}"#, 503, "Loading model"),
        (
            #"data: {"choices":[{"index":0,"finish_reason":"error","error":{"message":"overloaded","#
                + #""code":"overloaded_error"}}]}"#, 503, "overloaded"
        ),
        (
            #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}"#, 500,
            "it broke off with an error"
        ),
    ])
    func `an error inside a stream is one, first or later`(
        event: String, status: Int, message: String
    ) async throws {
        for start in ["", ChatPlay.text("Wat")] {
            let response = ChatPlay.chopped((start + event + "\n\n" + ChatPlay.done).utf8)
            guard case .refused(let refusal) = await error(response) else {
                Issue.record("not refused after \(start)")
                continue
            }
            #expect(refusal.status == status)
            #expect(refusal.message == message)
        }
    }

    @Test func `an error as a whole answer is one`() async throws {
        let body = #"{"error":{"code":402,"message":"no credit"}}"#
        guard case .refused(let refusal) = await error(.scripted(200, body, headers: ChatPlay.json))
        else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.status == 402)
    }

    @Test(arguments: ["data: {oh no\n\n", "data: <html>\n\n", "data: 7\n\n"])
    func `what is no JSON is shown`(body: String) async throws {
        guard case .malformed(let start) = await error(ChatPlay.chopped(body.utf8)) else {
            Issue.record("not malformed")
            return
        }
        #expect(start.contains(body.dropFirst(6).dropLast(2)))
        let long = "data: " + String(repeating: "y", count: 100_000) + "\n\n"
        guard case .malformed(let shown) = await error(ChatPlay.chopped(long.utf8, size: 999))
        else {
            Issue.record("not malformed")
            return
        }
        #expect(shown.count < 210)
    }

    @Test func `a key that a server repeats is not shown`() async throws {
        let key = "sk-very-secret"
        let bodies: [HTTPResponse] = [
            ChatPlay.failure(401, "wrong key \(key)"),
            .scripted(500, "wrong \(key)"),
            ChatPlay.chopped(#"data: {"error":{"message":"\#(key)"}}"#.utf8),
            ChatPlay.chopped("data: \(key)\n\n".utf8),
        ]
        for body in bodies {
            let error = try #require(await error(body, key: key))
            #expect(!"\(error)".contains("secret"), "\(error)")
            #expect("\(error)".contains("(key)"))
        }
    }

    @Test func `a redirect is named and not followed`() async throws {
        let response = HTTPResponse.scripted(
            307, "", headers: ["Location": "https://elsewhere.example/v1"])
        #expect(
            await error(response).map { "\($0)" }?.contains("https://elsewhere.example/v1") == true)
    }

    @Test(arguments: [
        ("Unrecognized request argument supplied: seed", 400, "seed"),
        ("Unknown parameter: 'stream_options'.", 400, "stream_options"),
        ("chat_template_kwargs: Extra inputs are not permitted", 422, "chat_template_kwargs"),
        ("\\\"m\\\" does not support thinking", 400, "chat_template_kwargs"),
        ("stream is not supported", 400, "stream"),
    ])
    func `a field that the server does not know is left out from then on`(
        message: String, status: Int, field: String
    ) async throws {
        let transport = ScriptedTransport { request, _ in
            request.chatFields[field] != nil
                ? .scripted(status, #"{"error":{"message":"\#(message)"}}"#)
                : request.chatFields["stream"] == nil
                    ? ChatPlay.whole("Water.") : ChatPlay.stream(["Water."])
        }
        let notices = Mutex<[ServiceNotice]>([])
        let client = try Self.client(
            transport, base: "https://vllm.example.com/v1",
            notify: { notice in notices.withLock { $0.append(notice) } })
        for _ in 0..<2 { for try await _ in client.chat(Self.request) {} }
        #expect(transport.requests.map { $0.chatFields[field] != nil } == [true, false, false])
        guard case .note("played", let note)? = notices.withLock({ $0 }).first else {
            Issue.record("not told")
            return
        }
        #expect(note.contains("\"\(field)\""))
        #expect(notices.withLock { $0.count } == 1)
    }

    @Test func `a token limit has the name that the server wants`() async throws {
        let transport = ScriptedTransport { request, _ in
            request.chatFields["max_tokens"] != nil
                ? ChatPlay.failure(
                    400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
                )
                : ChatPlay.stream(["Water."])
        }
        let client = try Self.client(transport)
        for try await _ in client.chat(Self.request) {}
        #expect(transport.requests.last?.chatFields["max_completion_tokens"] as? Int == 64)
    }

    @Test func `a server that refuses every field is not asked for ever`() async throws {
        let fields = OpenAIAdjustment.Field.allCases.map(\.rawValue) + ["max_completion_tokens"]
        let transport = ScriptedTransport([
            ChatPlay.failure(400, "unknown: " + fields.joined(separator: ", "))
        ])
        let client = try Self.client(transport)
        await #expect(throws: OpenAIError.self) {
            for try await _ in client.chat(Self.request) {}
        }
        #expect(transport.requests.count < 12)
    }

    // MARK: Lists and account

    @Test func `models come with prices and lengths where the server tells them`() async throws {
        let transport = ScriptedTransport([
            .scripted(
                200,
                """
                {"data": [
                  {"id": "a/b", "context_length": 32768, "top_provider": {"max_completion_tokens": 900},
                   "pricing": {"prompt": "0.0000001", "completion": "0.0000004", "request": "0"}},
                  {"id": "free", "pricing": {"prompt": "0", "completion": "0"}},
                  {"id": "varies", "pricing": {"prompt": "-1", "completion": "-1"}},
                  {"id": "vllm", "max_model_len": 4096}, {"id": "llama", "meta": {"n_ctx_train": 99}},
                  {"name": "none"}, {"id": "odd", "context_length": "x", "pricing": {"prompt": "nan", "completion": 1}}
                ]}
                """)
        ])
        let models = try await Self.client(transport).models()
        #expect(
            models == [
                OpenAIModel(
                    id: "a/b", contextLength: 32768, maximumTokenCount: 900,
                    prices: OpenAIPrices(perContextToken: 1e-7, perResponseToken: 4e-7)),
                OpenAIModel(
                    id: "free", prices: OpenAIPrices(perContextToken: 0, perResponseToken: 0)),
                OpenAIModel(id: "varies"), OpenAIModel(id: "vllm", contextLength: 4096),
                OpenAIModel(id: "llama", contextLength: 99), OpenAIModel(id: "odd"),
            ])
        #expect(transport.requests.first?.url.path() == "/api/v1/models")
    }

    @Test func `a key's state is asked for`() async throws {
        let transport = ScriptedTransport([
            .scripted(
                200,
                """
                {"data": {"label": "sk-or-v1-abc...", "limit_remaining": null, "usage": 1.5,
                 "usage_daily": 0.5, "is_free_tier": true, "free_model_daily_requests": {"remaining": 40}}}
                """)
        ])
        let status = try await Self.client(transport, key: "k").keyStatus()
        #expect(
            status
                == OpenAIKeyStatus(
                    remaining: nil, used: 1.5, usedToday: 0.5, isFreeTier: true,
                    freeRequestsLeft: 40))
        #expect(transport.requests.first?.url.path() == "/api/v1/key")
        let refused = ScriptedTransport([ChatPlay.failure(401, "no such key")])
        await #expect(throws: OpenAIError.self) { try await Self.client(refused).keyStatus() }
        #expect(refused.requests.count == 1)
        let strange = ScriptedTransport([.scripted(200, "[]")])
        await #expect(throws: OpenAIError.malformed("[]")) {
            try await Self.client(strange).models()
        }
    }

    // MARK: Waits

    @Test(
        arguments: [
            (429, ["Retry-After": "7"], 7.0), (429, ["retry-after-ms": "1500"], 1.5),
            (503, ["Retry-After": "999999"], 300),
            (
                429, ["x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "1m2.5s"],
                62.5
            ),
            (
                429,
                [
                    "x-ratelimit-reset-requests": "20ms", "x-ratelimit-remaining-requests": "0",
                    "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "90",
                ], 0.02
            ),
            (429, ["X-RateLimit-Reset": "1000000030000"], 30),
            (429, ["X-RateLimit-Reset": "1e400"], nil), (429, ["X-RateLimit-Reset": "5"], 0),
            (500, ["x-ratelimit-reset-requests": "1s"], nil),
            (429, ["x-ratelimit-reset-requests": "1fortnight"], nil),
        ] as [(Int, [String: String], Double?)])
    func `a server's wish to wait is understood`(
        status: Int, fields: [String: String], seconds: Double?
    ) async throws {
        var headers = ChatPlay.json
        for (name, value) in fields { headers.add(name, value) }
        guard case .refused(let refusal) = await error(ChatPlay.failure(status, headers: headers))
        else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.wait == seconds.map { .milliseconds(Int64($0 * 1000)) })
    }

    @Test func `OpenRouter's wait is also found in the body`() async throws {
        let body =
            #"{"error":{"message":"free","code":429,"metadata":{"headers":{"X-RateLimit-Reset":"1000000060000"}}}}"#
        guard case .refused(let refusal) = await error(.scripted(429, body)) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.wait == .seconds(60))
    }
}
