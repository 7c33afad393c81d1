import Baking
import Foundation
import ServiceSupport
import Testing

@testable import Backends

@Suite struct HubRefusalTests {
    @Test(arguments: [401, 403])
    func `a gated model names its page`(status: Int) async throws {
        var place = try HubPlace()
        if status == 401 { place.token = nil }
        place.hub.setFault { request, _ in
            request.path.contains("/resolve/")
                ? .refusal(status, code: "GatedRepo", message: "Access is restricted.") : nil
        }
        let error = try await place.refusal()
        #expect(
            error
                == .gated(
                    place.repository, page: "https://hub.test/me/tiny",
                    token: status == 401 ? nil : "HF_TOKEN"))
        #expect("\(error as Any)".contains("https://hub.test/me/tiny"))
        #expect(place.clock.sleeps.isEmpty)
        #expect(place.hub.requests.count { $0.path.contains("/resolve/") } == 1)
    }

    @Test func `what is not found may be private`() async throws {
        var place = try HubPlace()
        for answer in [
            FakeHub.Answer.refusal(401, message: "Invalid username or password."),
            .refusal(404, code: "RepoNotFound"), FakeHub.Answer(404),
        ] {
            place.hub.setFault { _, _ in answer }
            place.token = nil
            #expect(
                "\(try await place.refusal() as Any)".contains(
                    "not found, or private: set HF_TOKEN"))
            place.token = Secret("hf_key")
            #expect(
                "\(try await place.refusal() as Any)".contains(
                    "the token from HF_TOKEN has no access"))
        }
    }

    @Test func `a bad token is named by its place, never by its text`() async throws {
        let place = try HubPlace()
        place.hub.setFault { _, _ in
            .refusal(401, message: "Invalid credentials in Authorization header")
        }
        #expect(try await place.refusal() == .badToken(source: "HF_TOKEN"))
        place.hub.setFault { _, _ in .refusal(400, message: "what is hf_key?") }
        let error = try await place.refusal()
        #expect("\(error as Any)".contains("what is (secret)? (request Root=1-abc)"))
    }

    @Test func `other refusals say what they are`() async throws {
        let place = try HubPlace()
        place.hub.setFault { _, _ in
            .refusal(403, message: "Access to this resource is disabled.")
        }
        #expect(try await place.refusal() == .disabled(place.repository))
        place.hub.setFault { _, _ in nil }
        #expect(
            try await place.refusal(revision: "v2") == .noRevision(place.repository, "v2"))
        place.hub.setFault { request, _ in
            request.path.hasSuffix("/config.json")
                ? .refusal(404, code: "EntryNotFound", message: "Entry not found") : nil
        }
        #expect("\(try await place.refusal() as Any)".contains("answers 404: Entry not found"))
    }

    @Test(arguments: ["../x", "a//b", "a b", "", "/a", "a\\b"])
    func `a revision that is none is refused without asking`(revision: String) async throws {
        let place = try HubPlace()
        #expect(try await place.refusal(revision: revision) == .invalidRevision(revision))
        #expect(place.hub.requests.isEmpty)
    }

    @Test(arguments: [
        [
            "RateLimit": "\"api\";r=0;t=55",
            "RateLimit-Policy": "\"fixed window\";\"api\";q=500;w=300",
        ],
        ["Retry-After": "56"],
    ])
    func `a hub that takes no more requests is asked when it says so`(
        headers: [String: String]
    ) async throws {
        let place = try HubPlace()
        place.hub.setFault { request, count in
            request.path.contains("/revision/") && count == 0
                ? FakeHub.Answer(429, headers: headers) : nil
        }
        let outcome = try await place.pull()
        #expect(place.clock.sleeps == [.seconds(56)])
        #expect(
            outcome.notices == [
                .waiting(service: "hub", reason: "it takes no more requests for now", seconds: 56)
            ])
        place.hub.setFault { _, _ in FakeHub.Answer(429, headers: headers) }
        #expect(try await place.refusal() == nil, "the cache has it")
    }

    @Test func `a hub that is down is asked five times, then the cache will do`() async throws {
        let place = try HubPlace()
        place.hub.setFault { _, _ in FakeHub.Answer(503) }
        #expect(
            try await place.refusal() == .refused(host: "hub.test", status: 503, detail: ""))
        #expect(place.clock.sleeps == [1, 2, 4, 8].map { .seconds($0) })
        place.hub.setFault { _, _ in nil }
        try await place.pull()
        place.hub.setFault { _, _ in FakeHub.Answer(503) }
        let outcome = try await place.pull()
        #expect(outcome.snapshot?.commit == FakeHub.commit)
        #expect(outcome.files == HubPullTests.files)
        #expect("\(outcome.notices)".contains("at commit \(FakeHub.commit)"))
        let nowhere = ScriptedTransport { _, _ in
            throw HTTPError.cannotConnect(host: "hub.test", why: "no network")
        }
        #expect(try await place.pull(over: nowhere).snapshot != nil)
    }

    @Test(arguments: ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
    func `without network only the cache is looked at`(variable: String) async throws {
        var place = try HubPlace()
        place.environment[variable] = "True"
        #expect("\(try await place.refusal() as Any)".contains("\(variable) forbids the network"))
        place.environment = [:]
        try await place.pull()
        let count = place.hub.requests.count
        place.environment[variable] = "1"
        let outcome = try await place.pull()
        #expect(outcome.snapshot?.commit == FakeHub.commit)
        #expect("\(outcome.notices)".contains(variable))
        // A part is not enough.
        try FileManager.default.removeItem(at: place.blob("model.safetensors"))
        #expect(try await place.refusal() != nil)
        #expect(try await place.refusal(.tokenizer) == nil)
        #expect(place.hub.requests.count == count)
    }

    @Test(arguments: [
        "../up", "/root", "a/../../b", "a//b", "a\\b", "a/.", "nul\u{0}", "",
        String(repeating: "x", count: 300),
    ])
    func `a list with a path that leads elsewhere is refused`(path: String) async throws {
        let hub = try FakeHub.tiny()
        hub.files[path] = FakeHub.File(Data("x".utf8))
        let place = try HubPlace(hub)
        guard case .unexpected("the list of files", _)? = try await place.refusal() else {
            Issue.record("it is taken")
            return
        }
        #expect(!hub.requests.contains { $0.path.contains("/resolve/") })
    }

    @Test(arguments: [
        "", "{}", "[[]]", "[1]", #"[{"type": "file", "path": "a", "size": -1, "oid": "0"}]"#,
        #"[{"type": "file", "path": "a", "size": 1e300, "oid": "0"}]"#,
        #"[{"type": "file", "path": "a"}]"#, #"[{"type": "file", "path": "a", "lfs": {}}]"#,
        #"[{"type": "file", "path": "a", "lfs": {"oid": "../x", "size": 1}}]"#,
        #"[{"type": "file", "path": "a", "size": 9223372036854775807, "oid": ""#
            + String(repeating: "a", count: 40) + #""}]"#,
        String(repeating: "[", count: 100_000),
    ])
    func `a list that is none is refused`(body: String) async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.path.contains("/tree/") ? FakeHub.Answer(200, body: Data(body.utf8)) : nil
        }
        #expect(try await place.refusal() != nil)
    }

    @Test func `a list that does not end or goes elsewhere is refused`() async throws {
        let place = try HubPlace()
        place.hub.setFault { request, _ in
            request.path.contains("/tree/")
                ? FakeHub.Answer(
                    200, headers: ["Link": "<\(request.path)>; rel=\"next\""],
                    body: Data("[]".utf8)) : nil
        }
        #expect("\(try await place.refusal() as Any)".contains("it does not end"))
        place.hub.setFault { request, _ in
            request.path.contains("/tree/")
                ? FakeHub.Answer(
                    200, headers: ["Link": "<https://evil.test/x>; rel=\"next\""],
                    body: Data("[]".utf8)) : nil
        }
        #expect("\(try await place.refusal() as Any)".contains("its next page is elsewhere"))
    }
}
