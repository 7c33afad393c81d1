import Foundation
import Testing

extension DrivenTests {
    /// Terminals of many kinds, and what is written to them.
    @Suite struct TerminalKinds {
        /// Parameters of all sequences that set colours and attributes.
        private func graphics(_ bytes: String) -> [[Int]] {
            bytes.matches(of: /\u{1B}\[([0-9;:]*)m/).map { match in
                match.1.split(whereSeparator: { $0 == ";" || $0 == ":" }).compactMap { Int($0) }
            }
        }

        /// Everything that a short session writes.
        private func bytes(
            _ arguments: String = "", terminal: String = "xterm-256color",
            environment: [String: String] = [:]
        ) throws -> String {
            let session = try TmuxSession(
                terminal: terminal, environment: environment,
                in: directory(prompt: "You are a pirate, matelot née „Zoë“.\n"))
            try session.record()
            try session.start(arguments, until: "Enter   bake")
            try session.send("Escape")
            try session.waitUntilGone("Enter   bake")
            try session.waitFor("You are a pirate, matelot n")
            try session.send("F2")
            try session.waitFor("Settings")
            try session.send("Escape")
            try session.waitUntilGone("Settings")
            try session.send("M-4")
            try session.enter("Hello")
            try session.waitFor("say something")
            try session.quit()
            return try session.recorded()
        }

        @Test(arguments: [("NO_COLOR", "1", ""), ("COLORTERM", "truecolor", "--color never")])
        func `no colour is written where none is wanted`(
            name: String, value: String, arguments: String
        ) throws {
            let all = graphics(try bytes(arguments, environment: [name: value]))
            #expect(all.contains { $0.contains(1) || $0.contains(7) }, "attributes stay")
            #expect(all.allSatisfy { $0.allSatisfy { $0 < 30 || (39...39).contains($0) } })
        }

        @Test func `no 24-bit colour is written to a terminal that has 256`() throws {
            let all = graphics(try bytes())
            #expect(all.contains { $0.starts(with: [38, 5]) || $0.starts(with: [48, 5]) })
            #expect(!all.contains { $0.starts(with: [38, 2]) || $0.starts(with: [48, 2]) })
        }

        @Test(arguments: [("--color 16", "xterm-256color", 16), ("", "linux", 8)])
        func `the terminal's own colours are the only ones where it has no others`(
            arguments: String, terminal: String, count: Int
        ) throws {
            let all = graphics(try bytes(arguments, terminal: terminal)).flatMap { $0 }
            let plain = Set(30..<38).union(40..<48)
            let light = Set(90..<98).union(100..<108)
            #expect(!plain.isDisjoint(with: all))
            #expect(!all.contains(38) && !all.contains(48))
            #expect(count == 16 || light.isDisjoint(with: all))
        }

        @Test func `24-bit colours are written where they are known to be understood`() throws {
            let all = graphics(try bytes(environment: ["COLORTERM": "truecolor"]))
            #expect(all.contains { $0.starts(with: [48, 2]) })
        }

        @Test(arguments: [("LC_ALL", "C", ""), ("LC_ALL", "", "--ascii")])
        func `ASCII alone is written where that is wanted`(
            name: String, value: String, arguments: String
        ) throws {
            let bytes = try bytes(arguments, environment: [name: value])
            let others = bytes.unicodeScalars.filter { !$0.isASCII }
            #expect(others.isEmpty, "\(String(String.UnicodeScalarView(others)))")
        }

        @Test(arguments: [
            "xterm-256color", "tmux-256color", "screen", "linux", "vt100", "xterm", "ansi",
        ])
        func `every kind of terminal shows the prompt and quits in order`(terminal: String) throws {
            let session = try TmuxSession(
                columns: 100, rows: 30, terminal: terminal, in: directory())
            try session.start(until: "Enter   bake")
            try session.send("Escape")
            try session.waitUntilGone("Enter   bake")
            try session.waitFor("You are a pirate.")
            try session.send("End")
            try session.type("!")
            try session.waitFor("You are a pirate.!")
            try session.send("C-p")
            try session.waitFor("All commands")
            try session.send("Down", "Escape")
            try session.waitUntilGone("All commands")
            try session.quit()
        }

        @Test(arguments: [("dumb", ""), ("xterm-256color", "--plain")])
        func `lines alone are written in plain mode`(terminal: String, arguments: String) throws {
            let session = try TmuxSession(
                columns: 100, rows: 50, terminal: terminal, in: directory())
            try session.record()
            try session.start(arguments, until: "Type a number and Enter.")
            try session.enter("1")
            try session.waitFor("You are a pirate.")
            try session.enter("5")
            try session.waitFor("is baked in", 90)
            try session.enter("6")
            try session.waitFor("an empty line goes back")
            try session.enter("Hello")
            try session.waitFor("baked, step 1")
            try session.enter("")
            try session.enter("14")
            #expect(try session.end() == 0)
            let bytes = try session.recorded()
            let own = try #require(bytes.firstRange(of: "Type a number")?.lowerBound)
            #expect(!bytes[own...].contains("\u{1B}"))
        }

        @Test func `the mouse is the terminal's where that is wanted`() throws {
            let session = try TmuxSession(in: directory())
            try session.open("--no-mouse")
            #expect(try session.flags() == "1 0 1")
            try session.quit()
        }

        @Test func `an unknown terminal is one line and exit code 1`() throws {
            let session = try TmuxSession(terminal: "no-such-terminal", in: directory())
            try session.start(until: "ended=1")
            #expect(try session.capture().contains("no-such-terminal"))
        }
    }
}
