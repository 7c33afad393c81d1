import Baking
import Foundation
import TestSupport
import Testing
import Transformer

@testable import Backends

/// How an adapter comes from a server.
@Suite struct ClientDownloadTests {
    static let archives = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/tinker/archives")

    private static func archive(_ name: String) throws -> Data {
        try Data(contentsOf: archives.appending(path: name))
    }

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted()
        }
    }

    private func unpack(_ data: Data, limit: Int = 1 << 20) throws {
        var archive = TinkerArchive(directory: directory.url, limit: limit)
        do {
            try archive.unpack(data)
        } catch {
            archive.remove()
            throw error
        }
    }

    private func expectAdapter() throws {
        #expect(try names == TinkerClient.adapterFiles)
        #expect(
            try Data(contentsOf: directory.url.appending(path: "adapter_model.safetensors"))
                == Self.archive("weights.bin"))
        #expect(
            try Data(contentsOf: directory.url.appending(path: "adapter_config.json"))
                == Data(#"{"r": 8, "lora_alpha": 32}"#.utf8))
    }

    @Test(arguments: [
        "plain.tar", "folder.tar", "gnu.tar", "dynamic.tar.gz", "fixed.tar.gz", "stored.tar.gz",
    ])
    func `an archive gives the two files`(name: String) throws {
        try unpack(Self.archive(name))
        try expectAdapter()
    }

    @Test(arguments: ["links.tar", "above.tar", "twice.tar"])
    func `an archive that would do something else gives nothing`(name: String) throws {
        let data = try Self.archive(name)
        #expect(throws: TinkerError.self) { try unpack(data) }
        #expect(try names.isEmpty)
    }

    @Test func `an archive that unpacks to too much is left`() throws {
        let data = try Self.archive("dynamic.tar.gz")
        #expect(throws: TinkerError.self) { try unpack(data, limit: 9000) }
        #expect(try names.isEmpty)
    }

    @Test(arguments: ["plain.tar", "dynamic.tar.gz", "fixed.tar.gz", "stored.tar.gz"])
    func `damaged archives do not trap`(name: String) throws {
        var random = SeededGenerator(seed: 5)
        let whole = try Self.archive(name)
        for _ in 0..<300 {
            var data = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                data[Int.random(in: data.indices, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                data = data.prefix(Int.random(in: 0..<data.count, using: &random))
            }
            _ = try? unpack(data)
            for name in try names {
                try FileManager.default.removeItem(at: directory.url.appending(path: name))
            }
        }
    }

    @Test func `a packed archive whose sum is wrong is refused`() throws {
        for (offset, name) in [(5, "dynamic.tar.gz"), (1, "dynamic.tar.gz")] {
            var data = try Self.archive(name)
            data[data.endIndex - offset] ^= 1
            #expect(throws: TinkerError.self) { try unpack(data) }
        }
    }

    // MARK: - Transfer

    /// Answers storage addresses with files, and notes who asked with a key.
    private final class Storage: HTTPTransport {
        let api: ClientServer
        let files: [String: Data]
        let failures: Int
        let asked = ClientHarness.Notices()

        init(_ api: ClientServer, _ files: [String: Data], failures: Int = 0) {
            self.api = api
            self.files = files
            self.failures = failures
        }

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            guard request.url.host() == "storage.test" else { return try await api.send(request) }
            let hasKey =
                request.credential != nil
                || request.headers.fields.contains { $0.value.contains(ClientHarness.key) }
            asked.add(.note(service: request.url.lastPathComponent, hasKey ? "key" : "no key"))
            guard let file = files[request.url.lastPathComponent] else {
                return .scripted(403, "expired")
            }
            if asked.all.count <= failures {
                return .scripted(pieces: [file.prefix(100)], then: ClientHarness.lost)
            }
            let half = file.count / 2
            return .scripted(pieces: [file.prefix(half), file.dropFirst(half)])
        }
    }

    private func client(
        _ files: [String: Data], failures: Int = 0,
        _ fault: @escaping @Sendable (ClientServer.Call) -> ClientServer.Fault?
    ) throws -> (TinkerClient, Storage) {
        var options = ClientServer.Options()
        options.fault = fault
        let storage = Storage(ClientServer(options), files, failures: failures)
        var configuration = try TinkerConfiguration(
            base: ClientHarness.base, key: #require(Secret(ClientHarness.key)))
        configuration.heartbeatInterval = nil
        let caller = HTTPCaller(transport: storage, clock: ClientClock(), random: { 0.5 })
        return (TinkerClient(configuration: configuration, caller: caller), storage)
    }

    private static let path = "tinker://run:train:0/sampler_weights/final"
    private static let archivePath =
        "training_runs/run:train:0/checkpoints/sampler_weights/final/archive"

    private static func moved(_ call: ClientServer.Call) -> ClientServer.Fault? {
        guard call.path == archivePath else { return nil }
        return .answer(
            302, headers: ["Location": "http://storage.test/signed/dynamic.tar.gz?sig=1"])
    }

    @Test func `the archive is fetched from elsewhere, without the key`() async throws {
        let (client, storage) = try client(
            ["dynamic.tar.gz": Self.archive("dynamic.tar.gz")], Self.moved)
        try await client.downloadAdapter(Self.path, to: directory.url)
        try expectAdapter()
        #expect(storage.asked.texts == ["no key"])
        let recording = try WireRecording.at("json-dialect.checkpoints.archive", 0)
        #expect(recording.path.hasSuffix("/checkpoints/sampler_weights/final/archive"))
    }

    @Test func `a transfer that breaks off begins again`() async throws {
        let (client, storage) = try client(
            ["dynamic.tar.gz": Self.archive("dynamic.tar.gz")], failures: 2, Self.moved)
        try await client.downloadAdapter(Self.path, to: directory.url)
        try expectAdapter()
        #expect(storage.asked.texts.count == 3)
    }

    @Test func `an archive that is gone leaves nothing behind`() async throws {
        let (client, _) = try client([:], Self.moved)
        let error = await #expect(throws: TinkerError.self) {
            try await client.downloadAdapter(Self.path, to: directory.url)
        }
        #expect(
            error == .failed(what: "downloading \(Self.path)", why: "HTTP 403"))
        #expect(try names.isEmpty)
    }

    @Test func `an archive may come at once`() async throws {
        let data = try Self.archive("plain.tar")
        let (client, _) = try client([:]) { call in
            call.path == Self.archivePath ? .bytes(data, type: "application/x-tar") : nil
        }
        try await client.downloadAdapter(Self.path, to: directory.url)
        try expectAdapter()
    }

    @Test(arguments: ["ftp://storage.test/x", "file:///etc/passwd", "http://", "/etc/pass wd"])
    func `an address of another kind is not followed`(location: String) async throws {
        let (client, _) = try client([:]) { call in
            call.path == Self.archivePath ? .answer(302, headers: ["Location": location]) : nil
        }
        await #expect(throws: TinkerError.self) {
            try await client.downloadAdapter(Self.path, to: directory.url)
        }
        #expect(try names.isEmpty)
    }

    private static let urls = #"""
        {"urls":{"adapter_model.safetensors":"http://storage.test/weights.bin",
        "adapter_config.json":"http://storage.test/config", "../../evil":"http://storage.test/evil"}}
        """#

    @Test func `files that are handed out one by one are fetched, and no others`() async throws {
        let (client, storage) = try client([
            "weights.bin": Self.archive("weights.bin"),
            "config": Data(#"{"r": 8, "lora_alpha": 32}"#.utf8),
        ]) { call in
            call.path
                == "training_runs/run/checkpoints/external_weights/final/external_weights_urls"
                ? .answer(200, Self.urls) : nil
        }
        try await client.downloadAdapter(
            "tinker://run/external_weights/final", to: directory.url)
        try expectAdapter()
        #expect(storage.asked.texts == ["no key", "no key"])
    }

    @Test func `a server without archives saves them as files`() async throws {
        let (client, _) = try client([
            "weights.bin": Self.archive("weights.bin"),
            "config": Data(#"{"r": 8, "lora_alpha": 32}"#.utf8),
        ]) { call in
            if call.path == Self.archivePath { return .answer(404) }
            if call.headers["X-Tinker-Request-Type"] == "SaveWeightsExternal" {
                return .answer(200, #"{"path":"tinker://loaded0/external_weights/x"}"#)
            }
            if call.path == "save_weights_external" {
                return .answer(200, #"{"request_id":"external"}"#)
            }
            return call.path.hasSuffix("/external_weights_urls") ? .answer(200, Self.urls) : nil
        }
        try await client.downloadAdapter(Self.path, to: directory.url)
        try expectAdapter()
    }
}
