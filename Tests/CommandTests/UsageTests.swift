import Foundation
import Testing

@Suite struct UsageTests {
    private static let commands = [
        "generate", "bake", "verify", "chat", "compare", "score", "tokenize", "runs", "export",
        "doctor", "bench", "config", "pull", "install",
    ]

    @Test func `oven alone prints the help and exits 2`() throws {
        let result = try OvenProcess().run()
        #expect(result.code == 2)
        #expect(result.output.contains("USAGE: oven"))
        for command in Self.commands { #expect(result.output.contains("  \(command) ")) }
    }

    @Test(arguments: commands)
    func `every command has help with an example`(command: String) throws {
        let result = try OvenProcess().run(command, "--help")
        #expect(result.code == 0)
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("oven \(command)"))
        #expect(result.output.contains("Example: "))
    }

    @Test func `version and help go to standard output`() throws {
        let oven = try OvenProcess()
        for flag in ["--version", "--help"] {
            let result = try oven.run(flag)
            #expect(result.code == 0)
            #expect(!result.output.isEmpty && result.errors.isEmpty)
        }
    }

    @Test(arguments: [
        (["bakery"], "bakery"), (["bake", "--lerning-rate", "1"], "--learning-rate"),
        (["bake", "--rank", "0"], "rank must be a whole number from 1 to 1024"),
        (["bake", "--rank"], "--rank"), (["bake", "--require-gap-closed", "2"], "0 to 1"),
        (["compare"], "--message"), (["compare", "--message", "a", "--arms", "b"], "--arms"),
        (["chat", "--arm", "nobody"], "nobody"), (["chat", "--temperature", "9"], "0 to 2"),
        (["score"], "--ids, --text and --chats"), (["bench", "speed"], "speed"),
        (["export", "--format", "gguf", "--output", "x"], "gguf"),
        (["verify", "--checkpoint", "newest"], "best, last or a step"), (["install"], "--prefix"),
        (["bench", "--compare", "python3"], "--shape"),
    ])
    func `wrong usage is one line and exit code 2`(arguments: [String], part: String) throws {
        let result = try OvenProcess().shell(
            "\"$OVEN\" " + arguments.map { "'\($0)'" }.joined(separator: " "))
        #expect(result.code == 2)
        #expect(result.output.isEmpty)
        let first = result.errors.split(separator: "\n").first ?? ""
        #expect(first.hasPrefix("oven: "))
        #expect(first.contains(part), "\(result.errors)")
    }

    @Test func `a mistake in a settings file exits 2 and names its line`() throws {
        let oven = try OvenProcess()
        try oven.directory.write("rank: 3\nrnak: 4\n", to: "oven.yaml")
        let result = try oven.run("config")
        #expect(result.code == 2)
        #expect(
            result.errors
                == "oven: unknown setting rnak, the nearest is rank (oven.yaml:2)\n")
    }

    @Test func `what a file contains cannot drive the terminal through an error`() throws {
        let oven = try OvenProcess()
        try oven.directory.write("\"\\e]0;owned\\a\\u202E\": 4\n", to: "oven.yaml")
        let result = try oven.run("config")
        #expect(result.errors.contains("␛]0;owned␇⟨202E⟩"))
        #expect(!result.errors.contains("\u{1B}"))
    }

    @Test func `a reader that goes away ends the program quietly`() throws {
        let oven = try OvenProcess()
        let result = try oven.shell(
            "trap '' PIPE; { sleep 0; \"$OVEN\" config --defaults; echo $? >&2; } | true")
        #expect(result.errors == "141\n" || result.errors == "0\n")
    }
}
