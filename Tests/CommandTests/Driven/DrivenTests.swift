import Foundation
import Testing

/// Sessions with the real program on the embedded model in a real terminal.
@Suite(
    .serialized,
    .enabled(if: TmuxSession.isWanted, "tmux is not installed; with CI=true that is a failure"))
enum DrivenTests {
    /// So few queries that a bake takes a second.
    private static let queries = """
        groups:
          - name: Food
            train: ["What is bread?", "What is soup?", "What is cake?"]
            dev: ["What is rice?"]
            test: ["What is tea?"]
        """

    private static let settings = """
        queries: q.yaml
        temperatures: [0.7]
        max-response-tokens: 24
        rank: 4

        """

    /// A bake of one step.
    static let quick = "epochs: 1\n"
    /// A bake that does not end by itself while a test looks at it.
    static let long = "epochs: 10000\nevaluate-every: 5000\ncheckpoint-every: 5000\n"

    /// A directory with a prompt and settings.
    static func directory(
        _ more: String = quick, prompt: String? = "You are a pirate.\n"
    ) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try directory.write(queries, to: "q.yaml")
        try directory.write(settings + more, to: "oven.yaml")
        if let prompt { try directory.write(prompt, to: "prompt.md") }
        return directory
    }
}

extension TmuxSession {
    /// Starts `oven` for the first time and closes the welcome, so that the prompt has the keys.
    func open(_ arguments: String = "", line: Int = #line) throws {
        try start(arguments, until: "Enter   bake", line: line)
        try send("Escape")
        // The model is there when the prompt's tokens are counted.
        try wait("the prompt", line: line) {
            !$0.contains("Enter   bake") && $0.contains(/[0-9] tokens/)
        }
    }

    /// Bakes and waits until the program offers to talk to the result.
    func bake(line: Int = #line) throws {
        try send("F5")
        try wait("the chat in front", 90, line: line) { $0.contains(/▸ ?4 Chat/) }
    }

    /// Begins a bake that goes on.
    func beginBake(line: Int = #line) throws {
        try send("F5")
        try wait("a few steps", 60, line: line) { Self.step($0) > 2 }
    }

    /// The step in "baking 17/500"; 0 when none is shown.
    static func step(_ screen: String) -> Int {
        screen.firstMatch(of: /(?:baking|step) ([0-9]+)\/[0-9]+/).flatMap { Int($0.1) } ?? 0
    }

    /// Moves down in a list to the row that begins with `text`.
    func select(_ text: String, line: Int = #line) throws {
        var screen = try capture()
        while !screen.contains("▸ \(text)") {
            let before = screen
            try send("Down")
            screen = try wait("a row \"\(text)\"", line: line) { $0 != before }
        }
    }

    func quit(line: Int = #line) throws {
        try send("C-q")
        #expect(try end(line: line) == 0, "line \(line)")
    }
}
