/// How a run's figures get to W&B, for the screen.
package enum WandbState: Hashable, Sendable, CustomStringConvertible {
    /// Nothing has been sent.
    case starting
    /// So many lines are there, and where they can be seen.
    case sending(sent: Int, page: String)
    /// Something does not answer.
    case waiting(what: String, toSend: Int)
    /// Given up for good; the lines that were not accepted are in the run's record.
    case stopped(why: String, kept: Int)
    /// All lines are there and the run is ended.
    case ended(sent: Int, page: String)
    /// There was no time to send the rest.
    case unsent(lines: Int)

    package var description: String { "W&B: \(words)" }

    /// Without the name of the service.
    var words: String {
        switch self {
        case .starting: "not connected yet"
        case .sending(let sent, let page), .ended(let sent, let page):
            "\(Self.lines(sent)) sent, \(page)"
        case .waiting(let what, let toSend):
            "waiting for \(what), \(Self.lines(toSend)) to send"
        case .stopped(let why, let kept): "stopped (\(why)), \(Self.lines(kept)) kept locally"
        case .unsent(0): "the run's end was not sent; the same command sends what is missing"
        case .unsent(let lines):
            "\(Self.lines(lines)) not sent; the same command sends what is missing"
        }
    }

    static func lines(_ count: Int) -> String { count == 1 ? "1 line" : "\(count) lines" }
}
