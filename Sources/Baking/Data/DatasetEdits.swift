import Foundation
import Transformer

/// Changes a person makes to the rows of a run before it is baked. Each is on the disk when its call
/// returns and takes effect at the run's next bake.
///
/// A run that has a checkpoint was trained on its rows, so its rows stay as they are: with others
/// the checkpoints would have to be thrown away, and a finished run would go on showing a result
/// that its rows did not lead to. ``RunStore/copy(rowsOf:as:)`` makes a run whose rows may change.
public struct DatasetEdits: Sendable {
    private let run: Run

    /// Edits to the rows of `run`.
    public init(_ run: Run) { self.run = run }

    /// Takes rows out of the bake.
    ///
    /// - Throws: ``DatasetEditError``; ``RunError/inUse(run:process:)`` while a process works on the
    ///   run. Then nothing is changed.
    public func strike(_ ids: [String]) throws {
        try change(ids) { example in
            example.isStruckByHand ? nil : try DatasetLine.strike(example.id)
        }
    }

    /// Takes one row out of the bake.
    public func strike(_ id: String) throws { try strike([id]) }

    /// Puts rows back that a person took out.
    ///
    /// - Throws: ``DatasetEditError``, for a row that a rule keeps out too;
    ///   ``RunError/inUse(run:process:)`` while a process works on the run. Then nothing is changed.
    public func restore(_ ids: [String]) throws {
        try change(ids) { example in
            if let reason = example.reason {
                throw DatasetEditError.keptOut(row: example.id, reason: reason)
            }
            guard example.excluded == true else { return nil }
            var restored = example
            restored.excluded = nil
            return try DatasetLine.row(restored)
        }
    }

    /// Puts one row back that a person took out.
    public func restore(_ id: String) throws { try restore([id]) }

    /// Gives a row another response. The next bake makes its tokens from the text, scores it again
    /// and, since later turns of the same conversation answered another one, asks those again. No
    /// rule keeps out a response that a person wrote.
    ///
    /// - Parameter response: More than white space; taken as it is.
    /// - Throws: ``DatasetEditError``; ``RunError/inUse(run:process:)`` while a process works on the
    ///   run. Then nothing is changed.
    public func edit(_ id: String, response: String) throws {
        guard response.contains(where: { !$0.isWhitespace }) else {
            throw DatasetEditError.empty(row: id)
        }
        try change([id]) { example in
            guard response != example.response else { return nil }
            guard !example.tokens.isEmpty else {
                throw DatasetEditError.keptOut(row: id, reason: .noRoom)
            }
            var edited = example
            edited.messages[edited.messages.count - 1] = ChatMessage(.assistant, response)
            edited.generator = Example.handGenerator
            edited.excluded = example.isStruckByHand ? true : nil
            edited.reason = nil
            return try DatasetLine.row(edited)
        }
    }

    /// Appends what `line` makes of each row, all or nothing.
    private func change(_ ids: [String], line: (Example) throws -> Data?) throws {
        let lock = try RunLock(run.directory)
        defer { withExtendedLifetime(lock) {} }
        let current = try Run(directory: run.directory) ?? run
        if case .finished = current.record.outcome { throw DatasetEditError.trained(run: run.name) }
        guard try current.checkpoints().isEmpty else {
            throw DatasetEditError.trained(run: run.name)
        }
        let dataset = try Dataset(run.url(.dataset))
        var lines = Data()
        for id in ids {
            guard let example = dataset.examples[id] else {
                throw DatasetEditError.noRow(id, run: run.name)
            }
            if let line = try line(example) { lines.append(line) }
        }
        guard !lines.isEmpty else { return }
        let file = try AppendOnlyFile(run.url(.dataset), keeping: dataset.wholeByteCount)
        try file.append(lines)
        try file.synchronize()
    }
}

/// Why a row cannot be changed.
public enum DatasetEditError: Error, Hashable, CustomStringConvertible {
    /// The run has no such row.
    case noRow(String, run: String)
    /// A response must say something.
    case empty(row: String)
    /// A rule keeps it out, nobody struck it.
    case keptOut(row: String, reason: ExclusionReason)
    /// The run has been trained on its rows.
    case trained(run: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .noRow(let id, let run): "the run \(run) has no row \(id)"
        case .empty: "a response must hold more than white space; strike the row instead"
        case .keptOut(let row, let reason):
            reason == .noRoom
                ? "row \(row) has no room for a response in the model's context"
                : "row \(row) is kept out (\(reason.rawValue)), not struck; edit its response"
        case .trained(let run):
            "the run \(run) was trained on its rows; copy them into a new run and change them "
                + "there, as oven generate --dataset \(run) --new does"
        }
    }
}
