import Foundation
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(15))) struct HTTPRedirectTests {
    /// A server that says "ok" to everything.
    private func target() throws -> FaultServer {
        try FaultServer { connection in
            while connection.request() != nil { connection.answer(200, "ok") }
        }
    }

    /// A server that answers with `status` and where to go, except below `/here`.
    private func signpost(_ status: Int, _ location: String) throws -> FaultServer {
        try FaultServer { connection in
            while let request = connection.request() {
                if request.path.hasPrefix("/here") {
                    connection.answer(200, "ok")
                } else {
                    connection.answer(status, "", headers: ["Location: \(location)"])
                }
            }
        }
    }

    private func request(
        _ url: URL, method: HTTPRequest.Method = .get, body: Data? = nil,
        redirects: HTTPRequest.Redirects = .followed(limit: 5)
    ) throws -> HTTPRequest {
        HTTPRequest(
            method, url, headers: ["X-Mine": "1", "Cookie": "c=1", "Content-Type": "text/x"],
            body: body,
            credential: HTTPRequest.Credential(
                header: "X-Secret", key: try #require(Secret("tml-key"))), redirects: redirects)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a key never follows a redirect to another port`(status: Int) async throws {
        let target = try target()
        let signpost = try signpost(status, target.url("/there").absoluteString)
        let response = try await HTTPClient().send(try request(signpost.url()))
        #expect(response.url == target.url("/there"))
        #expect(signpost.requests.first?.headers["x-secret"] == "tml-key")
        let headers = try #require(target.requests.first?.headers)
        #expect(headers["x-secret"] == nil)
        #expect(headers["cookie"] == nil)
        #expect(headers["x-mine"] == "1")
        #expect(!"\(headers)".contains("tml-key"))
    }

    @Test func `a key does not come back from another host`() async throws {
        let other = try FaultServer { connection in
            let port = connection.request()?.path.dropFirst() ?? ""
            connection.answer(302, "", headers: ["Location: http://127.0.0.1:\(port)/here"])
        }
        let away = other.url().absoluteString
        let home = try FaultServer { connection in
            while let request = connection.request() {
                let port = request.headers["host"]?.split(separator: ":").last ?? ""
                let isBack = request.path == "/here"
                connection.answer(isBack ? 200 : 302, "", headers: ["Location: \(away)\(port)"])
            }
        }
        #expect(try await HTTPClient().send(try request(home.url())).status == 200)
        #expect(home.requests.map { $0.headers["x-secret"] } == ["tml-key", nil])
    }

    @Test(arguments: [
        "/here/x?y=1", "here/x?y=1", "./a/../here/x?y=1", "?y=1#z", "//HOST/here/x?y=1",
    ])
    func `a key follows within its origin, relative addresses included`(
        location: String
    ) async throws {
        let server = try FaultServer { connection in
            while let request = connection.request() {
                if request.path.contains("y=1") {
                    connection.answer(200, "ok")
                } else {
                    let host = request.headers["host"] ?? ""
                    let place = location.replacing("HOST", with: host)
                    connection.answer(307, "", headers: ["Location: \(place)"])
                }
            }
        }
        let response = try await HTTPClient().send(try request(server.url()))
        #expect(response.status == 200)
        #expect(server.requests.last?.headers["x-secret"] == "tml-key")
        #expect(server.connectionCount == 1)
    }

    @Test(arguments: [
        (301, HTTPRequest.Method.post, "GET"), (302, .post, "GET"), (303, .post, "GET"),
        (307, .post, "POST"), (308, .post, "POST"), (301, .put, "PUT"), (303, .put, "GET"),
        (302, .head, "HEAD"), (303, .head, "HEAD"), (303, .delete, "GET"), (302, .get, "GET"),
    ])
    func `methods change as the statuses say`(
        status: Int, method: HTTPRequest.Method, expected: String
    ) async throws {
        let server = try signpost(status, "/here")
        let body = method == .post || method == .put ? Data("body".utf8) : nil
        _ = try await HTTPClient().send(try request(server.url(), method: method, body: body))
        let request = try #require(server.requests.last)
        #expect(request.line == "\(expected) /here HTTP/1.1")
        let keepsBody = body != nil && expected == method.rawValue
        #expect(request.body == (keepsBody ? body : Data()))
        #expect((request.headers["content-type"] == nil) == (expected != method.rawValue))
    }

    @Test func `redirects are given back where nobody wants to follow`() async throws {
        let server = try signpost(302, "/here")
        let response = try await HTTPClient().send(try request(server.url(), redirects: .returned))
        #expect(response.status == 302)
        #expect(response.headers["location"] == "/here")
        #expect(server.requests.count == 1)
    }

    @Test func `a redirect without an address is an answer`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.answer(302, "lost")
        }
        #expect(try await HTTPClient().send(try request(server.url())).status == 302)
    }

    @Test(arguments: [0, 1, 5])
    func `a circle ends after as many redirects as are allowed`(limit: Int) async throws {
        let server = try signpost(302, "/round")
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(
                try request(server.url(), redirects: .followed(limit: limit)))
        }
        guard case .redirect = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == limit + 1)
    }

    @Test(arguments: [
        "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
        "http://me:word@127.0.0.1/",
        "http://", "http://[::1/", "javascript:alert(1)", "http://127.0.0.1:99999/",
    ])
    func `redirects to what is no address of ours are refused`(location: String) async throws {
        let server = try signpost(302, location)
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(try request(server.url()))
        }
        guard case .redirect = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a body of a redirect that is too long is not read`() async throws {
        let closed = Gate()
        let server = try FaultServer { connection in
            if connection.request()?.path == "/here" {
                connection.answer(200, "ok")
                return
            }
            connection.send("HTTP/1.1 302 Found\r\nLocation: /here\r\n\r\n")
            let piece = Data(repeating: 1, count: 1 << 16)
            while connection.send(piece) == piece.count {}
            closed.open()
        }
        #expect(try await HTTPClient().send(try request(server.url())).status == 200)
        await closed.wait()
    }

    @Test func `https does not lead to http`() throws {
        // Where the decision is made; there is no server with a certificate here.
        let secure = try HTTPAddress("https://a.example/x")
        #expect(try secure.resolved("//b.example/y").text == "https://b.example/y")
        #expect(try secure.resolved("//b.example/y").origin != secure.origin)
        let request = try CurlRequest(
            HTTPRequest(.get, try #require(URL(string: "https://a.example/x"))))
        let response = HTTPResponse.scripted(302, headers: ["Location": "http://a.example/x"])
        let error = #expect(throws: HTTPError.self) {
            try HTTPClient.redirect(request, response, credential: nil)
        }
        #expect(
            "\(try #require(error))"
                == "a redirect of a.example is not followed: a.example would be reached without encryption"
        )
    }

    @Test(arguments: [
        ("http://a.example/", "http://A.EXAMPLE:80/b", true),
        ("https://a.example/", "https://a.example:443/b", true),
        ("https://a.example/", "https://a.example:444/", false),
        ("http://a.example/", "https://a.example/", false),
        ("http://a.example/", "http://a.example.evil.example/", false),
        ("http://a.example/", "http://a.example./", false),
        ("http://a.example/", "http://b.a.example/", false),
        ("http://[::1]:80/", "http://[::1]/", true),
    ])
    func `an origin is scheme, host and port`(one: String, other: String, isSame: Bool) throws {
        let one = try HTTPAddress(one)
        #expect((one.origin == (try one.resolved(other)).origin) == isSame)
    }
}
