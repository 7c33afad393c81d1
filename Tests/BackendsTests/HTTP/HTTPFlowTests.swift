import Foundation
import Synchronization
import Testing

@testable import Backends

/// Who waits for whom, and what ends when somebody stops waiting.
@Suite(.timeLimit(.minutes(15))) struct HTTPFlowTests {
    /// A server that sends a head and `body`, then tells when the client has closed.
    private func server(
        head: Bool = true, body: String = "", arrived: Gate = Gate(), closed: Gate
    ) throws -> FaultServer {
        try FaultServer { connection in
            _ = connection.request()
            arrived.open()
            if head { connection.send("HTTP/1.1 200 OK\r\n\r\n\(body)") }
            connection.waitForClose()
            closed.open()
        }
    }

    @Test func `cancelling who waits for the head closes the connection`() async throws {
        let (arrived, closed) = (Gate(), Gate())
        let server = try server(head: false, arrived: arrived, closed: closed)
        let client = HTTPClient()
        let task = Task { try await client.send(HTTPRequest(.get, server.url())).status }
        await arrived.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await closed.wait()
    }

    @Test func `cancelling who reads the body closes the connection`() async throws {
        let (reads, closed) = (Gate(), Gate())
        let server = try server(body: "some", closed: closed)
        let client = HTTPClient()
        let response = try await client.send(HTTPRequest(.get, server.url()))
        let task = Task {
            for try await _ in response.body { reads.open() }
            try Task.checkCancellation()
        }
        await reads.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await closed.wait()
        withExtendedLifetime(response) {}
    }

    @Test func `dropping the body closes the connection`() async throws {
        let closed = Gate()
        let server = try server(body: "some", closed: closed)
        let client = HTTPClient()
        _ = try await client.send(HTTPRequest(.get, server.url())).status
        await closed.wait()
        withExtendedLifetime(client) {}
    }

    @Test func `leaving the loop over the body closes the connection`() async throws {
        let closed = Gate()
        let server = try server(body: "some", closed: closed)
        let client = HTTPClient()
        try await firstPiece(of: try await client.send(HTTPRequest(.get, server.url())))
        await closed.wait()
        withExtendedLifetime(client) {}
    }

    private func firstPiece(of response: consuming HTTPResponse) async throws {
        for try await _ in response.body { break }
    }

    @Test func `a task that was cancelled before sends nothing`() async throws {
        let server = try FaultServer { _ in }
        let client = HTTPClient()
        let began = Gate()
        let task = Task {
            await began.wait()
            _ = try await client.send(HTTPRequest(.get, server.url()))
        }
        task.cancel()
        began.open()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(server.connectionCount == 0)
    }

    @Test func `cancelling who waits for a turn makes room for others`() async throws {
        let closed = Gate()
        let server = try FaultServer { connection in
            while connection.request() != nil {
                if connection.index == 0 {
                    connection.send("HTTP/1.1 200 OK\r\n\r\n")
                    connection.waitForClose()
                    closed.open()
                } else {
                    connection.answer(200, "ok")
                }
            }
        }
        let client = HTTPClient(connectionsPerHost: 1)
        var first: HTTPResponse? = try await client.send(HTTPRequest(.get, server.url()))
        let second = Task { try await client.send(HTTPRequest(.get, server.url())).status }
        let third = Task { try await client.send(HTTPRequest(.get, server.url())).status }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        withExtendedLifetime(first) {}
        first = nil
        #expect(try await third.value == 200)
        await closed.wait()
    }

    @Test func `cancelling while names are looked up is at once`() async throws {
        let client = HTTPClient()
        let name = String(repeating: "n", count: 64) + ".invalid"
        let url = try #require(URL(string: "http://\(name)/"))
        for _ in 0..<20 {
            let task = Task { try await client.send(HTTPRequest(.get, url)).status }
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
        }
    }

    @Test func `a slow reader holds the server back`() async throws {
        let length = 50 << 20
        let sent = Mutex(0)
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
            let piece = Data(repeating: 0x5A, count: 1 << 16)
            for _ in 0..<(length / piece.count) {
                guard connection.send(piece) == piece.count else { return }
                sent.withLock { $0 += piece.count }
            }
        }
        let timeouts = HTTPTimeouts(idle: .seconds(5))
        let response = try await HTTPClient().send(
            HTTPRequest(.get, server.url(), timeouts: timeouts))
        var count = 0
        // What lies between: the bound, one more piece of libcurl's, and the sockets' own buffers.
        let slack = HTTPExchange.bufferLimit + (16 << 20)
        for try await piece in response.body {
            count += piece.count
            #expect(piece.count <= HTTPExchange.bufferLimit + (256 << 10))
            #expect(piece.allSatisfy { $0 == 0x5A })
            for _ in 0..<20 { await Task.yield() }
            let ahead = sent.withLock { $0 } - count
            #expect(ahead <= slack)
        }
        #expect(count == length)
    }

    @Test func `a paused transfer does not run out of time, nor hold others up`() async throws {
        let full = Gate()
        let body = Data(repeating: 1, count: 64 << 20)
        let server = try FaultServer { connection in
            if connection.request()?.path == "/other" {
                connection.answer(200, "ok")
                return
            }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            connection.send(body)
            full.open()
        }
        let client = HTTPClient()
        let timeouts = HTTPTimeouts(idle: .seconds(1))
        let response = try await client.send(HTTPRequest(.get, server.url(), timeouts: timeouts))
        // Waits longer than that, for an answer that never comes.
        let silent = try FaultServer { $0.waitForClose() }
        let long = HTTPTimeouts(firstByte: .milliseconds(1500))
        await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, silent.url(), timeouts: long))
        }
        #expect(try await client.send(HTTPRequest(.get, server.url("/other"))).status == 200)
        #expect(!full.isOpen)
        let isSame = try await response.collected(limit: body.count).body == body
        #expect(isSame)
    }

    @Test func `many clients come and go`() async throws {
        let server = try FaultServer { connection in
            while connection.request() != nil { connection.answer(200, "ok") }
        }
        for _ in 0..<20 {
            let client = HTTPClient()
            #expect(try await client.send(HTTPRequest(.get, server.url())).status == 200)
        }
    }
}
