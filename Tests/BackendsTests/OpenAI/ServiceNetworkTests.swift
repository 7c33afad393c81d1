import Baking
import Foundation
import TestSupport
import Testing
import Transformer

@testable import Backends

/// Over the network, to a server that cuts answers.
@Suite struct ServiceNetworkTests {
    @Test func `a stream that is cut inside a character is asked for again, with the key`()
        async throws
    {
        let server = try FaultServer { connection in
            guard let request = connection.request() else { return }
            guard request.path == "/v1/chat/completions" else {
                connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            }
            func chunk(_ bytes: [UInt8]) {
                connection.send(String(bytes.count, radix: 16) + "\r\n")
                connection.send(Data(bytes))
                connection.send("\r\n")
            }
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
            let isFirst = connection.index < 2
            chunk(Array(ChatPlay.text("Water").utf8))
            if isFirst {
                chunk(ChatPlay.cutInCharacter(ChatPlay.text("🌧")))
                return
            }
            chunk(Array((ChatPlay.text("🌧") + ChatPlay.finish()).utf8))
            connection.send("0\r\n\r\n")
        }
        let backend = FakeBackend()
        let client = OpenAIClient(
            name: "played", base: server.url("/v1/"), key: Secret("sk-1"), keyVariable: nil,
            caller: HTTPCaller(
                transport: HTTPClient(), clock: VirtualClock(), random: { 0 }))
        let generator = ServiceGenerator(
            client: client, model: "m", for: backend, thinking: false, concurrency: 1)
        var tokens: [String] = []
        var attempts = 0
        for try await event in generator.generate([try ServiceGeneratorTests.request("rain")]) {
            if case .finished(let response) = event {
                tokens.append(backend.tokenizer.decode(response.tokens, skipSpecial: true))
            }
            if case .spent = event { attempts += 1 }
        }
        #expect(tokens == ["Water🌧"])
        #expect(attempts == 2)
        let chats = server.requests.filter { $0.path.hasSuffix("/chat/completions") }
        #expect(chats.count == 2)
        #expect(chats.allSatisfy { $0.headers["authorization"] == "Bearer sk-1" })
    }
}
