public import Foundation

/// The directory where runs live.
public struct RunStore: Hashable, Sendable {
    /// The directory; it need not exist.
    public let directory: URL

    /// The runs in `directory`.
    public init(directory: URL) { self.directory = directory }

    /// Every readable run, newest first.
    public func runs() throws -> [Run] { [] }

    /// The run of this name, or in this directory.
    public func run(_ nameOrDirectory: String) throws -> Run { preconditionFailure() }

    /// The newest run for which `fits` holds.
    public func newest(where fits: (Run) throws -> Bool) throws -> Run { preconditionFailure() }

    /// Removes a run that no process works on.
    public func delete(_ run: Run) throws {}
}
