import Foundation
import Synchronization
import Testing

@testable import Backends

/// Against a server that does exactly what its script says.
@Suite(.timeLimit(.minutes(15))) struct HTTPClientTests {
    @Test func `a request arrives as it was made, and its answer as it was given`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.answer(
                201, "grown",
                headers: ["X-One: 1", "x-two:  2 ", "Set-Cookie: a=1", "Set-Cookie: b=2"])
        }
        let response = try await HTTPClient().send(
            HTTPRequest(
                .post, server.url("/a%20b?q=1#part"),
                headers: ["Content-Type": "application/json", "X-Empty": ""],
                body: Data("{}".utf8), credential: .bearer(try #require(Secret("tml-key")))))
        #expect(response.status == 201)
        #expect(response.headers["X-TWO"] == "2")
        #expect(response.headers.fields.filter { $0.name == "Set-Cookie" }.count == 2)
        #expect(response.url.absoluteString == server.url("/a%20b?q=1").absoluteString)
        let answer = try await response.collected(limit: 100)
        #expect(String(decoding: answer.body, as: UTF8.self) == "grown")

        let request = try #require(server.requests.first)
        #expect(request.line == "POST /a%20b?q=1 HTTP/1.1")
        #expect(request.body == Data("{}".utf8))
        #expect(request.headers["authorization"] == "Bearer tml-key")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["x-empty"] == "")
        #expect(request.headers["user-agent"]?.hasPrefix("oven/") == true)
        #expect(request.headers["expect"] == nil)
        #expect(request.headers["accept-encoding"] == nil)
    }

    @Test func `a client that is asked nothing has no thread`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.answer(200, "")
        }
        let client = HTTPClient()
        #expect(!client.isStarted)
        _ = try await client.send(HTTPRequest(.get, server.url("/"))).collected(limit: 10)
        #expect(client.isStarted)
    }

    @Test(arguments: [
        HTTPRequest.Method.get, .head, .post, .put, .delete,
    ])
    func `every method goes out under its name, and no type is made up`(
        method: HTTPRequest.Method
    ) async throws {
        let server = try FaultServer { connection in
            while let request = connection.request() {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
                if !request.line.hasPrefix("HEAD") { connection.send("ok") }
            }
        }
        let client = HTTPClient()
        for body in [nil, Data(), Data("body".utf8)] where method != .head || body == nil {
            let answer = try await client.send(HTTPRequest(method, server.url(), body: body))
                .collected(limit: 10)
            #expect(answer.body.count == (method == .head ? 0 : 2))
            let request = try #require(server.requests.last)
            #expect(request.line == "\(method.rawValue) / HTTP/1.1")
            #expect(request.body == body ?? Data())
            #expect(request.headers["content-type"] == nil)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `a long body goes out whole, without waiting for leave`() async throws {
        let server = try FaultServer { connection in
            let count = connection.request()?.body.count ?? 0
            connection.answer(200, "\(count)")
        }
        let body = Data(repeating: 7, count: 5 << 20)
        let answer = try await HTTPClient().send(HTTPRequest(.post, server.url(), body: body))
            .collected(limit: 100)
        #expect(String(decoding: answer.body, as: UTF8.self) == "\(body.count)")
    }

    @Test func `interim heads are not the answer, and old-style values go on`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 102 Wait\r\nX-Interim: 1\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n")
            connection.send("HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 0\r\n\r\n")
        }
        let response = try await HTTPClient().send(HTTPRequest(.get, server.url()))
        #expect(response.status == 200)
        #expect(response.headers["X-Interim"] == nil)
        #expect(response.headers["X-Long"] == "one two")
    }

    @Test func `chunks come as they are sent, before the answer is whole`() async throws {
        let goOn = DispatchSemaphore(value: 0)
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            goOn.wait()
            connection.send("3\r\ntwo\r\n0\r\nX-Trailer: 1\r\n\r\n")
        }
        let response = try await HTTPClient().send(HTTPRequest(.get, server.url()))
        var pieces: [String] = []
        for try await piece in response.body {
            pieces.append(String(decoding: piece, as: UTF8.self))
            goOn.signal()
        }
        #expect(pieces == ["one", "two"])
        #expect(response.headers["X-Trailer"] == nil)
    }

    @Test func `connections are used again, also after a redirect and an error`() async throws {
        let server = try FaultServer { connection in
            while let request = connection.request() {
                switch request.path {
                case "/moved": connection.answer(302, "over there", headers: ["Location: /there"])
                case "/there": connection.answer(200, "here")
                default: connection.answer(500, "broken")
                }
            }
        }
        let client = HTTPClient()
        for path in ["/moved", "/", "/moved", "/there"] {
            let request = HTTPRequest(.get, server.url(path), redirects: .followed(limit: 5))
            _ = try await client.send(request).collected(limit: 100)
        }
        #expect(server.requests.count == 6)
        #expect(server.connectionCount == 1)
    }

    @Test func `a kept connection that the server closed is no failure`() async throws {
        let server = try FaultServer { connection in
            let count = connection.request()?.body.count ?? 0
            connection.answer(200, "\(count)")
        }
        let client = HTTPClient()
        for count in [5, 100_000, 7, 0, 3] {
            let body = Data(repeating: 1, count: count)
            let answer = try await client.send(HTTPRequest(.post, server.url(), body: body))
                .collected(limit: 10)
            #expect(String(decoding: answer.body, as: UTF8.self) == "\(count)")
        }
    }

    @Test func `fifty requests are under way at once, and the next waits for its turn`()
        async throws
    {
        let all = DispatchSemaphore(value: 0)
        let count = Mutex(0)
        let server = try FaultServer { connection in
            while connection.request() != nil {
                let number = count.withLock {
                    $0 += 1; return $0
                }
                if number == 50 {
                    for _ in 0..<49 { all.signal() }
                } else if number < 50 {
                    all.wait()
                }
                connection.answer(200, "\(connection.index)")
            }
        }
        let client = HTTPClient(connectionsPerHost: 50)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<80 {
                group.addTask {
                    try await client.send(HTTPRequest(.get, server.url())).collected(limit: 9)
                        .status
                }
            }
            for try await status in group { #expect(status == 200) }
        }
        #expect(server.requests.count == 80)
        #expect(server.connectionCount == 50)
    }

    @Test func `a client that is dropped while its answer is read stays until the end`()
        async throws
    {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.answer(200, String(repeating: "x", count: 3 << 20))
        }
        let (response, client) = try await Self.unowned(server)
        #expect(client() != nil)
        let answer = try await response.collected(limit: 4 << 20)
        #expect(answer.body.count == 3 << 20)
    }

    private static func unowned(
        _ server: FaultServer
    ) async throws -> (HTTPResponse, () -> HTTPClient?) {
        let client = HTTPClient()
        let response = try await client.send(HTTPRequest(.get, server.url()))
        return (response, { [weak client] in client })
    }

    @Test func `the client, its thread and its transfers go away`() async throws {
        let closed = Gate()
        let server = try FaultServer { connection in
            while connection.request() != nil { connection.answer(200, "x") }
            closed.open()
        }
        weak var loop: CurlLoop?
        do {
            let client = HTTPClient()
            loop = client.loop
            _ = try await client.send(HTTPRequest(.get, server.url())).collected(limit: 10)
        }
        // The thread closes the connection that was kept for later.
        await closed.wait()
        while loop != nil { await Task.yield() }
    }
}
