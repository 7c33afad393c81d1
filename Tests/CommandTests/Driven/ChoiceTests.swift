import Foundation
import Testing

extension DrivenTests {
    /// Themes, settings and runs.
    @Suite struct Choices {
        @Test func `a theme is shown while it is looked at, and kept when it is chosen`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            // Of the backgrounds.
            let (dark, light) = ("48;5;234", "48;5;230")
            #expect(try session.capture(withEscapes: true).contains(dark))
            for key in ["Escape", "Enter"] {
                try session.command("Choose the theme")
                try session.waitFor("▸ oven-dark")
                try session.type("gruvbox-light")
                try session.wait(10, { "no preview" }) {
                    try session.capture(withEscapes: true).contains(light) ? () : nil
                }
                try session.send(key)
                try session.waitUntilGone("gruvbox-light")
                let screen = try session.capture(withEscapes: true)
                #expect(screen.contains(key == "Enter" ? light : dark))
                #expect(!screen.contains(key == "Enter" ? dark : light))
            }
            try session.send("F2")
            try session.waitFor("Settings")
            try session.type("w")
            try session.waitFor("wrote theme to oven.yaml")
            #expect(try session.contents("oven.yaml").contains(/theme: "?gruvbox-light/))
            try session.send("Escape")
            try session.waitUntilGone("Settings")
            try session.quit()
        }

        @Test func `a setting is changed, taken back, changed and written`() throws {
            let session = try TmuxSession(columns: 120, rows: 40, in: directory())
            try session.open()
            try session.send("F2")
            try session.waitFor("Settings")
            try session.select("rank ")
            for value in ["0", "8"] {
                try session.send("Enter")
                try session.waitFor("Enter accepts")
                try session.send("C-u")
                try session.enter(value)
                try session.waitFor(value == "0" ? "rank must be" : "changed here")
            }
            try session.send("BSpace")
            try session.waitUntilGone("changed here")
            try session.send("Enter")
            try session.waitFor("Enter accepts")
            try session.send("C-u")
            try session.enter("8")
            try session.waitFor("changed here")
            try session.type("w")
            try session.waitFor("wrote rank to oven.yaml")
            #expect(try session.contents("oven.yaml").contains("rank: 8\n"))
            #expect(try session.contents("oven.yaml").contains("queries: q.yaml\n"))
            try session.send("Escape")
            try session.waitUntilGone("Settings")
            try session.quit()
        }

        @Test func `runs are compared, renamed and deleted`() throws {
            let session = try TmuxSession(columns: 100, rows: 30, in: directory())
            try session.enter(
                "clear; for r in 2 3; do $OVEN bake --run r$r --rank $r >/dev/null; done; echo all=$?"
            )
            try session.wait("two runs", 90) { $0.contains("all=0") }
            try session.open()
            try session.send("M-5")
            try session.waitFor("▸o r3")
            try session.type(" ")
            try session.send("Down")
            try session.waitFor("▸  r2")
            try session.type(" ")
            try session.waitFor("▸• r2")
            try session.wait("the comparison") { screen in
                if screen.contains("Two runs") { return true }
                try session.type("=")
                return false
            }
            let screen = try session.waitFor("gap closed")
            #expect(screen.contains(/rank +[23] +[23]/) && screen.contains("other settings"))
            try session.send("Escape")
            try session.waitUntilGone("Two runs")

            try session.type("R")
            try session.waitFor("New name of r2")
            try session.send("C-u")
            try session.enter("flagship")
            try session.waitFor("r2 is called flagship now")
            try session.wait("the new name selected") { $0.contains(/▸.? ?flagship/) }
            try session.type("d")
            try session.waitFor("Delete flagship")
            try session.type("n")
            try session.waitUntilGone("Delete flagship")
            try session.type("d")
            try session.waitFor("Delete flagship")
            try session.type("y")
            try session.waitFor("flagship is deleted")
            try session.quit()
            let runs = try FileManager.default.contentsOfDirectory(atPath: session.path("runs"))
            #expect(runs.filter { !$0.hasPrefix(".") } == ["r3"])
        }

        @Test(arguments: [(80, 24), (40, 10)])
        func `every pane and overlay opens at a small size`(columns: Int, rows: Int) throws {
            let session = try TmuxSession(columns: columns, rows: rows, in: directory())
            try session.start(until: "Enter")
            try session.waitFor("Enter")
            try session.send("Escape")
            try session.waitFor("▸1 Prompt")
            for (pane, text) in [
                (2, "No examples yet"), (3, "Nothing is baked yet"), (4, "The model answers"),
                (5, "No runs yet"), (1, "You are a pirate."),
            ] {
                try session.send("M-\(pane)")
                try session.waitFor(text)
            }
            for (key, text) in [("F1", "Keys"), ("F2", "Settings"), ("C-p", "Commands")] {
                try session.send(key)
                try session.waitFor(text)
                try session.send("Escape")
                try session.waitUntilGone(text)
            }
            try session.bake()
            try session.enter("Hello")
            try session.waitFor("step 1")
            try session.quit()
        }
    }
}
