import Foundation
import Testing

extension DrivenTests {
    /// Texts: what is typed, pasted, edited elsewhere, and found again.
    @Suite struct Kept {
        @Test func `what was typed is there after the program was killed`() throws {
            let directory = try directory()
            let session = try TmuxSession(in: directory)
            try session.open()
            try session.send("C-End")
            try session.type("You have a parrot.")
            try session.waitFor("! not saved")
            try session.send("M-4")
            try session.waitFor("Esc transcript")
            try session.type("half a mess")
            try session.wait(10, { "what was typed is not on disk" }) {
                let kept = try Self.texts(in: directory.url.appending(path: "state"))
                return kept.contains("a parrot.") && kept.contains("half a mess") ? () : nil
            }
            try session.signal("KILL")
            try session.wait("the shell") { $0.contains("137") }

            let next = try TmuxSession(in: directory)
            try next.start()
            try next.waitFor("You have a parrot.")
            try next.waitFor("! not saved")
            #expect(try next.contents("prompt.md") == "You are a pirate.\n")
            try next.send("M-4")
            try next.waitFor("half a mess")
            try next.send("M-1")
            try next.waitFor("! not saved")
            try next.send("C-_")
            try next.waitFor("✓ saved")
            try next.quit()
        }

        private static func texts(in directory: URL) throws -> String {
            let files = FileManager.default.enumerator(
                at: directory, includingPropertiesForKeys: nil,
                // A file that is being written is none yet.
                options: .skipsHiddenFiles)
            return (files?.allObjects ?? []).compactMap { $0 as? URL }
                .compactMap { try? String(contentsOf: $0, encoding: .utf8) }.joined()
        }

        @Test func `the conversation is there at the next start`() throws {
            let directory = try directory()
            for count in 1...2 {
                let session = try TmuxSession(in: directory)
                try count == 1 ? session.open() : session.start()
                try session.send("M-4")
                if count == 1 { try session.enter("Remember this") }
                try session.waitFor("say something")
                try session.waitFor("› Remember this")
                try session.quit()
            }
        }

        @Test func `a paste of several lines is one edit and sends nothing`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            try session.send("M-4")
            try session.waitFor("Esc transcript")
            try session.type("so: ")
            try session.paste("first\nsecond\rthird\n")
            try session.waitFor("third")
            let screen = try session.waitFor("so: first")
            #expect(screen.contains("second") && screen.contains("The model answers"))
            try session.send("C-_")
            try session.waitUntilGone("first")
            try session.waitFor("› so:")
            try session.quit()
        }

        @Test func `a paste is not keys where nothing is written`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            try session.send("M-3")
            try session.paste("b\u{11}\n")
            try session.waitFor("no text to paste into")
            try session.quit()
        }

        @Test func `the editor of the person's choice edits the prompt and the message`() throws {
            let directory = try directory()
            try directory.write(
                "#!/bin/sh\nstty -a >in-editor\nprintf 'Written elsewhere.\\n' >>\"$2\"\n",
                to: "editor")
            let session = try TmuxSession(
                environment: ["EDITOR": "sh \(directory.url.path)/editor --wait"], in: directory)
            try session.open()
            try session.send("C-o")
            try session.waitFor("Written elsewhere.")
            try session.waitFor("! not saved")
            // The editor has a terminal as a shell gives it.
            #expect(try session.contents("in-editor").contains(" icanon"))
            try session.send("C-_")
            try session.waitFor("✓ saved")
            try session.send("M-4")
            try session.waitFor("Esc transcript")
            try session.type("A message. ")
            try session.send("C-o")
            try session.waitFor("A message. Written elsewhere.")
            #expect(try session.flags() == "1 1 1")
            try session.quit()
        }

        @Test func `an editor that fails or is missing changes nothing`() throws {
            for (editor, complaint) in [("", "no editor is set"), ("false", "ended with 1")] {
                let session = try TmuxSession(
                    environment: ["EDITOR": editor], in: directory())
                try session.open()
                try session.send("C-o")
                try session.waitFor(complaint)
                try session.waitFor("✓ saved")
                try session.quit()
            }
        }

        @Test func `a text is found, undone and redone`() throws {
            let session = try TmuxSession(
                in: directory(prompt: "One cat.\nTwo cats.\nThree dogs.\n"))
            try session.open()
            try session.send("C-f")
            try session.waitFor("Find")
            try session.type("cat")
            try session.waitFor("1/2")
            try session.send("Enter")
            try session.waitFor("2/2")
            try session.send("Escape")
            try session.waitUntilGone("Enter next")
            try session.send("C-End")
            try session.type("Four")
            try session.waitFor("Four")
            try session.send("C-_")
            try session.waitUntilGone("Four")
            try session.send("M-e")
            try session.waitFor("Four")
            try session.send("C-s")
            try session.waitFor("✓ saved")
            #expect(try session.contents("prompt.md").hasSuffix("Four"))
            try session.quit()
        }

        @Test func `a reply is copied as it was written`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            try session.send("M-4")
            try session.enter("Hello")
            try session.waitFor("say something")
            try session.send("Escape")
            try session.waitFor("Esc write")
            try session.type("y")
            let screen = try session.waitFor("copied the reply")
            let count = screen.firstMatch(of: /reply: ([0-9]+)/).flatMap { Int($0.1) }
            try session.wait(10, { "nothing in the clipboard" }) {
                try session.clipboard().count == count ? () : nil
            }
            try session.quit()
        }
    }
}
