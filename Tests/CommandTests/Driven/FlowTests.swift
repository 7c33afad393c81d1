import Foundation
import Testing

extension DrivenTests {
    /// From the prompt to the baked model.
    @Suite struct Flow {
        @Test func `a newcomer comes to a baked model with Enter alone`() throws {
            let session = try TmuxSession(in: directory(prompt: nil))
            try session.start(until: "Enter   bake")
            try session.send("Enter")
            try session.wait("the chat in front", 90) { $0.contains("▸4 Chat") }
            #expect(try !session.contents("prompt.md").isEmpty)
            try session.enter("Who are you?")
            try session.waitFor("baked, step 1")
            try session.quit()
        }

        @Test func `edit, bake, chat, compare, quit`() throws {
            let session = try TmuxSession(columns: 100, rows: 30, in: directory())
            try session.open()
            try session.send("C-End")
            try session.type("You sail the seven seas.")
            try session.waitFor("! not saved")
            try session.bake()
            // Nothing is baked that is not in the file.
            #expect(
                try session.contents("prompt.md") == "You are a pirate.\nYou sail the seven seas.")
            try session.enter("Hello")
            try session.waitFor("baked, step 1")
            try session.waitFor("say something to the baked model")
            try session.send("Escape")
            try session.waitFor("Esc write")
            try session.type("c")
            try session.waitFor("ask all of them")
            try session.type("i")
            try session.waitFor("Esc transcript")
            try session.enter("What is tea?")
            let screen = try session.wait("three replies", 30) {
                $0.contains("ask all of them") && $0.contains(/\bbase\b/)
            }
            #expect(screen.contains(/\bprompted\b/) && screen.contains("baked, step 1"))
            try session.quit()
        }

        @Test func `an example is struck, another edited, and that is what is baked`() throws {
            let session = try TmuxSession(columns: 100, rows: 30, in: directory())
            try session.open()
            try session.send("M-2")
            try session.type("s")
            let screen = try session.waitFor("the data is ready", 60)
            let kept = try #require(screen.firstMatch(of: /([0-9]) kept/).flatMap { Int($0.1) })
            try session.send("Home")
            try session.type("x")
            try session.waitFor("\(kept - 1) kept, 1 struck")
            try session.send("Down")
            try session.type("e")
            try session.waitFor("Response to:")
            try session.type(" Arr, says the edit.")
            try session.send("Enter")
            try session.waitUntilGone("Response to:")
            try session.send("Enter")
            try session.waitFor("Arr, says the edit.")
            try session.waitFor(", edited")
            try session.send("Escape")
            try session.waitUntilGone(", edited")
            try session.bake()
            try session.send("M-2")
            try session.waitFor("\(kept - 1) kept, 1 struck")
            try session.quit()
            #expect(try session.contents("runs/prompt-1/dataset.jsonl").contains("says the edit"))
        }

        @Test func `the newest weights answer while the bake goes on`() throws {
            let session = try TmuxSession(columns: 100, rows: 30, in: directory(long))
            try session.open()
            try session.beginBake()
            try session.send("M-4")
            try session.waitFor("Esc transcript")
            try session.enter("Who are you?")
            let screen = try session.wait("an answer with its step", 30) {
                $0.contains(/baked, step [0-9]+ *┃/)
            }
            let step = TmuxSession.step(screen)
            try session.wait("later steps") { TmuxSession.step($0) > step }
            // Twice is an answer to the question: stop after a checkpoint.
            try session.send("C-c")
            try session.waitFor("A bake is running")
            try session.send("C-c")
            #expect(try session.end() == 0)
            try session.enter("$OVEN runs")
            try session.waitFor("interrupted")
        }

        @Test func `a bake pauses, stops, goes on, and asks before the program ends`() throws {
            let session = try TmuxSession(columns: 100, rows: 30, in: directory(long))
            try session.open()
            try session.beginBake()
            try session.type("p")
            let paused = TmuxSession.step(try session.waitFor("paused"))
            try session.type("p")
            try session.wait("later steps") { TmuxSession.step($0) > paused }
            try session.type("S")
            try session.waitFor("Stop?")
            try session.type("c")
            let stopped = TmuxSession.step(try session.waitFor("interrupted"))
            #expect(stopped > paused)
            try session.send("F5")
            try session.wait("later steps", 30) { TmuxSession.step($0) > stopped }

            try session.send("C-q")
            try session.waitFor("A bake is running")
            try session.type("s")
            let here = TmuxSession.step(try session.wait("the bake") { !$0.contains("A bake is") })
            try session.wait("later steps") { TmuxSession.step($0) > here }
            try session.send("C-q")
            try session.waitFor("A bake is running")
            try session.type("c")
            #expect(try session.end() == 0)

            // The same bake from the command line.
            try session.enter("clear; $OVEN bake --json | grep -m1 run.started")
            let line = try session.wait("the start", 30) { $0.contains("fromStep") }
                .filter { $0 != "\n" }
            #expect(line.contains("\"resumed\":true"))
            let from = line.firstMatch(of: /"fromStep":([0-9]+)/).flatMap { Int($0.1) } ?? 0
            #expect(from > here)
        }

        @Test func `the second Ctrl-C quits`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            try session.send("C-c")
            try session.waitFor("press Ctrl-C again to quit")
            try session.send("C-c")
            #expect(try session.end() == 0)
        }
    }
}
