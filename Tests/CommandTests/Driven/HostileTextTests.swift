import Foundation
import Testing

extension DrivenTests {
    /// What others wrote cannot drive the terminal.
    @Suite struct HostileText {
        /// Sequences that a terminal would follow; each is shown instead.
        private static let sequences =
            "\u{1B}]52;c;b3duZWQ=\u{7}\u{1B}]0;owned\u{7}\u{1B}]2;owned\u{7}\u{1B}[6n\u{1B}c"
            + "\u{1B}Powned\u{1B}\\\u{9B}31m\u{202E}\u{2066}innocent\rowned\u{1B}[2Jend"
        /// As JSON has them.
        private static let escaped = sequences.unicodeScalars
            .map { $0.value < 0x20 || $0.value > 0x7E || $0 == "\\" ? escape($0) : String($0) }
            .joined()

        private static func escape(_ scalar: Unicode.Scalar) -> String {
            "\\u" + String(String(scalar.value + 0x10000, radix: 16).dropFirst())
        }

        /// Nothing of the sequences was followed by the terminal, or came to it.
        private func check(_ session: TmuxSession, title: String, line: Int = #line) throws {
            #expect(try session.title() == title, "line \(line)")
            #expect(try session.clipboard().isEmpty, "line \(line)")
            let bytes = try session.recorded()
            for part in [
                "\u{1B}]52", "\u{1B}]0;", "\u{1B}]2;owned", "\u{1B}[6n", "\u{1B}c", "\u{1B}P",
                "\u{9B}", "\u{202E}", "\u{2066}", "\u{8}\u{8}\u{8}\u{8}\u{8}",
            ] {
                #expect(
                    !bytes.unicodeScalars.contains(part.unicodeScalars),
                    "\(part.debugDescription), line \(line)")
            }
        }

        @Test func `a prompt, its name, a key file and a theme with sequences are shown`() throws {
            let directory = try directory(
                prompt: "You are \(Self.sequences)\n" + String(repeating: "\u{8}", count: 10_000))
            let name = "a\u{1B}]0;owned\u{7}\u{202E}"
            try directory.write("A second prompt\u{1B}[6n.", to: name + ".md")
            try directory.write("name: x\nroles:\n  text: default\n", to: "themes/\(name).yaml")
            let session = try TmuxSession(columns: 100, rows: 30, in: directory)
            let title = try session.title()
            try session.record()
            try session.open()
            try session.waitFor("␛]52;c;b3duZWQ=␇␛]0;owned␇␛]2;owned␇␛[6n␛c␛Powned")
            try session.send("C-t")
            try session.waitFor("a␛]0;owned␇⟨202E⟩.md")
            try session.type("a")
            try session.wait("the name selected") { $0.contains("▸ a␛]0") }
            try session.send("Enter")
            try session.waitFor("A second prompt␛[6n.")
            try session.command("Choose the theme")
            try session.waitFor("▸ oven-dark")
            try session.type("owned")
            try session.waitFor("▸ a␛]0;owned␇⟨202E⟩")
            try session.send("Enter")
            try session.waitUntilGone("▸ a␛]0")
            try session.quit()
            try check(session, title: title)
        }

        @Test func `rows and replies with sequences are shown`() throws {
            let directory = try directory()
            let session = try TmuxSession(columns: 100, rows: 30, in: directory)
            let title = try session.title()
            try session.open()
            try session.bake()
            try session.enter("Hello")
            try session.waitFor("baked, step 1")
            try session.waitFor("say something")
            try session.quit()
            let back = String(repeating: "\\u0008", count: 10_000)
            for (folder, name) in [("runs/prompt-1", "dataset"), ("state", ".chat")] {
                let files = FileManager.default.enumerator(
                    at: directory.url.appending(path: folder), includingPropertiesForKeys: nil)
                let file = try #require(
                    (files?.allObjects ?? []).compactMap { $0 as? URL }
                        .first { $0.lastPathComponent.hasSuffix("\(name).jsonl") })
                let text = try String(contentsOf: file, encoding: .utf8)
                    .replacing(/"(content|text)":"[^"]+"/) { match in
                        "\"\(match.1)\":\"\(Self.escaped)\(match.1 == "text" ? back : "")\""
                    }
                #expect(text.contains("b3duZWQ="))
                try Data(text.utf8).write(to: file)
            }

            try session.enter("clear")
            try session.record()
            try session.start()
            try session.send("M-2")
            try session.waitFor("␛]52;c;b3duZWQ=␇")
            try session.send("Enter")
            try session.waitFor("response")
            try session.wait("the example") {
                $0.contains("␛[6n␛c") && $0.contains("⟨9B⟩31m⟨202E⟩")
            }
            try session.send("Escape")
            try session.waitUntilGone("temperature 0.7, ")
            try session.send("M-4")
            try session.waitFor("Esc transcript")
            try session.send("Escape")
            try session.waitFor("Esc write")
            try session.type("g")
            try session.waitFor("␛]0;owned␇")
            try session.quit()
            try check(session, title: title)
        }

        @Test func `a run's name with sequences is shown or refused`() throws {
            let directory = try directory()
            let session = try TmuxSession(columns: 100, rows: 30, in: directory)
            let title = try session.title()
            try session.open()
            try session.bake()
            try session.quit()
            let runs = directory.url.appending(path: "runs")
            try FileManager.default.moveItem(
                at: runs.appending(path: "prompt-1"),
                to: runs.appending(path: "r\u{1B}]0;owned\u{7}"))
            try session.enter("clear")
            try session.record()
            try session.start()
            try session.send("M-5")
            try session.wait("the runs") {
                $0.contains(/▸ 5 Runs/) && ($0.contains("r␛]0;owned␇") || $0.contains("No runs"))
            }
            try session.quit()
            try check(session, title: title)
        }
    }
}

extension Sequence where Element: Equatable {
    fileprivate func contains(_ part: some Collection<Element>) -> Bool {
        Array(self).firstRange(of: part) != nil
    }
}
