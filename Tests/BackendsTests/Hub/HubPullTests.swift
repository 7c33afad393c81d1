import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct HubPullTests {
    static let files = [
        "LICENSE", "chat_template.jinja", "config.json", "generation_config.json",
        "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]

    @Test func `what a model needs is fetched into the layout of the shared cache`() async throws {
        let place = try HubPlace()
        let outcome = try await place.pull()
        #expect(outcome.files == Self.files)
        #expect(place.holds(Self.files))
        #expect(outcome.snapshot?.missing == [])
        for name in Self.files {
            let link = try FileManager.default.destinationOfSymbolicLink(
                atPath: place.entry(name).path)
            #expect(link == "../../blobs/\(place.hub.files[name]?.sum ?? "")")
        }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: place.entry("").path)
        #expect(names.sorted() == Self.files)
        let reference = place.folder.appending(path: "refs/main")
        #expect(try String(contentsOf: reference, encoding: .utf8) == FakeHub.commit)
        let tag = place.cache.directory.appending(path: "CACHEDIR.TAG")
        #expect(FileManager.default.fileExists(atPath: tag.path))
        #expect(outcome.completed == outcome.total)
        // The configuration came before there was a plan.
        let early = place.hub.files["config.json"]?.data.count ?? 0
        #expect(outcome.received == outcome.total - early)
        #expect(outcome.plan?.byteCount == outcome.total)
        // It is a model that this machine can open.
        _ = try ModelFiles(path: place.entry("").path)
        guard case .directory(let found) = try ModelLocation("me/tiny", in: place.surroundings)
        else {
            Issue.record("no directory")
            return
        }
        #expect(found.path == outcome.snapshot?.directory.path)
        #expect(ModelLocation.cachedNames(in: place.surroundings) == ["me/tiny"])
    }

    @Test func `shards are those of the index, over any number of pages`() async throws {
        let place = try HubPlace(.tiny("qwen3-sharded"))
        place.hub.pageSize = 4
        let outcome = try await place.pull()
        let shards = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
        #expect(Set(outcome.files).isSuperset(of: shards + ["model.safetensors.index.json"]))
        #expect(!outcome.files.contains("expected.safetensors"))
        #expect(place.holds(outcome.files))
        #expect(outcome.snapshot?.missing == [])
    }

    @Test func `the configuration comes first, and nothing is fetched twice`() async throws {
        let place = try HubPlace()
        try await place.pull()
        let asked = place.hub.requests.filter { $0.path.contains("/resolve/") }.map(\.path)
        #expect(asked.first?.hasSuffix("/config.json") == true)
        #expect(asked.count == Self.files.count)
        let again = try await place.pull()
        #expect(again.present.sorted() == Self.files)
        #expect(again.received == 0)
        #expect(place.hub.requests.count { $0.path.contains("/resolve/") } == asked.count)
    }

    @Test func `a content that is damaged here is fetched again`() async throws {
        let place = try HubPlace()
        try await place.pull()
        let blob = try place.blob("model.safetensors")
        var data = try Data(contentsOf: blob)
        data[data.count / 2] ^= 1
        try data.write(to: blob)
        let outcome = try await place.pull()
        #expect(outcome.present.count == Self.files.count - 1)
        #expect(place.holds(Self.files))
    }

    @Test func `files of one content are fetched once`() async throws {
        let hub = try FakeHub.tiny()
        hub.files["special_tokens_map.json"] = hub.files["generation_config.json"]
        hub.files["added_tokens.json"] = FakeHub.File(Data())
        let place = try HubPlace(hub)
        let outcome = try await place.pull()
        #expect(outcome.files.count == Self.files.count + 2)
        #expect(place.holds(outcome.files))
    }

    @Test func `only the tokenizer is fetched for a model that runs elsewhere`() async throws {
        let hub = try FakeHub.tiny()
        // Any family will do.
        hub.files["config.json"] = FakeHub.File(Data(#"{"model_type": "deepseek_v3"}"#.utf8))
        let place = try HubPlace(hub)
        let snapshot = try await place.client().pullTokenizer(place.repository)
        #expect(
            snapshot.files == [
                "chat_template.jinja", "config.json", "generation_config.json", "tokenizer.json",
                "tokenizer_config.json",
            ])
        #expect(snapshot.missing == ["model.safetensors"])
        #expect(ModelLocation.cachedNames(in: place.surroundings).isEmpty)
        // What is missing is named together with what fetches it.
        let error = #expect(throws: (any Error).self) {
            try ModelFiles(path: snapshot.directory.path)
        }
        #expect("\(error as Any)".contains("deepseek_v3"))
    }

    @Test func `an unknown family is refused before its weights are fetched`() async throws {
        let hub = try FakeHub.tiny()
        hub.files["config.json"] = FakeHub.File(Data(#"{"model_type": "gpt2"}"#.utf8))
        let place = try HubPlace(hub)
        let error = try await place.refusal()
        #expect(
            "\(error as Any)".contains("config.json of me/tiny: model_type gpt2 is not supported"))
        #expect("\(error as Any)".contains("qwen3, qwen2, llama, mistral"))
        #expect(!hub.requests.contains { $0.host == .files })
        #expect(place.cache.commit(of: "main", in: place.repository) == nil)
    }

    @Test(arguments: [
        ("tokenizer.json", "me/tiny has no tokenizer.json"),
        ("config.json", "me/tiny has no config.json"),
        ("model.safetensors", "consolidated.safetensors is of another kind"),
    ])
    func `a repository without a needed file is refused at once`(
        name: String, part: String
    ) async throws {
        let hub = try FakeHub.tiny()
        hub.files[name] = nil
        for other in ["activations", "expected"] { hub.files["\(other).safetensors"] = nil }
        let place = try HubPlace(hub)
        #expect("\(try await place.refusal() as Any)".contains(part))
        #expect(!hub.requests.contains { $0.path.contains("/resolve/") })
    }

    @Test(arguments: ["main", "refs/pr/1", FakeHub.commit])
    func `a revision is noted under its name`(revision: String) async throws {
        let place = try HubPlace()
        try await place.pull(revision: revision)
        #expect(
            place.hub.requests.first?.path
                == "/api/models/me/tiny/revision/" + revision.replacing("/", with: "%2F"))
        let reference = place.folder.appending(path: "refs/\(revision)")
        #expect(
            FileManager.default.fileExists(atPath: reference.path)
                == (revision != FakeHub.commit))
        #expect(place.cache.commit(of: revision, in: place.repository) == FakeHub.commit)
    }

    @Test func `too little space is told before anything large is fetched`() async throws {
        var place = try HubPlace()
        place.freeSpace = 100_000
        guard case .noSpace(let path, let needed, 100_000)? = try await place.refusal() else {
            Issue.record("no error about space")
            return
        }
        #expect(path == place.cache.directory.path)
        #expect(needed > 300_000)
        #expect(!place.hub.requests.contains { $0.host == .files })
    }

    @Test func `a cache that cannot be written is replaced by a folder of our own`() async throws {
        var place = try HubPlace()
        _ = try place.directory.file("file", "")
        place.environment["HF_HUB_CACHE"] = place.directory.url.appending(path: "file/hub").path
        let outcome = try await place.pull()
        let own = place.directory.url.appending(path: ".local/share/oven/hub").path
        #expect(outcome.snapshot?.directory.path.hasPrefix(own) == true)
        #expect("\(outcome.notices)".contains("the model goes to \(own)"))
        guard case .directory(let found) = try ModelLocation("me/tiny", in: place.surroundings)
        else {
            Issue.record("no directory")
            return
        }
        #expect(found.path == outcome.snapshot?.directory.path)
    }

    @Test func `without links a snapshot holds the files themselves`() async throws {
        var place = try HubPlace()
        place.environment["HF_HUB_DISABLE_SYMLINKS"] = "yes"
        try await place.pull()
        #expect(place.holds(Self.files))
        let type = try FileManager.default.attributesOfItem(
            atPath: place.entry("model.safetensors").path)[.type]
        #expect(type as? FileAttributeType == .typeRegular)
        let blobs = place.folder.appending(path: "blobs").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: blobs).isEmpty)
        let again = try await place.pull()
        #expect(again.received == 0)
        // Whoever uses links leaves those files alone.
        place.environment = [:]
        #expect(try await place.pull().received == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: blobs).isEmpty)
    }

    @Test func `what another program holds is waited for and then used`() async throws {
        let place = try HubPlace()
        let file = try #require(place.hub.files["model.safetensors"])
        let lock = place.cache.directory.appending(
            path: ".locks/\(place.repository.folder)/\(file.sum).lock")
        try FileManager.default.createDirectory(
            at: lock.deletingLastPathComponent(), withIntermediateDirectories: true)
        let descriptor = open(lock.path, O_RDWR | O_CREAT, 0o644)
        #expect(flock(descriptor, LOCK_EX) == 0)
        let client = try place.client()
        var isTold = false
        for try await event in client.pull(place.repository) {
            guard case .notice(.waiting(_, "another program fetches model.safetensors", _)) = event
            else { continue }
            isTold = true
            try file.data.write(to: place.blob("model.safetensors"))
            close(descriptor)
        }
        #expect(isTold)
        #expect(place.holds(Self.files))
        #expect(!place.hub.requests.contains { $0.host == .files })
    }
}
