/// Columns of text, as wide as their widest cell.
package struct TextTable: Sendable {
    package var header: [String]
    package var rows: [[String]]
    /// Columns whose text stands at the right; the others stand at the left.
    package var rightColumns: Set<Int>

    /// - Parameter rows: Safe text of one line, as many cells as `header` has.
    package init(header: [String], rows: [[String]], rightColumns: Set<Int> = []) {
        precondition(rows.allSatisfy { $0.count == header.count })
        self.header = header
        self.rows = rows
        self.rightColumns = rightColumns
    }

    /// The header and a line per row, without spaces at their ends.
    package var lines: [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].cellCount }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                cell.padded(
                    to: widths[column], alignment: rightColumns.contains(column) ? .right : .left)
            }
            let line = cells.joined(separator: "  ")
            return line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? ""
        }
    }
}
