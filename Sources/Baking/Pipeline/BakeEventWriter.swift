public import Foundation

/// Writes events as JSON lines to a file that is open, `events.jsonl` or standard output.
public struct BakeEventWriter: Sendable {
    private let write: @Sendable (Data) throws -> Void

    /// Hands whole lines, line feed included, to `write`.
    public init(write: @escaping @Sendable (Data) throws -> Void) { self.write = write }

    /// Appends one line.
    public func append(_ event: BakeEvent) throws {
        try write(try JSONLine.encode(event) + [0x0A])
    }
}
