import Foundation
import Testing

/// The workbench driven by files, where a terminal adds nothing.
@Suite(.serialized) struct ScriptTests {
    private func oven(_ settings: String = DrivenTests.quick) throws -> OvenProcess {
        try OvenProcess(in: DrivenTests.directory(settings))
    }

    /// Runs a script to its end.
    @discardableResult
    private func play(
        _ script: String, _ oven: OvenProcess, code: Int32 = 0,
        at location: SourceLocation = #_sourceLocation
    ) throws -> OvenProcess.Result {
        try oven.directory.write(script, to: "script")
        let result = try oven.run("--script", "script")
        #expect(result.code == code, "\(result.errors)", sourceLocation: location)
        if code == 0 { #expect(result.errors.isEmpty, sourceLocation: location) }
        return result
    }

    private func screen(_ oven: OvenProcess) throws -> String {
        try String(contentsOf: oven.directory.url.appending(path: "screen"), encoding: .utf8)
    }

    @Test func `a script bakes, asks every arm and leaves the screen in a file`() throws {
        let oven = try oven()
        try play(
            """
            # A newcomer.
            resize 120x36
            wait 20 Enter   bake
            key enter
            wait 90 ▸ 4 Chat
            key esc
            type c
            wait 5 ask all of them
            type i
            type What is tea?
            key enter
            wait 30 baked, step 1
            wait-gone 30 an answer is coming
            save-screen screen
            key ctrl-q
            """, oven)
        let screen = try screen(oven)
        let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 37 && lines.dropLast().allSatisfy { $0.count <= 120 })
        for arm in ["prompted", "baked, step 1", "base"] { #expect(screen.contains(arm)) }
    }

    @Test func `the welcome comes once`() throws {
        let oven = try oven()
        try play("wait 20 Enter   bake\nkey esc\nwait-gone 5 Enter   bake\nkey ctrl-q\n", oven)
        try play("wait 20 tokens\nwait-gone 0 Enter   bake\n", oven)
    }

    @Test func `help tells the keys of the pane, as a key file has them`() throws {
        let oven = try oven("keys: keys.yaml\n")
        try oven.directory.write("bake.start: [f7]\n", to: "keys.yaml")
        try play(
            """
            resize 120x60
            wait 20 Enter   bake
            key esc
            key alt-2 f1
            wait 5 Strike out
            wait 5 F7
            key esc f7
            wait 60 ▸ 4 Chat
            """, oven)
    }

    @Test func `another prompt is opened, edited, taken back and saved`() throws {
        let oven = try oven()
        try oven.directory.write("You are a cat.", to: "cat.md")
        try play(
            """
            wait 20 Enter   bake
            key esc
            wait 20 You are a pirate.
            key ctrl-t
            wait 5 cat.md
            type cat
            key enter
            wait 5 You are a cat.
            key ctrl-end
            type  And a dog.
            wait 5 And a dog.
            key ctrl-p
            type Go back to the saved
            key enter
            wait 5 Go back to the saved prompt?
            type y
            wait-gone 5 And a dog.
            key ctrl-_
            wait 5 And a dog.
            key ctrl-s
            wait 5 ✓ saved
            """, oven)
        #expect(
            try String(
                contentsOf: oven.directory.url.appending(path: "cat.md"), encoding: .utf8)
                == "You are a cat. And a dog.")
    }

    @Test func `the mouse goes to panes and moves in them`() throws {
        let oven = try oven()
        try play(
            """
            resize 100x30
            wait 20 Enter   bake
            key esc
            wait-gone 5 Enter   bake
            mouse press 60 10
            wait 5 ▸ 4 Chat
            mouse press 10 28
            wait 5 ▸ 5 Runs
            mouse press 10 0
            wait 5 ▸ 1 Prompt
            mouse press 4 1
            mouse release 4 1
            type X
            wait 5 YouX are a pirate.
            mouse press 5 1
            mouse drag 200 50
            mouse release 200 50
            key backspace
            wait-gone 5 pirate
            mouse wheelDown 60 10
            mouse wheelUp 0 0
            """, oven)
    }

    @Test func `errors stay until they are dismissed and are among the messages`() throws {
        let oven = try oven()
        try play(
            """
            resize 100x30
            wait 20 Enter   bake
            key esc
            key ctrl-p
            type Choose the model
            key enter
            wait 5 Model: choose
            type ./nowhere
            key enter
            wait 20 error
            key esc
            wait-gone 5 error
            key ctrl-p
            type Messages so far
            key enter
            wait 5 nowhere
            """, oven)
    }

    @Test func `every key in every pane and overlay is survived`() throws {
        let oven = try oven()
        var keys = (33...126).compactMap { UnicodeScalar($0).map { String(Character($0)) } }
        keys += [
            "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "enter", "esc",
            "tab", "shift-tab", "backspace", "delete", "space", "f1", "f2", "f6", "ctrl-p",
            "ctrl-r", "ctrl-f", "ctrl-t", "ctrl-n", "alt-c",
        ]
        var lines = ["resize 80x24", "wait 20 Enter   bake", "key esc"]
        for size in ["80x24", "40x10", "10x2", "1x1", "200x50"] {
            for pane in 1...5 {
                lines.append("resize \(size)")
                lines.append("key esc esc esc alt-\(pane)")
                for key in keys where !["b", "s", "v"].contains(key) || pane == 1 {
                    lines.append(key.count == 1 ? "type \(key)" : "key \(key)")
                }
            }
        }
        try play(lines.joined(separator: "\n"), oven)
    }

    @Test(arguments: [
        ("jump high", "not a line of a script: jump high (script:1)"),
        ("\nkey nokey", "not a line of a script: key nokey (script:2)"),
        ("resize 0x5", "not a line"), ("wait soon text", "not a line"),
    ])
    func `a mistake in a script exits 2 and names its line`(script: String, part: String) throws {
        let result = try play(script, try oven(), code: 2)
        #expect(result.errors.contains(part))
    }

    @Test func `what does not come ends the script with the screen`() throws {
        let result = try play("wait 0.2 Godot\n", try oven(), code: 1)
        #expect(result.errors.contains("\"Godot\" does not come (script:1)"))
        #expect(result.errors.contains("1 Prompt"))
    }

    @Test func `a script that is not there exits 2`() throws {
        let result = try oven().run("--script", "nowhere")
        #expect(result.code == 2)
        #expect(result.errors.contains("nowhere"))
    }
}
