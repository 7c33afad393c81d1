/// Rows of float32 numbers in memory of their own, aligned to 64 bytes.
///
/// Not synchronised: whoever owns it uses it from one thread at a time.
package final class Matrix {
    package private(set) var rowCount: Int
    package let columnCount: Int
    private(set) var base: UnsafeMutablePointer<Float>
    private var capacity: Int

    /// `[rowCount, columnCount]`, all zero.
    package init(rowCount: Int, columnCount: Int) {
        precondition(rowCount >= 0 && columnCount >= 0)
        self.rowCount = rowCount
        self.columnCount = columnCount
        capacity = rowCount * columnCount
        base = Self.allocate(capacity)
        base.update(repeating: 0, count: capacity)
    }

    /// Rows holding `numbers`.
    package convenience init(_ numbers: [Float], columnCount: Int) {
        precondition(columnCount > 0 && numbers.count.isMultiple(of: columnCount))
        self.init(rowCount: numbers.count / columnCount, columnCount: columnCount)
        numbers.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                base.update(from: start, count: numbers.count)
            }
        }
    }

    deinit { base.deallocate() }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
            .bindMemory(to: Float.self, capacity: max(count, 1))
    }

    /// Changes the number of rows. Memory is kept for the next, larger or smaller, use; the
    /// numbers are undefined afterwards.
    func resize(rowCount: Int) {
        let needed = rowCount * columnCount
        if needed > capacity {
            base.deallocate()
            capacity = needed
            base = Self.allocate(capacity)
        }
        self.rowCount = rowCount
    }

    /// All rows.
    package var rows: Rows {
        Rows(
            base: base, stride: columnCount, count: rowCount, columns: columnCount, owner: self)
    }

    /// Some columns of all rows.
    func columns(_ range: Range<Int>) -> Rows { rows.columns(range) }

    /// Makes every number zero.
    package func clear() { base.update(repeating: 0, count: rowCount * columnCount) }

    /// Takes over the numbers of a matrix of the same shape.
    package func copy(from other: Matrix) {
        precondition(other.rowCount == rowCount && other.columnCount == columnCount)
        base.update(from: other.base, count: rowCount * columnCount)
    }

    /// The numbers of one row.
    package subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(row >= 0 && row < rowCount)
        return UnsafeMutableBufferPointer(start: base + row * columnCount, count: columnCount)
    }

    /// All numbers, row after row.
    package var numbers: [Float] {
        Array(UnsafeBufferPointer(start: base, count: rowCount * columnCount))
    }
}

/// A view of rows inside a ``Matrix``; of no use once the matrix has changed its size.
package struct Rows {
    let base: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    let stride: Int
    let count: Int
    let columns: Int
    /// Keeps the memory alive.
    let owner: Matrix

    func columns(_ range: Range<Int>) -> Rows {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        return Rows(
            base: base + range.lowerBound, stride: stride, count: count, columns: range.count,
            owner: owner)
    }

    package func rows(_ range: Range<Int>) -> Rows {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return Rows(
            base: base + range.lowerBound * stride, stride: stride, count: range.count,
            columns: columns, owner: owner)
    }

    /// Whether the rows follow one another without gaps.
    var isContiguous: Bool { stride == columns || count <= 1 }
}

/// How products are computed.
package struct Compute {
    let pool: ThreadPool
    /// Whether inputs of products may be rounded to bfloat16 where that is faster.
    let roundInput: Bool
}

extension PackedMatrix {
    /// `y = x · wᵀ`, or `y += …`.
    func multiply(_ x: Rows, into y: Rows, accumulate: Bool = false, _ compute: Compute) {
        precondition(x.count == y.count && x.columns == columns && y.columns == rows)
        guard x.count > 0 else { return }
        multiply(
            x.base, stride: x.stride, count: x.count, into: y.base, stride: y.stride,
            accumulate: accumulate, roundInput: compute.roundInput, pool: compute.pool)
    }

    /// `dx += dy · w`.
    package func multiplyBackward(_ dy: Rows, addingTo dx: Rows, _ compute: Compute) {
        precondition(dx.count == dy.count && dx.columns == columns && dy.columns == rows)
        guard dx.count > 0 else { return }
        multiplyBackward(
            dy.base, stride: dy.stride, count: dy.count, addingTo: dx.base, stride: dx.stride,
            roundGradient: compute.roundInput, pool: compute.pool)
    }

    /// `dw += dyᵀ · x`; the rows of `dw` follow one another without gaps.
    static func addWeightGradient(to dw: Rows, dy: Rows, x: Rows, _ compute: Compute) {
        precondition(dw.count == dy.columns && dw.columns == x.columns && dy.count == x.count)
        precondition(dw.isContiguous)
        guard x.count > 0 else { return }
        addWeightGradient(
            to: dw.base, rows: dw.count, columns: dw.columns, dy: dy.base, stride: dy.stride,
            x: x.base, stride: x.stride, count: x.count, pool: compute.pool)
    }
}
