internal import Baking
import Foundation

/// The history of a run from its `events.jsonl`, as far as it was read.
struct WandbLines: Sendable {
    private var events: RunEvents
    private(set) var history = WandbHistory()

    /// - Parameter directory: The run's.
    init(directory: URL) { events = RunEvents(directory: directory) }

    /// Reads a piece and hands out the lines that are complete with it, each with its number.
    ///
    /// - Returns: Whether there may be more.
    mutating func read(line: (Int, String) -> Void) throws -> Bool {
        let new = try events.readNew(upTo: 1 << 19)
        if events.startedOver { history = WandbHistory() }
        for event in new {
            var number = history.lineCount
            for text in history.lines(after: event) {
                line(number, text)
                number += 1
            }
        }
        return events.isBehind
    }

    /// Reads everything for its figures alone.
    mutating func readAll() throws {
        while try read(line: { _, _ in }) {}
    }
}
