import Foundation
import ServiceSupport
import Testing

@Suite struct PullTests {
    /// The program in a home of its own, and a hub on loopback.
    private struct Place {
        var oven: OvenProcess
        let hub: FakeHub
        let server: FakeHubServer

        init() async throws {
            oven = try OvenProcess()
            hub = try .tiny()
            server = try await FakeHubServer(hub)
            oven.environment = [
                "HF_ENDPOINT": hub.urls[.hub] ?? "", "HF_TOKEN": "hf_key",
                // Nothing else may carry these requests.
                "no_proxy": "*",
            ]
        }

        /// Not on the threads that the server needs.
        func run(_ arguments: [String]) async throws -> OvenProcess.Result {
            let line = "\"$OVEN\" " + arguments.map { "'\($0)'" }.joined(separator: " ")
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { [oven] in
                    continuation.resume(with: Swift.Result { try oven.shell(line) })
                }
            }
        }
    }

    @Test func `a model is fetched and the next command is one that works`() async throws {
        let place = try await Place()
        let result = try await place.run(["pull", "me/tiny"])
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.lines.first?.hasPrefix("me/tiny at a1a1a1a1a1a1: 7 files, ") == true)
        #expect(result.lines.contains { $0.hasPrefix("model.safetensors 290.1 kB") })
        #expect(result.lines.last == "next: oven bake --model me/tiny")
        #expect(!result.output.contains("\r") && !result.output.contains("\u{1B}"))
        let doctor = try await place.run(["doctor", "--model", "me/tiny"])
        #expect(doctor.lines.contains { $0.hasPrefix("ok      model") && $0.contains("qwen3") })
        let requests = place.hub.requests
        #expect(requests.allSatisfy { ($0.authorization != nil) == ($0.host == .hub) })
        await place.server.stop()
    }

    @Test func `as JSON the result is one line, and the rest goes to standard error`() async throws
    {
        let place = try await Place()
        let result = try await place.run(["pull", "me/tiny", "--json", "--revision", "refs/pr/1"])
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.lines.count == 1)
        let line = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect((line["files"] as? [String])?.contains("model.safetensors") == true)
        let path = try #require(line["path"] as? String)
        #expect(path.hasSuffix("models--me--tiny/snapshots/\(FakeHub.commit)"))
        #expect(result.errors.contains("model.safetensors 290.1 kB"))
        // A revision that is not the main one is called by its path.
        let again = try await place.run(["pull", "me/tiny", "--revision", "refs/pr/1"])
        #expect(again.lines.last == "next: oven bake --model \(path)")
        await place.server.stop()
    }

    @Test func `a refusal is one line without the key`() async throws {
        let place = try await Place()
        place.hub.setFault { request, _ in
            request.path.contains("/resolve/") ? .refusal(403, code: "GatedRepo") : nil
        }
        let result = try await place.run(["pull", "me/tiny"])
        #expect(result.code == 1)
        #expect(result.errors.hasPrefix("oven: me/tiny is gated and the token from HF_TOKEN"))
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(!(result.errors + result.output).contains("hf_key"))
        await place.server.stop()
    }

    @Test(arguments: [["pull"], ["pull", "a/b/c"], ["pull", "a/b", "--revision", "../x"]])
    func `wrong usage exits 2`(arguments: [String]) async throws {
        let oven = try OvenProcess()
        let result = try oven.shell(
            "\"$OVEN\" " + arguments.map { "'\($0)'" }.joined(separator: " "))
        #expect(result.code == 2)
        #expect(result.errors.hasPrefix("oven: "))
    }

    @Test func `a model that is nowhere names what fetches it`() async throws {
        let oven = try OvenProcess()
        let result = try oven.run("tokenize", "--model", "me/tiny")
        #expect(result.code == 1)
        #expect(result.errors.contains("oven pull me/tiny fetches it"))
    }
}
