import Baking
import Foundation
import ServiceSupport
import Testing

@testable import Backends

/// The same over the network: a hub on one port, its files on another.
@Suite struct HubServerTests {
    @Test(.timeLimit(.minutes(15)))
    func `a key goes to the hub's port and not to that of the files`() async throws {
        let place = try HubPlace()
        let server = try await FakeHubServer(place.hub)
        let outcome = try await place.pull(over: HTTPClient())
        #expect(place.holds(HubPullTests.files))
        #expect(outcome.completed == outcome.total)
        let requests = place.hub.requests
        #expect(requests.contains { $0.host == .files })
        #expect(requests.allSatisfy { ($0.authorization == "Bearer hf_key") == ($0.host == .hub) })
        #expect(requests.allSatisfy { $0.authorization != nil || $0.host == .files })
        await server.stop()
    }

    @Test(.timeLimit(.minutes(15)))
    func `a slash in a revision and a space in a name arrive as they were meant`() async throws {
        let hub = try FakeHub.tiny()
        hub.files["LICENSE of ü & co?.txt"] = FakeHub.File(Data("free".utf8))
        let place = try HubPlace(hub)
        let server = try await FakeHubServer(hub)
        let outcome = try await place.pull(revision: "refs/pr/1", over: HTTPClient())
        #expect(outcome.files.contains("LICENSE of ü & co?.txt"))
        #expect(place.holds(outcome.files))
        await server.stop()
    }

    @Test(.timeLimit(.minutes(15)))
    func `what was cut off at a third goes on there in a new client`() async throws {
        let place = try HubPlace()
        let server = try await FakeHubServer(place.hub)
        let data = try #require(place.hub.files["model.safetensors"]).data
        let third = data.count / 3
        place.hub.setFault { request, count in
            guard request.host == .files else { return nil }
            return count == 0
                ? FakeHub.Answer(200, body: data, cutAfter: third) : FakeHub.Answer(500)
        }
        #expect(try await place.refusal(over: HTTPClient()) != nil)
        let partial = try place.blob("model.safetensors")
            .appendingPathExtension("oven.incomplete")
        let count = try #require(HubSnapshot.size(of: partial))
        #expect(count > 0 && count <= third)
        place.hub.setFault { _, _ in nil }
        try await place.pull(over: HTTPClient())
        #expect(place.hub.requests.last { $0.host == .files }?.range == "bytes=\(count)-")
        #expect(place.holds(HubPullTests.files))
        await server.stop()
    }

    @Test(.timeLimit(.minutes(15)))
    func `a renamed repository is followed with the key`() async throws {
        let place = try HubPlace()
        let server = try await FakeHubServer(place.hub)
        place.hub.setFault { request, _ in
            request.path.hasSuffix("/config.json") && request.query != "moved"
                ? FakeHub.Answer(307, headers: ["Location": "\(request.path)?moved"]) : nil
        }
        try await place.pull(over: HTTPClient())
        let moved = place.hub.requests.filter { $0.query == "moved" }
        #expect(!moved.isEmpty && moved.allSatisfy { $0.authorization == "Bearer hf_key" })
        #expect(place.holds(HubPullTests.files))
        await server.stop()
    }

    @Test(.timeLimit(.minutes(15)))
    func `nobody there is told by the name of the host`() async throws {
        let place = try HubPlace()
        let server = try await FakeHubServer(place.hub)
        await server.stop()
        let error = try await place.refusal(over: HTTPClient())
        #expect("\(error as Any)".contains("cannot connect to 127.0.0.1"))
        #expect(place.clock.sleeps.count == 4)
    }
}
