import Foundation

/// Follows a `dataset.jsonl` while it grows.
///
/// It is for showing rows: lines that are no rows are counted and left out, where a bake refuses
/// them.
package struct DatasetReader: Sendable {
    /// Every row, by first appearance.
    package private(set) var rows: [DatasetRow] = []
    /// The last reading found another file, or less of it: `rows` holds only what it has read.
    package private(set) var startedOver = false
    /// The last reading left something for the next one.
    package private(set) var isBehind = false
    /// Lines that are no rows.
    package private(set) var unreadableLineCount = 0

    private var file: GrowingFile
    /// Where in `rows` an id is.
    private var places: [String: Int] = [:]

    /// The dataset of `run`; it need not have one yet.
    package init(_ run: Run) { self.init(file: run.url(.dataset)) }

    init(file: URL) { self.file = GrowingFile(file) }

    /// Reads the lines that were added since the last call.
    ///
    /// - Parameter limit: About how many bytes to read; `isBehind` then tells that there are more.
    /// - Returns: The rows that are new or changed as they are now, by first appearance in this
    ///   reading, each once.
    @discardableResult
    package mutating func readNew(upTo limit: Int = .max) throws -> [DatasetRow] {
        var lines: [Data] = []
        let reading = try file.read(upTo: limit) { lines.append(Data($0)) }
        if reading.startedOver {
            rows = []
            places = [:]
            unreadableLineCount = 0
        }
        startedOver = reading.startedOver
        isBehind = !reading.isComplete
        unreadableLineCount += reading.oversizedLineCount
        var changed: [Int] = []
        var seen: Set<Int> = []
        for line in lines {
            guard let place = apply(line) else { continue }
            if seen.insert(place).inserted { changed.append(place) }
        }
        return changed.map { rows[$0] }
    }

    /// The row of this id.
    package subscript(id: String) -> DatasetRow? { places[id].map { rows[$0] } }

    /// - Returns: The row's place; nil when no row changed.
    private mutating func apply(_ line: Data) -> Int? {
        switch try? DatasetLine(line) {
        case .row(let example):
            let row = DatasetRow(example)
            if let place = places[row.id] {
                rows[place] = row
                return place
            }
            places[row.id] = rows.count
            rows.append(row)
            return rows.count - 1
        case .strike(let id):
            guard let place = places[id] else { return nil }
            rows[place].state = .struck
            return place
        case nil:
            unreadableLineCount += 1
            return nil
        }
    }
}
