import Baking
import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@testable import Backends

private let realServer = ProcessInfo.processInfo.environment["OVEN_OPENAI_BASE_URL"]
    .flatMap { URL(string: $0) }

/// Against a server that somebody else wrote; `Fixtures/openai/real_server.sh` starts one.
@Suite(.enabled(if: realServer != nil, "OVEN_OPENAI_BASE_URL names no server"))
struct RealServerTests {
    private static let model = ProcessInfo.processInfo.environment["OVEN_OPENAI_MODEL"] ?? "default"

    @Test func `a real server writes a dataset, and what it wrote is not asked for again`()
        async throws
    {
        let notices = Mutex<[ServiceNotice]>([])
        let backend = FakeBackend()
        let directory = try TemporaryDirectory()
        var configuration = BakeConfiguration()
        configuration.generator = "real"
        configuration.temperatures = [0.7]
        configuration.topK = 4
        func write(by transport: any HTTPTransport) async throws {
            let notify: @Sendable (ServiceNotice) -> Void = { notice in
                notices.withLock { $0.append(notice) }
            }
            let client = OpenAIClient(
                name: "real", base: try #require(realServer), key: nil, keyVariable: nil,
                caller: HTTPCaller(transport: transport), notify: notify)
            let job = BakeJob(
                prompt: try Prompt(text: "You are a pirate."),
                queries: QuerySet(
                    train: [
                        Query(group: "One", turns: ["What is rain?"]),
                        Query(group: "One", turns: ["Hello!", "Tell me more."]),
                    ], dev: [Query(group: "One", turns: ["What is snow?"])],
                    test: [Query(group: "One", turns: ["What is fog?"])]),
                configuration: configuration, store: RunStore(directory: directory.url),
                backend: backend,
                generator: ServiceGenerator(
                    client: client, model: Self.model, for: backend, thinking: false,
                    concurrency: 2, notify: notify),
                runName: "run")
            for try await _ in job.events(through: .generate) {}
        }
        try await write(by: HTTPClient())
        try await write(
            by: ScriptedTransport { request, _ in
                Issue.record("asked again: \(request.url)")
                return .scripted(404)
            })
        let file = directory.url.appending(path: "run/dataset.jsonl")
        let rows = try Data(contentsOf: file).split(separator: 0x0A)
            .map { try JSONDecoder().decode(Example.self, from: $0) }
        let byID = Dictionary(rows.map { ($0.id, $0) }) { $1 }
        #expect(byID.count == 4)
        for row in byID.values {
            #expect(!row.tokens.isEmpty)
            #expect((row.spending?.responseTokenCount ?? 0) > 0)
            #expect(row.response.first?.isNewline != true)
            print(row.temperature, row.stop, row.response.debugDescription, row.spending as Any)
        }
        for notice in notices.withLock({ $0 }) { print(notice) }
    }

    @Test func `a real server says what is wrong`() async throws {
        let client = OpenAIClient(
            name: "real", base: try #require(realServer), key: nil, keyVariable: nil,
            caller: HTTPCaller(transport: HTTPClient()))
        do {
            print(try await client.models().prefix(3))
        } catch let error as OpenAIError {
            print(error)
        }
        let nowhere = OpenAIChatRequest(
            model: "/no/such/model", messages: [.init(.user, "Hello")], maximumTokenCount: 8)
        await #expect(throws: OpenAIError.self) {
            do {
                for try await _ in client.chat(nowhere) {}
            } catch {
                print(error)
                throw error
            }
        }
    }
}
