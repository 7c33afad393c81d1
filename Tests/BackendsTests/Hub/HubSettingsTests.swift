import Baking
import Foundation
import ServiceSupport
import TestSupport
import Testing

@testable import Backends

@Suite struct HubSettingsTests {
    private func surroundings(_ environment: [String: String]) -> Surroundings {
        Surroundings(
            workingDirectory: URL(filePath: "/work"),
            environment: ["HOME": "/home/me"].merging(environment) { $1 },
            executable: URL(filePath: "/bin/oven"))
    }

    private func cache(_ environment: [String: String]) -> String {
        let path = surroundings(environment).hubCache.path
        return path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    @Test func `the cache is where Hugging Face's tools look for it`() {
        #expect(cache([:]) == "/home/me/.cache/huggingface/hub")
        #expect(cache(["XDG_CACHE_HOME": "/c"]) == "/c/huggingface/hub")
        #expect(cache(["HF_HOME": "~/hf", "XDG_CACHE_HOME": "/c"]) == "/home/me/hf/hub")
        #expect(cache(["HF_HUB_CACHE": "$A/${B}/$C", "A": "/a", "B": "b"]) == "/a/b/$C")
        #expect(cache(["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/new"]) == "/old")
        #expect(cache(["HF_HUB_CACHE": "/a", "HUGGINGFACE_HUB_CACHE": "/old"]) == "/a")
    }

    @Test func `a key is found in the environment, then in the file of a login`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("token", " hf_file \r\n")
        func source(_ environment: [String: String]) -> String? {
            HubToken.find(
                in: surroundings(
                    ["HF_HOME": directory.url.path].merging(environment) { $1 }))?.source
        }
        #expect(source(["HF_TOKEN": "a", "HUGGING_FACE_HUB_TOKEN": "b"]) == "HF_TOKEN")
        #expect(source(["HUGGING_FACE_HUB_TOKEN": "b"]) == "HUGGING_FACE_HUB_TOKEN")
        #expect(source([:]) == file.path)
        #expect(source(["HF_TOKEN_PATH": directory.url.appending(path: "none").path]) == nil)
        #expect(source(["HF_TOKEN": "a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "on"]) == nil)
        let found = HubToken.find(in: surroundings(["HF_HOME": directory.url.path]))
        #expect(found?.0.withText { $0 } == "hf_file")
        _ = try directory.file("token", " \n")
        #expect(source([:]) == nil)
    }

    @Test func `times and addresses are read, and refused when they are none`() throws {
        let settings = try HubSettings(
            surroundings([
                "HF_ENDPOINT": "https://mirror.test/hf//", "HF_HUB_ETAG_TIMEOUT": "2.5",
                "HF_HUB_DISABLE_SYMLINKS": "ON",
            ]))
        #expect(settings.endpoint.absoluteString == "https://mirror.test/hf")
        #expect(settings.metadataTimeout == .seconds(2.5))
        #expect(settings.downloadTimeout == .seconds(10))
        #expect(settings.disablesLinks && settings.offline == nil)
        for (name, value) in [
            ("HF_ENDPOINT", "ftp://x"), ("HF_ENDPOINT", "mirror.test"),
            ("HF_ENDPOINT", "https://me:key@x"), ("HF_HUB_ETAG_TIMEOUT", "soon"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "-1"), ("HF_HUB_DOWNLOAD_TIMEOUT", "nan"),
        ] {
            let error = #expect(throws: HubError.self) {
                try HubSettings(surroundings([name: value]))
            }
            #expect("\(error as Any)".contains(name))
            #expect(!"\(error as Any)".contains("key@"))
        }
    }

    @Test func `names are those the hub allows`() {
        for name in ["gpt2", "Qwen/Qwen3-0.6B", "a_b/c.d", "0/1"] {
            #expect(HubRepository(name)?.name == name)
            #expect(HubRepository(name).flatMap { HubRepository(folder: $0.folder) }?.name == name)
        }
        for name in [
            "", "a/b/c", "/a", "a/", "a--b/c", "a/..", "../a", "a/b..c", "-a/b", "a/b-", "a/.b",
            "a b/c", "a/ü", "a\u{0}",
        ] {
            #expect(HubRepository(name) == nil)
        }
    }
}
