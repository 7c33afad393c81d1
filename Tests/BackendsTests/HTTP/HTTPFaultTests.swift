import Foundation
import Testing

@testable import Backends

/// What servers and networks do wrong, and what we call it.
@Suite(.timeLimit(.minutes(15))) struct HTTPFaultTests {
    /// The error of a request to a server with this script.
    private func error(
        timeouts: HTTPTimeouts = HTTPTimeouts(), limit: Int = 1 << 20,
        _ script: @escaping @Sendable (FaultConnection) -> Void
    ) async throws -> HTTPError? {
        let server = try FaultServer { connection in
            _ = connection.request()
            script(connection)
        }
        return await #expect(throws: HTTPError.self) {
            let request = HTTPRequest(.get, server.url(), timeouts: timeouts)
            _ = try await HTTPClient().send(request).collected(limit: limit)
        }
    }

    @Test func `a closed port is no connection`() async throws {
        let port = try FaultServer.closedPort()
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/"))
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, url))
        }
        guard case .cannotConnect(let host, let why) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(host == "127.0.0.1:\(port)")
        #expect(why.contains("connect"))
    }

    @Test func `a name that nobody has is no connection`() async throws {
        // No name has so long a part: no name server is asked.
        let name = String(repeating: "n", count: 64) + ".invalid"
        let url = try #require(URL(string: "http://\(name)/"))
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, url))
        }
        guard case .cannotConnect(name, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive5",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive5\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "nonsense\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
    ])
    func `an answer that ends too early or is none is cut`(answer: String) async throws {
        let error = try await error { $0.send(answer) }
        guard case .cut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a reset connection is cut`() async throws {
        let error = try await error { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive5")
            connection.reset()
        }
        guard case .cut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `what came before the cut is not lost`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive5")
        }
        let response = try await HTTPClient().send(HTTPRequest(.get, server.url()))
        var data = Data()
        await #expect(throws: HTTPError.self) {
            for try await piece in response.body { data += piece }
        }
        #expect(data == Data("five5".utf8))
        // And it does not look whole to whoever asks again.
        await #expect(throws: HTTPError.self) {
            for try await _ in response.body {}
        }
    }

    @Test func `a body without a length ends with its connection`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
        }
        let answer = try await HTTPClient().send(HTTPRequest(.get, server.url()))
            .collected(limit: 100)
        #expect(answer.body == Data("all of it".utf8))
    }

    @Test(arguments: [
        "X: \(String(repeating: "x", count: 60_000))\r\n", "X: y\r\n", "\r\n",
        "HTTP/1.1 100 C\r\n\r\n",
    ])
    func `a head without an end is given up`(line: String) async throws {
        let closed = Gate()
        let error = try await error { connection in
            connection.send("HTTP/1.1 200 OK\r\n")
            if line == "\r\n" {
                connection.send("X: ")
                while connection.send(String(repeating: "x", count: 1000)) {}
            }
            while connection.send(line) {}
            closed.open()
        }
        await closed.wait()
        switch error {
        // libcurl has a bound of its own for one line.
        case .tooLarge(ResponseHead.byteLimit, _), .cut: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test func `an endless answer stops at the limit`() async throws {
        let closed = Gate()
        let error = try await error(limit: 3 << 20) { connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            let piece = Data(repeating: 1, count: 1 << 16)
            while connection.send(piece) == piece.count {}
            closed.open()
        }
        guard case .tooLarge(3_145_728, "127.0.0.1") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await closed.wait()
    }

    // MARK: Time

    @Test func `a slow head, a stalled body and a slow whole each have their time`() async throws {
        var timeouts = HTTPTimeouts(firstByte: .milliseconds(50))
        let head = try await error(timeouts: timeouts) { $0.waitForClose() }
        timeouts = HTTPTimeouts(idle: .milliseconds(50))
        let body = try await error(timeouts: timeouts) { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive5")
            connection.waitForClose()
        }
        timeouts = HTTPTimeouts(total: .milliseconds(50))
        let whole = try await error(timeouts: timeouts, limit: .max) { connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            let piece = Data(repeating: 1, count: 1000)
            while connection.send(piece) == piece.count {}
        }
        for (error, what) in [
            (head, "the answer"), (body, "more of the answer"), (whole, "the whole answer"),
        ] {
            guard case .timedOut(_, what) = error else {
                Issue.record("\(what): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func `a handshake that is not answered has its time`() async throws {
        let server = try FaultServer { $0.waitForClose() }
        let url = try #require(URL(string: "https://127.0.0.1:\(server.port)/"))
        let timeouts = HTTPTimeouts(connect: .milliseconds(50))
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, url, timeouts: timeouts))
        }
        guard case .timedOut(_, "a connection") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `whoever waits for a turn has the total time only`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            connection.waitForClose()
        }
        let client = HTTPClient(connectionsPerHost: 1)
        let first = try await client.send(HTTPRequest(.get, server.url()))
        let short = HTTPTimeouts(
            connect: .milliseconds(1), firstByte: .milliseconds(1), idle: .milliseconds(1),
            total: .milliseconds(100))
        await #expect(
            throws: HTTPError.timedOut(
                host: "127.0.0.1:\(server.port)", waitingFor: "the whole answer")
        ) {
            try await client.send(HTTPRequest(.get, server.url(), timeouts: short))
        }
        #expect(server.connectionCount == 1)
        withExtendedLifetime(first) {}
    }

    @Test func `a wild time-out is no trap`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.answer(200, "x")
        }
        let longest = Duration(secondsComponent: .max, attosecondsComponent: 0)
        let timeouts = HTTPTimeouts(
            connect: longest, firstByte: longest, idle: longest, total: longest)
        let answer = try await HTTPClient().send(
            HTTPRequest(.get, server.url(), timeouts: timeouts)
        ).collected(limit: 10)
        #expect(answer.status == 200)
    }

    // MARK: TLS

    @Test func `what is no TLS is not secure`() async throws {
        let server = try FaultServer { connection in
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForClose()
        }
        let url = try #require(URL(string: "https://127.0.0.1:\(server.port)/"))
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, url))
        }
        guard case .insecure = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a handshake that breaks off is no connection, and is tried again`() async throws {
        let server = try FaultServer { _ in }
        let url = try #require(URL(string: "https://127.0.0.1:\(server.port)/"))
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, url))
        }
        guard case .cannotConnect = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    // MARK: What is not sent

    @Test(arguments: [
        ("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\u{0}b"), ("X", "a\u{7F}"),
        ("X\r\nY", "a"), ("X:", "a"), ("X Y", "a"), ("", "a"), ("É", "a"), ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"), ("host", "elsewhere"),
    ])
    func `headers that would be more than one line are refused`(
        name: String, value: String
    ) async throws {
        let server = try FaultServer { connection in
            while connection.request() != nil { connection.answer() }
        }
        var headers = HTTPHeaders()
        headers.add(name, value)
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, server.url(), headers: headers))
        }
        guard case .invalidRequest = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.connectionCount == 0)
    }

    @Test(arguments: [
        "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1/x", "http:", "http://", "gopher://x/",
        "http://user:sesame@127.0.0.1/", "http://user@127.0.0.1/", "/relative",
    ])
    func `addresses of other kinds are refused`(text: String) async throws {
        let url = try #require(URL(string: text))
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(.get, url))
        }
        guard case .invalidRequest(let why) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!why.contains("sesame"))
    }
}
