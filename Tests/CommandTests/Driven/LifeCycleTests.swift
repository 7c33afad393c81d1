import Foundation
import Testing

extension DrivenTests {
    /// The terminal is given back on every way out.
    @Suite struct LifeCycle {
        enum State: String, CaseIterable {
            case welcome, prompt, palette, baking, answering
        }

        private func session(in state: State) throws -> TmuxSession {
            let session = try TmuxSession(
                columns: 100, rows: 30,
                in: directory(state == .baking ? long : quick))
            if state == .welcome {
                try session.start(until: "Enter   bake")
                return session
            }
            try session.open()
            switch state {
            case .welcome, .prompt: break
            case .palette:
                try session.send("C-p")
                try session.waitFor("Commands")
            case .baking: try session.beginBake()
            case .answering:
                try session.send("M-4")
                try session.enter("Tell me everything.")
            }
            return session
        }

        @Test(arguments: [
            ("TERM", 143, State.baking), ("HUP", 129, .welcome), ("INT", 130, .answering),
            ("QUIT", 131, .palette), ("INT", 130, .baking), ("HUP", 129, .prompt),
        ])
        func `a signal ends the program in order`(
            signal: String, code: Int, state: State
        ) throws {
            let session = try session(in: state)
            try session.signal(signal)
            #expect(try session.end() == code)
            guard state == .baking else { return }
            try session.enter("$OVEN runs")
            try session.waitFor("interrupted")
        }

        @Test(arguments: ["SEGV", "ABRT", "ILL"], [State.prompt])
        func `a crash gives the terminal back`(signal: String, state: State) throws {
            let session = try session(in: state)
            try session.signal(signal)
            #expect(try session.end() > 128)
        }

        @Test func `a crash ends the program although a reporter of crashes listens`() throws {
            let session = try TmuxSession(
                environment: ["SWIFT_BACKTRACE": "enable=yes,interactive=no"], in: directory())
            try session.open()
            try session.signal("SEGV")
            #expect(try session.end(60) == 139)
        }

        @Test func `a closed terminal ends the program and the work is kept`() throws {
            let directory = try directory(long)
            var session: TmuxSession? = try TmuxSession(columns: 100, rows: 30, in: directory)
            try session?.open()
            try session?.beginBake()
            session = nil
            let next = try TmuxSession(columns: 100, rows: 30, in: directory)
            let process = try next.contents("pid").split(separator: "\n").joined()
            try next.enter("while kill -0 \(process); do :; done 2>/dev/null; $OVEN runs")
            try next.waitFor("interrupted")
        }

        @Test func `suspended, the shell has the terminal; resumed, all is as it was`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            try session.type("Ahoy. ")
            let before = try session.settled("the tokens of the new text") {
                $0.contains(/[0-9] tokens  ! not saved/) && !$0.contains("~")
            }
            try session.send("C-z")
            #expect(try session.end() == 148)
            try session.enter("clear; echo the shell was here; fg; echo ended=$?")
            try session.wait("the same screen") { $0 == before }
            #expect(try session.flags() == "1 1 1")
            try session.type("x")
            try session.waitFor("Ahoy. x")
            try session.quit()
        }

        @Test func `a bake that was suspended goes on`() throws {
            let session = try session(in: .baking)
            try session.send("C-z")
            #expect(try session.end() == 148)
            try session.enter("clear; fg; echo ended=$?")
            let step = TmuxSession.step(try session.waitFor("baking"))
            try session.wait("later steps") { TmuxSession.step($0) > step }
            try session.send("C-c")
            try session.waitFor("A bake is running")
            try session.send("C-c")
            #expect(try session.end() == 0)
        }

        @Test func `another size while it was suspended is drawn`() throws {
            let session = try TmuxSession(in: directory())
            try session.open()
            try session.send("C-z")
            #expect(try session.end() == 148)
            try session.resize(120, 40)
            try session.enter("clear; fg; echo ended=$?")
            try session.wait("the whole width") { screen in
                screen.split(separator: "\n").contains { $0.count == 120 }
            }
            try session.quit()
        }
    }
}
