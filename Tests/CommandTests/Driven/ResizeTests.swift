import Foundation
import Testing

extension DrivenTests {
    @Suite struct Resize {
        private static let sizes = [
            (1, 1), (200, 50), (10, 2), (80, 24), (30, 8), (40, 10), (41, 11), (60, 16), (140, 36),
            (2, 60), (200, 3),
        ]

        /// Wanders through all sizes; back at the first one every cell must be as it was.
        private func wander(
            _ session: TmuxSession, _ text: String, line: Int = #line
        ) throws {
            let before = try session.settled(text, line: line) { $0.contains(text) }
            for (columns, rows) in Self.sizes {
                try session.resize(columns, rows)
                // One line says so, as much of it as there is room for; else the keys are there.
                let isSmall = columns < 40 || rows < 10
                let words = columns > 11 ? "needs 40x10" : columns > 1 ? "n" : "…"
                try session.wait("\(columns)x\(rows)", line: line) { screen in
                    let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
                    if isSmall { return screen.contains(words) && !screen.contains("│") }
                    return lines.count >= rows && lines[rows - 1].contains(/F5|Enter|Esc|[a-z]+/)
                }
            }
            try session.resize(100, 30)
            try session.wait("the screen as it was before:\n\(before)\n", line: line) {
                $0 == before
            }
        }

        @Test func `no size leaves debris in any state`() throws {
            let session = try TmuxSession(columns: 100, rows: 30, in: directory(long))
            try session.start(until: "Enter   bake")
            try session.waitFor(" M weights")
            try wander(session, "Enter   bake")
            try session.send("Escape")
            try session.waitUntilGone("Enter   bake")
            try wander(session, "pirate")
            for (key, text) in [
                ("C-p", "All commands"), ("F1", "Save the prompt"), ("F2", "temperatures"),
            ] {
                try session.send(key)
                try wander(session, text)
                try session.send("Escape")
                try session.waitUntilGone(text)
            }
            try session.beginBake()
            // While it runs the figures move, so that only the outline can be compared.
            for (columns, rows) in Self.sizes { try session.resize(columns, rows) }
            try session.resize(100, 30)
            let step = TmuxSession.step(try session.waitFor("baking"))
            try session.wait("later steps") { TmuxSession.step($0) > step }
            try session.type("p")
            try session.waitFor("paused")
            try session.send("M-4")
            try session.enter("Hello")
            try session.wait("an answer while the bake is paused") {
                $0.contains("baked, step") && $0.contains("say something")
            }
            try session.send("Escape")
            try session.waitFor("Esc write")
            try session.type("ci")
            try session.waitFor("Esc transcript")
            try session.enter("What is tea?")
            try session.wait("three replies") {
                $0.contains(/\bbase\b/) && $0.contains("ask all of them")
            }
            // What is said once goes by itself.
            try session.waitUntilGone("kept out")
            try wander(session, "ask all of them")
            try session.send("C-q")
            try wander(session, "A bake is running")
            try session.type("n")
            #expect(try session.end() == 0)
        }
    }
}
