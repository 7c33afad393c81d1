import Baking
import Foundation
import TestSupport
import Testing

@testable import Backends

@Suite struct NetrcTests {
    @Test(arguments: [
        "machine api.wandb.ai\n  login user\n  password KEY\n",
        "machine api.wandb.ai login user password KEY",
        "machine API.wandb.ai password KEY login user\r\n",
        "# a comment with machine api.wandb.ai password no\nmachine api.wandb.ai password KEY",
        "machine other password no\nmachine api.wandb.ai login user account a password KEY\n",
        "machine api.wandb.ai password \"KEY\"",
        "default password no\nmachine api.wandb.ai password KEY",
        "macdef init\nmachine api.wandb.ai password no\n\nmachine api.wandb.ai password KEY",
        "machine api.wandb.ai password KEY machine api.wandb.ai password later",
        "machine api.wandb.ai unknown password KEY",
    ])
    func `the password of a machine is found`(text: String) {
        #expect(Netrc(text).password(of: "api.wandb.ai") == "KEY")
    }

    @Test(arguments: [
        "", "machine", "password", "machine api.wandb.ai", "machine api.wandb.ai password",
        "password KEY", "default login user password KEY", "machine api.wandb.ai.evil password KEY",
        "machine api password KEY", "macdef x\nmachine api.wandb.ai password KEY",
        "# machine api.wandb.ai password KEY", "login password KEY machine", "\"machine",
        "machine \"api.wandb.ai password KEY", "\u{0}\u{FEFF}machine\u{0}",
        "machine api.wandb.ai\u{0} password KEY", "macdef", "macdef\n", "macdef\n\n", "\\", "\"\\",
    ])
    func `nothing is found where nothing is meant`(text: String) {
        #expect(Netrc(text).password(of: "api.wandb.ai") == nil)
    }

    @Test func `escapes and signs inside a password stay what they are`() {
        let text = #"machine a password "x\"y\\ z" machine b password #not-a-comment"#
        #expect(Netrc(text).password(of: "a") == #"x"y\ z"#)
        #expect(Netrc(text).password(of: "b") == "#not-a-comment")
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `no bytes are too much`(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let words = [
            "machine", "password", "macdef", "default", "\"", "\\", "#", "\n", " ", "\u{0}",
        ]
        let text = (0..<200).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            let number = Int(state >> 33)
            return number % 3 == 0
                ? String(decoding: [UInt8(truncatingIfNeeded: number >> 8)], as: UTF8.self)
                : words[number % words.count]
        }.joined()
        _ = Netrc(text).password(of: "machine")
    }
}

@Suite struct WandbSettingsTests {
    private func surroundings(
        _ environment: [String: String], in directory: TemporaryDirectory
    ) -> Surroundings {
        Surroundings(
            workingDirectory: directory.url,
            environment: ["HOME": directory.url.path].merging(environment) { $1 },
            executable: URL(filePath: "/usr/bin/oven"))
    }

    @Test func `the key is the environment's, else the one found, else that of netrc`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.file(
            ".netrc",
            "machine api.wandb.ai login user password from-netrc\n"
                + "machine wandb.example login user password of-example\n")
        let other = try directory.file("other", "machine api.wandb.ai password from-other")
        func key(_ environment: [String: String], _ found: String? = nil) throws -> String {
            try WandbSettings(
                surroundings(environment, in: directory), key: found.flatMap { Secret($0) }
            ).key.withText { $0 }
        }
        #expect(try key([:]) == "from-netrc")
        #expect(try key(["NETRC": other.path]) == "from-other")
        #expect(try key(["WANDB_BASE_URL": "https://wandb.example:8080/"]) == "of-example")
        #expect(try key([:], "found") == "found")
        #expect(try key(["WANDB_API_KEY": "mine"], "found") == "mine")
        #expect(throws: WandbError.self) {
            try key(["WANDB_BASE_URL": "https://elsewhere.example"])
        }
        #expect(throws: WandbError.notAKey(place: "WANDB_API_KEY")) {
            try key(["WANDB_API_KEY": "a key"])
        }
    }

    @Test(arguments: [
        "ftp://wandb.ai", "wandb.ai", "https://", "https://user:secret@wandb.ai", "https://a b",
        "https://wandb.ai/?key=secret",
    ])
    func `an address that is none is refused`(address: String) throws {
        let directory = try TemporaryDirectory()
        let place = surroundings(
            ["WANDB_BASE_URL": address, "WANDB_API_KEY": "k"], in: directory)
        #expect {
            try WandbSettings(place)
        } throws: {
            "\($0)".contains("WANDB_BASE_URL") && !"\($0)".contains("user:")
        }
    }

    @Test func `everything else comes from the variables people know`() throws {
        let directory = try TemporaryDirectory()
        let settings = try WandbSettings(
            surroundings(
                [
                    "WANDB_API_KEY": "k", "WANDB_BASE_URL": "http://localhost:8080//",
                    "WANDB_ENTITY": "acme", "WANDB_NAME": "first", "WANDB_RUN_GROUP": "g",
                    "WANDB_TAGS": " a, b ,,c", "WANDB_MODE": "online",
                ], in: directory))
        #expect(settings.address == "http://localhost:8080")
        #expect(settings.entity == "acme")
        #expect(settings.project == "oven")
        #expect(settings.title == "first")
        #expect(settings.group == "g")
        #expect(settings.tags == ["a", "b", "c"])
    }

    @Test func `a file that is too large or no file is an error`() throws {
        let directory = try TemporaryDirectory()
        let large = try directory.file(
            "large", String(repeating: " ", count: Netrc.largestByteCount) + "machine x")
        for path in [large.path, directory.url.path] {
            #expect(throws: WandbError.self) {
                try WandbSettings(surroundings(["NETRC": path], in: directory))
            }
        }
    }
}
