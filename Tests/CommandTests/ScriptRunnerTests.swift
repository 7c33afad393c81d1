import Terminal
import Testing

@testable import oven

@Test func `a script's lines are keys, texts, waits and saved screens`() throws {
    let text = """
        # a comment

        resize 120x36
        key ctrl-p enter
        type Who are you?
        paste one\\ntwo
        wait 2.5 Fair winds
        wait-gone 1 baking
        mouse press 3 4
        save-screen a.txt
        """
    let steps = try ScriptRunner.steps(text, file: "s")
    #expect(
        steps.map(\.step) == [
            .resize(Size(columns: 120, rows: 36)), .keys([.control("p"), Key(.enter)]),
            .type("Who are you?"), .paste("one\ntwo"),
            .wait(seconds: 2.5, text: "Fair winds", isGone: false),
            .wait(seconds: 1, text: "baking", isGone: true), .mouse(.press, Point(x: 3, y: 4)),
            .save("a.txt"),
        ])
    #expect(steps.first?.line == 3)
}

@Test(arguments: ["key nokey", "resize 0x5", "wait x y", "jump 3", "type"])
func `a line that is none is refused with its place`(line: String) {
    #expect(throws: UsageError("not a line of a script: \(line) (s:1)")) {
        try ScriptRunner.steps(line, file: "s")
    }
}
