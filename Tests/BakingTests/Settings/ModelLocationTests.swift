import Foundation
import Testing

@testable import Baking

@Suite struct ModelLocationTests {
    @Test func `starter is the embedded model even beside a directory of that name`() throws {
        let place = try TemporaryPlace()
        try place.write("", to: "work/starter/config.json")
        try place.write("", to: "bin/starter/config.json")
        let expected = place.root.appending(path: "bin/starter").path
        guard case .directory(let url) = try ModelLocation("starter", in: place.surroundings) else {
            Issue.record("not a directory")
            return
        }
        #expect(url.path == expected)
    }

    @Test func `a directory wins over the cache, and the cache is read by its reference`() throws {
        let place = try TemporaryPlace()
        let commit = String(repeating: "a1", count: 20)
        let hub = "home/.cache/huggingface/hub/models--me--small"
        try place.write(commit + "\n", to: "\(hub)/refs/main")
        try place.write("{}", to: "\(hub)/snapshots/\(commit)/config.json")
        let cached = place.root.appending(path: "\(hub)/snapshots/\(commit)")
        #expect(try path("me/small", place) == cached.path)
        try place.write("{}", to: "work/me/small/config.json")
        #expect(try path("me/small", place) == place.work.appending(path: "me/small").path)
        #expect(try ModelLocation("tinker:x/y", in: place.surroundings) == .tinker("x/y"))
    }

    @Test(arguments: ["none", "a/b/c", "../x", "/nowhere", "a//b"])
    func `what is nowhere is named`(name: String) throws {
        let place = try TemporaryPlace()
        let error = try #require(throws: ModelLocation.Failure.self) {
            try ModelLocation(name, in: place.surroundings)
        }
        #expect("\(error)".contains("no model \(name)"))
    }

    private func path(_ name: String, _ place: TemporaryPlace) throws -> String? {
        guard case .directory(let url) = try ModelLocation(name, in: place.surroundings) else {
            return nil
        }
        return url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
    }
}
