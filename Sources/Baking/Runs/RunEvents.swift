package import Foundation

/// Follows a run's `events.jsonl` while it grows. Torn lines and those of other versions are left
/// out.
package struct RunEvents: Sendable {
    /// The last reading found another file, or less of it: its events are the first.
    package private(set) var startedOver = false
    /// The last reading left something for the next one.
    package private(set) var isBehind = false

    private var file: GrowingFile

    /// The events of `run`; it need not have any yet.
    package init(_ run: Run) { file = GrowingFile(run.url(.events)) }

    /// The events of the run in `directory`, whether or not the rest of it can be read.
    package init(directory: URL) {
        file = GrowingFile(directory.appending(path: Run.File.events.rawValue))
    }

    /// The events that were added since the last call.
    ///
    /// - Parameter limit: About how many bytes to read; `isBehind` then tells that there are more.
    package mutating func readNew(upTo limit: Int = .max) throws -> [BakeEvent] {
        var events: [BakeEvent] = []
        let reading = try file.read(upTo: limit) { line in
            // A line of another version says nothing that this one could show.
            if let event = try? JSONLine.decode(BakeEvent.self, from: Data(line)) {
                events.append(event)
            }
        }
        startedOver = reading.startedOver
        isBehind = !reading.isComplete
        return events
    }
}
