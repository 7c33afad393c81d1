/// Named float32 tensors in one piece of memory, so that the optimizer sees one flat array.
///
/// Not synchronised.
package final class ParameterSet {
    /// Where a tensor lies.
    package struct Entry: Equatable, Sendable {
        /// As in a checkpoint.
        package var name: String
        package var shape: [Int]
        /// Numbers before it.
        package var offset: Int
        package var count: Int { shape.reduce(1, *) }
        package var range: Range<Int> { offset..<offset + count }
    }

    package let entries: [Entry]
    private let matrix: Matrix
    private let indices: [String: Int]

    /// Tensors of these names and shapes one after the other, all zero.
    package init(_ shapes: [(name: String, shape: [Int])]) {
        var entries: [Entry] = []
        var offset = 0
        for (name, shape) in shapes {
            entries.append(Entry(name: name, shape: shape, offset: offset))
            offset += shape.reduce(1, *)
        }
        self.entries = entries
        matrix = Matrix(rowCount: 1, columnCount: offset)
        indices = Dictionary(
            entries.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { _, _ in
                preconditionFailure("two tensors of one name")
            })
    }

    /// A set of the same tensors, all zero: gradients or moments.
    package func zeros() -> ParameterSet { ParameterSet(entries.map { ($0.name, $0.shape) }) }

    /// Numbers in all tensors.
    package var count: Int { matrix.columnCount }

    /// All numbers, in the order of ``entries``.
    package var numbers: UnsafeMutableBufferPointer<Float> { matrix[0] }

    /// The numbers of one tensor, which must exist.
    package subscript(name: String) -> UnsafeMutableBufferPointer<Float> {
        let entry = entry(name)
        return UnsafeMutableBufferPointer(rebasing: numbers[entry.range])
    }

    /// Takes over all numbers of a set of the same tensors.
    package func copy(from other: ParameterSet) {
        precondition(other.entries == entries)
        matrix.copy(from: other.matrix)
    }

    /// Makes every number zero.
    package func clear() { matrix.clear() }

    /// The matrix that tensors which follow one another make together, `[rows, columns]`;
    /// vectors make one row.
    func rows(from first: String, through last: String? = nil) -> Rows {
        let start = entry(first)
        let end = entry(last ?? first)
        let count = end.range.upperBound - start.offset
        let columns = start.shape.count > 1 ? start.shape[1] : count
        precondition(count >= 0 && end.shape.count == start.shape.count)
        precondition(start.shape.count == 1 || end.shape[1] == columns)
        return Rows(
            base: matrix.base + start.offset, stride: columns, count: count / columns,
            columns: columns, owner: matrix)
    }

    private func entry(_ name: String) -> Entry {
        guard let index = indices[name] else { preconditionFailure("no tensor \(name)") }
        return entries[index]
    }
}
