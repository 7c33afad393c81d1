import Testing

@Suite struct RunsTests {
    @Test func `no runs is no error`() throws {
        let result = try OvenProcess().run("runs")
        #expect(result.code == 0)
        #expect(result.output.isEmpty)
        #expect(result.errors.hasPrefix("no runs in "))
    }

    @Test(arguments: ["verify", "chat", "runs --delete nobody", "compare --message a"])
    func `a run that is not there is one line and exit code 1`(arguments: String) throws {
        let result = try OvenProcess().shell("\"$OVEN\" \(arguments) </dev/null")
        #expect(result.code == 1)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.hasPrefix("oven: "))
    }

    @Test(arguments: [
        "--generator openrouter", "--generator nobody:a", "--model tinker:a", "--model ./no",
    ])
    func `what is not there is refused, not left out`(flags: String) throws {
        let oven = try OvenProcess()
        try oven.directory.write("Be a pirate.", to: "prompt.md")
        let result = try oven.shell("\"$OVEN\" bake \(flags)")
        #expect(result.code == 1)
        #expect(result.errors.hasPrefix("oven: "))
        #expect(result.output.isEmpty)
    }

    @Test func `a prompt that is missing or empty is named`() throws {
        let oven = try OvenProcess()
        #expect(try oven.run("bake").errors.contains("prompt.md"))
        try oven.directory.write("  \n", to: "prompt.md")
        let result = try oven.run("bake")
        #expect(result.code == 1)
        #expect(result.errors.contains("is empty"))
    }
}
