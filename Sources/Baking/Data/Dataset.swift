import Foundation
import Transformer

/// Why rows cannot be read or baked.
public enum DatasetError: Error, Hashable, CustomStringConvertible {
    /// A line that is no row.
    case invalidLine(path: String, line: Int, why: String)
    /// Not one row is left to train on.
    case noUsableRows(total: Int, reasons: String)
    /// A row's tokens do not fit the model.
    case misaligned(row: String, why: String)
    /// The prompt and a query leave no room for a response.
    case tooLong(query: String, contextTokens: Int, responseTokens: Int, limit: Int)
    /// Some responses could not be had.
    case failedResponses(count: Int, first: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .invalidLine(let path, let line, let why):
            "\(path):\(line): \(why); correct the line or remove it"
        case .noUsableRows(let total, let reasons):
            "none of \(total) rows can be trained on (\(reasons)); "
                + "change the prompt, the queries or max-response-tokens"
        case .misaligned(let row, let why): "row \(row): \(why)"
        case .tooLong(let query, let contextTokens, let responseTokens, let limit):
            "prompt and query have \(contextTokens) tokens and the response up to \(responseTokens), "
                + "the model reads at most \(limit) (\(query)); shorten the prompt or lower "
                + "max-response-tokens"
        case .failedResponses(let count, let first):
            "\(count) responses failed (\(first)); the same command tries them again"
        }
    }
}

/// The rows in a file, by id: a later line replaces an earlier one.
struct Dataset {
    private(set) var examples: [String: Example] = [:]
    /// Ids by first appearance.
    private var order: [String] = []
    /// Bytes that hold whole rows; what lies behind was torn.
    private(set) var wholeByteCount = 0
    /// Whether a torn or broken last line was dropped.
    private(set) var droppedTail = false

    /// Reads `dataset.jsonl`; a missing file has no rows.
    init(_ file: URL) throws {
        guard let data = try RunFiles.contents(of: file) else { return }
        let lines = JSONLines(data)
        wholeByteCount = lines.wholeByteCount
        droppedTail = wholeByteCount < data.count
        for line in lines.lines {
            do {
                try read(line.data)
            } catch {
                guard line.number == lines.lines.last?.number else {
                    throw DatasetError.invalidLine(
                        path: file.path, line: line.number, why: JSONLine.reason(of: error))
                }
                droppedTail = true
                wholeByteCount = line.offset
            }
        }
    }

    private mutating func read(_ line: Data) throws {
        switch try DatasetLine(line) {
        case .row(let example): add(example)
        case .strike(let id):
            examples[id]?.excluded = true
            examples[id]?.reason = nil
        }
    }

    mutating func add(_ example: Example) {
        if examples.updateValue(example, forKey: example.id) == nil { order.append(example.id) }
    }

    /// Every row, by first appearance.
    var inOrder: [Example] { order.compactMap { examples[$0] } }
}
