import Foundation
import Transformer

/// One line of `dataset.jsonl`.
enum DatasetLine {
    /// A row; it replaces an earlier one of its id.
    case row(Example)
    /// Takes the row of this id out by hand.
    case strike(id: String)

    private struct Outline: Decodable {
        /// Only that it is there.
        struct Present: Decodable { init(from decoder: any Swift.Decoder) {} }
        var id: String
        var excluded: Bool?
        var messages: Present?
    }

    init(_ line: Data) throws {
        let outline = try JSONLine.decode(Outline.self, from: line)
        self =
            if outline.messages == nil, outline.excluded == true {
                .strike(id: outline.id)
            } else {
                .row(try JSONLine.decode(Example.self, from: line))
            }
    }

    /// The line that takes out the row of `id`, line feed included.
    static func strike(_ id: String) throws -> Data {
        struct Strike: Encodable {
            var id: String
            var excluded = true
        }
        return try JSONLine.encode(Strike(id: id)) + [0x0A]
    }

    /// The line of `example`, line feed included.
    static func row(_ example: Example) throws -> Data { try JSONLine.encode(example) + [0x0A] }
}
