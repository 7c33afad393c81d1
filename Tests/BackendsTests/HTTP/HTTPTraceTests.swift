import Foundation
import TestSupport
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(15))) struct HTTPTraceTests {
    private static let key = "tml-K3y/with+marks=="
    /// The key as a word of JSON, of an address and of basic authentication.
    private static let forms = [
        key, key.replacing("/", with: "\\/"), "tml-K3y%2Fwith%2Bmarks%3D%3D",
        "tml-K3y%2fwith%2bmarks%3d%3d", "tml\\u002dK3y\\u002Fwith\\u002bmarks\\u003d\\u003d",
        Data("api:\(key)".utf8).base64EncodedString(),
    ]

    private struct Line: Decodable {
        struct Message: Decodable {
            var status: Int?
            var headers: [String]
            var byteCount: Int
            var body: String?
        }

        var time: String
        var method: String
        var url: String
        var request: Message
        var response: Message?
        var seconds: Double
        var error: String?
    }

    private func lines(_ file: URL) throws -> [Line] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    private func secret() throws -> Secret { try #require(Secret(Self.key)) }

    @Test func `an exchange is one line`() async throws {
        let server = try FaultServer { connection in
            while connection.request() != nil {
                connection.answer(200, "{\"b\": 2}", headers: ["X-Them: 2", "Set-Cookie: session"])
            }
        }
        let folder = try TemporaryDirectory()
        let file = folder.url.appending(path: "trace.jsonl")
        let client = HTTPClient(trace: try HTTPTrace(file: file))
        for _ in 0..<2 {
            let request = HTTPRequest(
                .post, server.url("/v1?page=2"), headers: ["X-Mine": "1"],
                body: Data("{\"a\": \"ü\"}".utf8), credential: .bearer(try secret()))
            _ = try await client.send(request).collected(limit: 100)
        }
        let lines = try lines(file)
        #expect(lines.count == 2)
        let line = try #require(lines.first)
        #expect(line.method == "POST")
        #expect(line.url == server.url("/v1?page=2").absoluteString)
        #expect(line.request.headers == ["X-Mine: 1", "Authorization: (key)"])
        #expect(line.request.body == "{\"a\": \"ü\"}")
        #expect(line.request.byteCount == 11)
        #expect(line.response?.status == 200)
        #expect(
            line.response?.headers == ["X-Them: 2", "Set-Cookie: (key)", "Content-Length: 8"])
        #expect(line.response?.body == "{\"b\": 2}")
        #expect(line.error == nil)
        #expect(line.seconds > 0)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test(arguments: forms)
    func `a key is nowhere in the trace`(form: String) async throws {
        let server = try FaultServer { connection in
            while let request = connection.request() {
                if request.path.hasPrefix("/cut") {
                    connection.send(
                        "HTTP/1.1 200 OK\r\nX-Echo: \(form)\r\nContent-Length: 999\r\n\r\n\(form)")
                    return
                }
                connection.answer(
                    302, "{\"echo\": \"\(form)\"}",
                    headers: ["X-Echo: \(form)", "Location: /cut?x=\(form)"])
            }
        }
        let folder = try TemporaryDirectory()
        let file = folder.url.appending(path: "trace.jsonl")
        let client = HTTPClient(trace: try HTTPTrace(file: file))
        let inPath = form.contains("\\") ? "" : form
        let request = HTTPRequest(
            .post, server.url("/v1/\(inPath)?q=\(inPath)"), headers: ["X-Mine": form],
            body: Data("{\"key\": \"\(form)\"}".utf8),
            credential: HTTPRequest.Credential(header: "X-Own", key: try secret()),
            redirects: .followed(limit: 5))
        await #expect(throws: HTTPError.self) {
            try await client.send(request).collected(limit: 1000)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(try lines(file).count == 2)
        for part in Self.forms + ["K3y", "marks"] { #expect(!text.contains(part)) }
        #expect(text.contains("(key)"))
    }

    @Test(arguments: [
        #"{"jwt": "eyJabc.def"}"#, #"{"jwt":"eyJabc.def"#, #"{"x":{"jwt"  :  "eyJ\"abc.def"}}"#,
        #"{"text": "{\"jwt\": \"eyJabc.def\"}"}"#, #"{"access_token":"abc.def"}"#,
        "https://bucket.example/x?X-Amz-Signature=abc.def&y=1", "see ?a=1&sig=abc.def",
        #"{"url": "https://b.example/x?a=1\u0026X-Goog-Signature=abc.def\u0026b=2"}"#,
        "https://me:abc.def@b.example/x",
    ])
    func `tokens that nobody told us are not in it either`(text: String) {
        let redacted = Redaction().redacted(text)
        #expect(!redacted.contains("abc"))
        #expect(!redacted.contains("def"))
        #expect(redacted.contains("(key)"))
    }

    @Test(arguments: [
        #"{"token": "Hello", "logprob": -0.5, "bytes": [1]}"#, "a? b=c & d=e", "\"jwt\"",
        "\"jwt\":",
        "\"jwt\": 5", "\"", "\\", "?", "&", "://", "a@b.example", "%", "\\u00", "?page=2&limit=5",
        "https://b.example/a@b",
    ])
    func `all the rest is`(text: String) throws {
        var redaction = Redaction()
        redaction.hide(try secret())
        #expect(redaction.redacted(text) == text)
    }

    @Test func `a key that the end of the text cuts is not in it`() throws {
        var redaction = Redaction()
        redaction.hide(try secret())
        for form in Self.forms {
            for count in 1..<form.utf8.count {
                let bytes = Array("0".utf8) + form.utf8.prefix(count)
                let redacted = String(
                    decoding: redaction.redacted(bytes, isCut: true), as: UTF8.self)
                #expect(redacted == "0(key)")
            }
        }
    }

    @Test func `a key in the text of basic authentication is known by itself`() throws {
        var redaction = Redaction()
        let text = Data("api:\(Self.key)".utf8).base64EncodedString()
        redaction.hide(try #require(Secret(text)))
        #expect(
            redaction.redacted("a \(text) b \(Self.key) c") == "a (key)== b (key) c"
                || redaction.redacted("a \(text) b \(Self.key) c") == "a (key) b (key) c")
    }

    @Test func `long bodies are cut, and bytes are counted`() async throws {
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.answer(200, String(repeating: "ü", count: 100_001))
        }
        let folder = try TemporaryDirectory()
        let file = folder.url.appending(path: "trace.jsonl")
        let client = HTTPClient(trace: try HTTPTrace(file: file))
        _ = try await client.send(
            HTTPRequest(.post, server.url(), body: Data([0, 1, 2, 0xFF]))
        ).collected(limit: 1 << 20)
        let line = try #require(try lines(file).first)
        #expect(line.request.body == nil)
        #expect(line.request.byteCount == 4)
        #expect(line.response?.byteCount == 200_002)
        let body = try #require(line.response?.body)
        #expect((65_000...65_536).contains(body.utf8.count))
        #expect(body.allSatisfy { $0 == "ü" })
    }

    @Test func `failures and bodies that nobody reads are in it`() async throws {
        let folder = try TemporaryDirectory()
        let file = folder.url.appending(path: "trace.jsonl")
        let port = try FaultServer.closedPort()
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/"))
        let server = try FaultServer { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\n\r\nsome")
            connection.waitForClose()
        }
        let client = HTTPClient(trace: try HTTPTrace(file: file))
        await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, url)) }
        _ = try await client.send(HTTPRequest(.get, server.url())).status
        let lines = try lines(file)
        #expect(lines.first?.response == nil)
        #expect(lines.first?.error?.contains("cannot connect to 127.0.0.1") == true)
        #expect(lines.last?.response?.status == 200)
        #expect(lines.last?.error == "not read to the end")
    }

    @Test func `a trace goes on where it ended, for its owner alone`() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.file("trace.jsonl", "{}\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        _ = try HTTPTrace(file: file)
        #expect(try String(contentsOf: file, encoding: .utf8) == "{}\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a trace that cannot be written says why`() throws {
        let folder = try TemporaryDirectory()
        let error = #expect(throws: HTTPTrace.Failure.self) {
            try HTTPTrace(file: folder.url.appending(path: "none/trace"))
        }
        #expect("\(try #require(error))".contains("No such file"))
    }

    // MARK: Keys in what is printed

    @Test func `a key is in no description of what holds it`() throws {
        let credential = HTTPRequest.Credential.bearer(try secret())
        let request = HTTPRequest(
            .get, try #require(URL(string: "http://h.example/")), credential: credential)
        var dumped = ""
        dump(request, to: &dumped)
        dump(try secret(), to: &dumped)
        let texts = [
            dumped, "\(request)", String(reflecting: request), "\(credential)",
            String(reflecting: try secret()), "\(try secret())",
            "\(Mirror(reflecting: try secret()).children.map { $0 })",
        ]
        for text in texts { #expect(!text.contains("K3y")) }
        #expect(dumped.contains("(secret)"))
    }

    @Test func `a key is in no error`() async throws {
        let server = try FaultServer { connection in
            let key = connection.request()?.headers["x-own"] ?? ""
            connection.send("\(key)\r\n\r\n")
        }
        let credentials = [
            HTTPRequest.Credential(header: "X-Own", key: try secret()),
            HTTPRequest.Credential(header: "X-Own", scheme: "a\nb", key: try secret()),
            HTTPRequest.Credential(header: "Bad Name", key: try secret()),
        ]
        for credential in credentials {
            let error = await #expect(throws: HTTPError.self) {
                try await HTTPClient().send(
                    HTTPRequest(.get, server.url(), credential: credential)
                ).collected(limit: 10)
            }
            #expect(!String(reflecting: error).contains("K3y"))
        }
    }

    @Test(arguments: [
        ("tml-abc", true), (" tml-abc\r\n", true), ("\u{A0}tml-abc\u{2028}", true), ("", false),
        (" \n", false), ("tml abc", false), ("tml\nabc", false), ("tml\u{0}", false), ("é", false),
        ("\u{FEFF}tml", false), ("tml\u{7F}", false),
    ])
    func `a key is one word of visible characters`(text: String, isKey: Bool) {
        let secret = Secret(text)
        #expect((secret != nil) == isKey)
        #expect(secret?.withText { $0 } ?? "tml-abc" == "tml-abc")
    }
}
