import Baking
import Foundation
import ServiceSupport
import Testing

@testable import Backends

@Suite struct HubTransferTests {
    private static let large = "model.safetensors"

    @Test func `a key goes to the hub and to no other host`() async throws {
        let place = try HubPlace()
        try await place.pull()
        let requests = place.hub.requests
        #expect(requests.contains { $0.host == .files })
        #expect(
            requests.filter { $0.host == .hub }.allSatisfy { $0.authorization == "Bearer hf_key" })
        #expect(requests.filter { $0.host == .files }.allSatisfy { $0.authorization == nil })
    }

    @Test func `without a key none is sent`() async throws {
        var place = try HubPlace()
        place.token = nil
        try await place.pull()
        #expect(place.hub.requests.allSatisfy { $0.authorization == nil })
    }

    @Test func `a renamed repository is followed by a relative redirect, with the key`()
        async throws
    {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.path.hasSuffix("/config.json") && request.query != "moved"
                ? FakeHub.Answer(307, headers: ["location": "config.json?moved"]) : nil
        }
        try await place.pull()
        let moved = place.hub.requests.filter { $0.query == "moved" }
        #expect(moved.count == 1 && moved.allSatisfy { $0.authorization == "Bearer hf_key" })
        #expect(place.holds(HubPullTests.files))
    }

    @Test func `a key does not come back after a redirect has left the hub`() async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.host == .files && request.query != "back"
                ? FakeHub.Answer(302, headers: ["Location": "https://hub.test/elsewhere?back"])
                : nil
        }
        _ = try await place.refusal()
        let back = place.hub.requests.filter { $0.query == "back" }
        #expect(!back.isEmpty && back.allSatisfy { $0.authorization == nil })
    }

    @Test func `a redirect to an open connection is refused`() async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.path.contains("/resolve/")
                ? FakeHub.Answer(302, headers: ["Location": "http://hub.test/x"]) : nil
        }
        let error = try await place.refusal()
        #expect("\(error as Any)".contains("the connection would no longer be secure"))
        #expect(place.clock.sleeps.isEmpty)
    }

    @Test func `redirects in a circle end`() async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.path.contains("/resolve/")
                ? FakeHub.Answer(302, headers: ["Location": "config.json"]) : nil
        }
        #expect("\(try await place.refusal() as Any)".contains("the sixth in a row"))
        #expect(place.hub.requests.count { $0.path.contains("/resolve/") } == 6)
    }

    @Test func `the hub's own hosts get the key over secure connections only`() throws {
        let address = HubAddress(endpoint: try #require(URL(string: "http://127.0.0.1:8080/hf")))
        for (text, isHub) in [
            ("http://127.0.0.1:8080/x", true), ("http://127.0.0.1:8081/x", false),
            ("https://127.0.0.1:8080/x", false), ("https://huggingface.co/x", true),
            ("https://hf.co/x", true), ("http://huggingface.co/x", false),
            ("https://huggingface.co:444/x", false), ("https://cdn.huggingface.co/x", false),
            ("https://huggingface.co.evil.test/x", false),
        ] {
            #expect(address.isHub(try #require(URL(string: text))) == isHub, "\(text)")
        }
    }

    @Test func `what was cut off goes on where it was, in a new client`() async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        let third = data.count / 3
        place.hub.setFault { request, count in
            guard request.host == .files else { return nil }
            // Once, then nobody is there.
            return count == 0
                ? FakeHub.Answer(200, body: data, cutAfter: third) : FakeHub.Answer(500)
        }
        #expect(try await place.refusal() != nil)
        #expect(place.clock.sleeps == [1, 2, 4, 8].map { .seconds($0) })
        let partial = try place.blob(Self.large).appendingPathExtension("oven.incomplete")
        #expect(HubSnapshot.size(of: partial) == third)
        #expect(place.cache.commit(of: "main", in: place.repository) == nil)
        place.hub.setFault { _, _ in nil }
        let outcome = try await place.pull()
        #expect(place.hub.requests.last { $0.host == .files }?.range == "bytes=\(third)-")
        #expect(outcome.plan?.presentByteCount ?? 0 >= third)
        #expect(place.holds([Self.large]))
        #expect(HubSnapshot.size(of: partial) == nil)
    }

    @Test func `attempts that bring something are not counted`() async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        place.hub.setFault { request, _ in
            guard request.host == .files else { return nil }
            var answer = FakeHub.content(data, range: request.range)
            if answer.body.count > 70_000 { answer.cutAfter = 70_000 }
            return answer
        }
        try await place.pull()
        #expect(place.hub.requests.count { $0.host == .files } == (data.count + 69_999) / 70_000)
        #expect(place.holds([Self.large]))
    }

    @Test func `a server that ignores ranges starts over`() async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        place.hub.setFault { request, count in
            guard request.host == .files else { return nil }
            return FakeHub.Answer(200, body: data, cutAfter: count == 0 ? 100_000 : nil)
        }
        try await place.pull()
        #expect(place.holds([Self.large]))
    }

    @Test(arguments: [true, false])
    func `a wrong range starts over`(isUnsatisfiable: Bool) async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        place.hub.setFault { request, _ in
            guard request.host == .files else { return nil }
            guard request.range != nil else {
                return FakeHub.Answer(200, body: data, cutAfter: nil)
            }
            return isUnsatisfiable
                ? FakeHub.Answer(416)
                : FakeHub.Answer(206, headers: ["Content-Range": "bytes 0-9/10"], body: data)
        }
        try FileManager.default.createDirectory(
            at: place.blob("LICENSE").deletingLastPathComponent(), withIntermediateDirectories: true
        )
        try Data(count: 1000).write(
            to: place.blob(Self.large).appendingPathExtension("oven.incomplete"))
        try await place.pull()
        #expect(place.holds([Self.large]))
    }

    @Test func `an address that has expired is asked for again`() async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        place.hub.setFault { request, count in
            guard request.host == .files else { return nil }
            switch count {
            case 0: return FakeHub.Answer(200, body: data, cutAfter: 100_000)
            case 1: return FakeHub.Answer(403)
            default: return nil
            }
        }
        try await place.pull()
        let asked = place.hub.requests.filter { $0.host == .files }
        #expect(asked.map(\.range) == [nil, "bytes=100000-", "bytes=100000-"])
        #expect(Set(asked.map(\.query)).count == 3)
        #expect(place.holds([Self.large]))
    }

    @Test func `a server of files that always refuses is an error`() async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.host == .files ? FakeHub.Answer(403) : nil
        }
        #expect("\(try await place.refusal() as Any)".contains("files.test answers 403"))
        #expect(place.hub.requests.count { $0.host == .files } == 3)
    }

    @Test func `a wrong sum is fetched once more, and then an error`() async throws {
        let place = try HubPlace()
        var data = try #require(place.hub.files[Self.large]).data
        data[7] ^= 1
        place.hub.setFault { [data] request, _ in
            request.host == .files ? FakeHub.Answer(200, body: data) : nil
        }
        #expect(
            try await place.refusal() == .damaged(place.repository, file: Self.large))
        #expect(place.hub.requests.count { $0.host == .files } == 2)
        #expect(!place.holds([Self.large]))
        place.hub.setFault { [data] request, count in
            request.host == .files && count == 2 ? FakeHub.Answer(200, body: data) : nil
        }
        let outcome = try await place.pull()
        #expect("\(outcome.notices)".contains("arrived with a wrong check sum"))
        #expect(place.holds([Self.large]))
    }

    @Test func `more than the file has is as wrong as another sum`() async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        place.hub.setFault { request, _ in
            request.host == .files ? FakeHub.Answer(200, body: data + data) : nil
        }
        #expect(try await place.refusal() == .damaged(place.repository, file: Self.large))
    }

    @Test func `a compressed file is refused`() async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.host == .files
                ? FakeHub.Answer(200, headers: ["Content-Encoding": "gzip"]) : nil
        }
        #expect("\(try await place.refusal() as Any)".contains("it is compressed"))
    }

    @Test(.timeLimit(.minutes(15)))
    func `a cancelled pull stops and keeps what has come`() async throws {
        let place = try HubPlace()
        let data = try #require(place.hub.files[Self.large]).data
        let isUnderWay = Gate()
        let transport = ScriptedTransport { [fake = place.transport] request, _ in
            guard request.url.host() == "files.test" else { return try await fake.send(request) }
            let body = AsyncThrowingStream<Data, any Error> { continuation in
                continuation.yield(data.prefix(60_000))
                isUnderWay.open()
            }
            return HTTPResponse(status: 200, headers: [:], url: request.url, body: body)
        }
        let task = Task { try await place.pull(over: transport) }
        await isUnderWay.wait()
        let partial = try place.blob(Self.large).appendingPathExtension("oven.incomplete")
        while HubSnapshot.size(of: partial) != 60_000 { await Task.yield() }
        task.cancel()
        _ = try? await task.value
        #expect(place.cache.commit(of: "main", in: place.repository) == nil)
        try await place.pull()
        #expect(place.hub.requests.last { $0.host == .files }?.range == "bytes=60000-")
        #expect(place.holds([Self.large]))
    }
}
