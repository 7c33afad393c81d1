import Baking
import Foundation
import ServiceSupport
import Testing
import Transformer

@testable import Backends

@Suite struct HubCacheTests {
    @Test func `a content may be a link into a store that repositories share`() async throws {
        let place = try HubPlace()
        try await place.pull()
        let blob = try place.blob("model.safetensors")
        let shared = place.cache.directory.appending(path: "blobs/\(blob.lastPathComponent)")
        try FileManager.default.createDirectory(
            at: shared.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: blob, to: shared)
        try FileManager.default.createSymbolicLink(
            atPath: blob.path, withDestinationPath: "../../blobs/\(shared.lastPathComponent)")
        #expect(place.cache.snapshot(of: place.repository)?.missing == [])
        let outcome = try await place.pull()
        #expect(outcome.received == 0)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: blob.path)
                == "../../blobs/\(shared.lastPathComponent)")
        // A damaged content of the shared store is not touched: its link is replaced.
        try Data("damaged".utf8).write(to: shared)
        #expect(place.cache.snapshot(of: place.repository)?.missing == ["model.safetensors"])
        try await place.pull()
        #expect(place.holds(HubPullTests.files))
        #expect(try Data(contentsOf: shared) == Data("damaged".utf8))
    }

    @Test func `a link that leads nowhere is no file`() async throws {
        let place = try HubPlace(.tiny("qwen3-sharded"))
        try await place.pull()
        let shard = "model-00002-of-00003.safetensors"
        try FileManager.default.removeItem(at: place.blob(shard))
        #expect(place.cache.snapshot(of: place.repository)?.missing == [shard])
        let directory = place.entry("").path
        let error = #expect(throws: ModelFilesError.self) { try ModelFiles(path: directory) }
        #expect(
            (error.map { "\($0)" } ?? "").hasSuffix(
                "the file \(shard) is missing; run oven pull me/tiny"))
        #expect(ModelLocation.cachedNames(in: place.surroundings).isEmpty)
        let outcome = try await place.pull()
        #expect(outcome.present.count == outcome.files.count - 1)
        #expect(place.cache.snapshot(of: place.repository)?.missing == [])
    }

    @Test(arguments: ["config.json", "model.safetensors"])
    func `a snapshot without a needed file names what fetches it`(name: String) async throws {
        let place = try HubPlace()
        try await place.pull()
        try FileManager.default.removeItem(at: place.entry(name))
        let error = #expect(throws: ModelFilesError.self) {
            try ModelFiles(path: place.entry("").path)
        }
        #expect((error.map { "\($0)" } ?? "").hasSuffix("; run oven pull me/tiny"))
        #expect(place.cache.snapshot(of: place.repository)?.missing == [name])
    }

    @Test func `the sizes that other tools have noted are believed`() async throws {
        let place = try HubPlace()
        try await place.pull()
        let trees = place.folder.appending(path: "trees")
        try FileManager.default.createDirectory(at: trees, withIntermediateDirectories: true)
        let list = trees.appending(path: "\(FakeHub.commit).json")
        for (version, missing) in [(1, ["tokenizer.json"]), (2, [])] {
            try Data(
                #"{"format_version": \#(version), "files": {"tokenizer.json": {"size": 3}}}"#.utf8
            ).write(to: list)
            #expect(place.cache.snapshot(of: place.repository)?.missing == missing)
        }
        try Data("[".utf8).write(to: list)
        #expect(place.cache.snapshot(of: place.repository)?.missing == [])
    }

    @Test(arguments: ["", "A1", String(repeating: "g", count: 40), "../../x"])
    func `a reference that names no commit is none`(text: String) async throws {
        let place = try HubPlace()
        try await place.pull()
        try Data(text.utf8).write(to: place.folder.appending(path: "refs/main"))
        #expect(place.cache.snapshot(of: place.repository) == nil)
        #expect(place.cache.snapshot(of: place.repository, revision: FakeHub.commit) != nil)
        #expect(place.cache.snapshot(of: place.repository, revision: "../refs/main") == nil)
    }

    @Test func `what others have begun is left alone`() async throws {
        let place = try HubPlace()
        let blob = try place.blob("model.safetensors")
        try FileManager.default.createDirectory(
            at: blob.deletingLastPathComponent(), withIntermediateDirectories: true)
        let theirs = ["incomplete", "0123abcd.incomplete"].map { blob.appendingPathExtension($0) }
        for file in theirs { try Data("part".utf8).write(to: file) }
        try await place.pull()
        for file in theirs { #expect(try Data(contentsOf: file) == Data("part".utf8)) }
    }

    @Test func `a plain file with the right content stays`() async throws {
        let place = try HubPlace()
        let entry = place.entry("config.json")
        try FileManager.default.createDirectory(
            at: entry.deletingLastPathComponent(), withIntermediateDirectories: true)
        try #require(place.hub.files["config.json"]).data.write(to: entry)
        let outcome = try await place.pull()
        #expect(outcome.present == ["config.json"])
        let type = try FileManager.default.attributesOfItem(atPath: entry.path)[.type]
        #expect(type as? FileAttributeType == .typeRegular)
    }
}
