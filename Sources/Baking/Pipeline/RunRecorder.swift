import Foundation

/// Appends what happens to a run's `events.jsonl` and hands it on.
struct RunRecorder: Sendable {
    private let writer: BakeEventWriter
    private let handOn: @Sendable (BakeEvent) -> Void

    init(_ run: Run, handOn: @escaping @Sendable (BakeEvent) -> Void) throws {
        let url = run.url(.events)
        let whole = JSONLines(try RunFiles.contents(of: url) ?? Data()).wholeByteCount
        let file = try AppendOnlyFile(url, keeping: whole)
        writer = BakeEventWriter { try file.append($0) }
        self.handOn = handOn
    }

    func callAsFunction(_ kind: BakeEvent.Kind) throws {
        let event = BakeEvent(kind)
        try writer.append(event)
        handOn(event)
    }
}
