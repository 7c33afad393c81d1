import Foundation
import Terminal
import Workbench

/// Drives the workbench by a file of lines, for demonstrations and tests: the real state, drawing
/// and engine on a screen in memory.
///
/// ```
/// resize 120x36
/// key enter                  keys by the names of a key file, several in a row
/// type Who are you?          text as if it was typed
/// paste first\nsecond        text in one piece; \n is a line feed
/// wait 60 Fair winds         until the screen has the text, at most so many seconds
/// wait-gone 5 baking         until it no longer has
/// mouse press 10 4           also drag, release, wheelUp, wheelDown
/// save-screen chat.txt       what is shown, as text
/// ```
///
/// An empty line and one that begins with # do nothing. At the end of the file the program ends.
struct ScriptRunner {
    /// What a line does.
    enum Step: Equatable {
        case resize(Size)
        case keys([Key])
        case type(String)
        case paste(String)
        case wait(seconds: Double, text: String, isGone: Bool)
        case mouse(MouseEvent.Kind, Point)
        case save(String)
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let steps: [(line: Int, step: Step)]
    private let file: String
    private let screen: ScriptScreen
    private let front: WorkbenchFront
    private let mailbox: Mailbox<WorkbenchEvent>

    init(
        _ file: String, screen: ScriptScreen, front: WorkbenchFront,
        mailbox: Mailbox<WorkbenchEvent>
    ) throws {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw UsageError("the script cannot be read (\(file))")
        }
        steps = try Self.steps(text, file: file)
        self.file = file
        self.screen = screen
        self.front = front
        self.mailbox = mailbox
    }

    /// - Returns: The exit code: that of the workbench where it quit.
    func run() throws -> Int32 {
        show()
        for (line, step) in steps {
            takeMessages()
            if let code = front.exitCode { return code }
            try perform(step, line: line)
            show()
        }
        // What was asked for last may be on its way.
        takeMessages()
        return front.exitCode ?? 0
    }

    private func show() {
        if let frame = front.draw() { screen.present(frame.surface, theme: frame.theme) }
    }

    private func takeMessages() {
        let messages = mailbox.take()
        if !messages.isEmpty { front.handle(messages.map { .message($0) }) }
    }

    private func perform(_ step: Step, line: Int) throws {
        switch step {
        case .resize(let size):
            screen.size = size
            front.handle([.input(.resize(size))])
        case .keys(let keys):
            for key in keys { front.handle([.input(.key(key))]) }
        case .type(let text):
            for character in text { front.handle([.input(.key(.character(character)))]) }
        case .paste(let text): front.handle([.input(.paste(text))])
        case .mouse(let kind, let point):
            front.handle([.input(.mouse(MouseEvent(kind, at: point)))])
        case .wait(let seconds, let text, let isGone):
            try wait(seconds, text: text, isGone: isGone, line: line)
        case .save(let name):
            let text = screen.shown.lines.map { $0 + "\n" }.joined()
            try Data(text.utf8).write(to: URL(filePath: name))
        }
    }

    private func wait(_ seconds: Double, text: String, isGone: Bool, line: Int) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            takeMessages()
            show()
            let isThere = screen.shown.lines.joined(separator: "\n").contains(text)
            if isThere != isGone { return }
            if front.exitCode != nil, !isGone {
                throw Failure(
                    description: "the workbench ended before \"\(text)\" (\(file):\(line))")
            }
            let now = ContinuousClock.now
            guard now < deadline else {
                let shown = screen.shown.lines.map { $0 + "\n" }.joined()
                try FileHandle.standardError.write(contentsOf: Data(shown.utf8))
                throw Failure(
                    description: "\"\(text)\" \(isGone ? "stays" : "does not come") "
                        + "(\(file):\(line))")
            }
            mailbox.wait(until: min(deadline, front.nextDeadline ?? deadline))
            front.handle([.tick])
        }
    }

    // MARK: Reading

    static func steps(_ text: String, file: String) throws -> [(line: Int, step: Step)] {
        var steps: [(line: Int, step: Step)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let line = line.hasSuffix("\r") ? line.dropLast() : line
            if line.allSatisfy(\.isWhitespace) || line.hasPrefix("#") { continue }
            guard let step = step(String(line)) else {
                throw UsageError("not a line of a script: \(line) (\(file):\(index + 1))")
            }
            steps.append((index + 1, step))
        }
        return steps
    }

    private static func step(_ line: String) -> Step? {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard let word = parts.first, parts.count == 2 else { return nil }
        let rest = String(parts[1])
        let words = rest.split(separator: " ").map(String.init)
        switch word {
        case "resize":
            let numbers = rest.split(separator: "x").compactMap { Int($0) }
            guard numbers.count == 2, numbers.allSatisfy({ (1...1000).contains($0) }) else {
                return nil
            }
            return .resize(Size(columns: numbers[0], rows: numbers[1]))
        case "key":
            let keys = words.compactMap { Key($0) }
            return keys.count == words.count ? .keys(keys) : nil
        case "type": return .type(rest)
        case "paste": return .paste(rest.replacing("\\n", with: "\n"))
        case "wait", "wait-gone":
            let pieces = rest.split(separator: " ", maxSplits: 1)
            guard pieces.count == 2, let seconds = Double(pieces[0]), seconds >= 0 else {
                return nil
            }
            return .wait(
                seconds: seconds, text: String(pieces[1]), isGone: word == "wait-gone")
        case "mouse":
            let kinds: [String: MouseEvent.Kind] = [
                "press": .press, "drag": .drag, "release": .release, "wheelUp": .wheelUp,
                "wheelDown": .wheelDown,
            ]
            guard words.count == 3, let kind = kinds[words[0]], let x = Int(words[1]),
                let y = Int(words[2])
            else { return nil }
            return .mouse(kind, Point(x: x, y: y))
        case "save-screen": return .save(rest)
        default: return nil
        }
    }
}
