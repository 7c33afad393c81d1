internal import CKernels

/// A weight matrix `[rows, columns]` (that is `[N, K]`), repacked once so that products with it are
/// fast in both directions.
///
/// `@unchecked Sendable`: the memory is written in `init` alone and only read afterwards.
package final class PackedMatrix: @unchecked Sendable {
    /// N, outputs of the product.
    package let rows: Int
    /// K, inputs of the product.
    package let columns: Int
    /// What the packed numbers are: `.bfloat16`, `.float32` or `.int8`.
    package let type: NumberType
    /// Bytes held.
    package let byteCount: Int
    private let memory: UnsafeMutableRawPointer

    /// Packs `weights`, row-major `[rows, columns]` at any alignment; not needed afterwards.
    ///
    /// Packing as `.bfloat16` rounds wider numbers to the nearest, ties to even; packing as
    /// `.float32` loses nothing; as `.int8` a row's numbers are rounded to 127ths of its largest.
    ///
    /// - Parameters:
    ///   - packedAs: `.bfloat16`, `.float32` or `.int8`.
    package init(
        rows: Int, columns: Int, packedAs type: NumberType, from weights: UnsafeRawPointer,
        storedAs: NumberType, pool: ThreadPool
    ) {
        precondition(rows >= 0 && columns >= 0, "a matrix has no negative sizes")
        precondition(type != .float16, "matrices are packed as bfloat16, float32 or int8")
        precondition(storedAs != .int8, "int8 is packed only")
        self.rows = rows
        self.columns = columns
        self.type = type
        byteCount = kernel_packed_size(type.kernelType, Int32(rows), Int32(columns))
        memory = .allocate(byteCount: byteCount, alignment: 64)
        kernel_pack(
            pool.handle, memory, type.kernelType, weights, storedAs.kernelType, Int32(rows),
            Int32(columns))
    }

    deinit { memory.deallocate() }

    /// Writes row `index` of the matrix, `columns` numbers, widened to float32.
    package func copyRow(_ index: Int, to row: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
        kernel_unpack_row(
            row, memory, type.kernelType, Int32(rows), Int32(columns), Int32(index))
    }

    /// `y[T, N] = x[T, K] · wᵀ`, or `y += …` when `accumulate`.
    ///
    /// A row of `y` depends on the same row of `x` alone: the same bits whatever `count` and pool.
    ///
    /// - Parameters:
    ///   - y: `count` rows, `yStride` floats apart; overlaps nothing else.
    ///   - x: `count` rows, `xStride` floats apart.
    ///   - roundInput: Whether `x` may be rounded to bfloat16 where that is faster.
    package func multiply(
        _ x: UnsafePointer<Float>, stride xStride: Int, count: Int,
        into y: UnsafeMutablePointer<Float>, stride yStride: Int, accumulate: Bool = false,
        roundInput: Bool, pool: ThreadPool
    ) {
        precondition(count <= 1 || (xStride >= columns && yStride >= rows), "rows overlap")
        kernel_matmul(
            pool.handle, y, Int32(yStride), x, Int32(xStride), memory, type.kernelType,
            roundInput ? 1 : 0, accumulate ? 1 : 0, Int32(count), Int32(rows), Int32(columns))
    }

    /// `dx[T, K] += dy[T, N] · w`, the gradient of a product's input; row by row the same bits,
    /// as forward.
    ///
    /// - Parameters:
    ///   - dy: `count` rows, `dyStride` floats apart.
    ///   - dx: `count` rows, `dxStride` floats apart; overlaps nothing else.
    ///   - roundGradient: Whether `dy` may be rounded to bfloat16 where that is faster.
    package func multiplyBackward(
        _ dy: UnsafePointer<Float>, stride dyStride: Int, count: Int,
        addingTo dx: UnsafeMutablePointer<Float>, stride dxStride: Int, roundGradient: Bool,
        pool: ThreadPool
    ) {
        precondition(count <= 1 || (dxStride >= columns && dyStride >= rows), "rows overlap")
        kernel_matmul_backward_x(
            pool.handle, dx, Int32(dxStride), dy, Int32(dyStride), memory, type.kernelType,
            roundGradient ? 1 : 0, Int32(count), Int32(rows), Int32(columns))
    }

    /// `dw[N, K] += dy[T, N]ᵀ · x[T, K]` in float32, row-major.
    ///
    /// Each element adds its products in the order of T, so that a batch cut into several calls
    /// gives the same bits.
    package static func addWeightGradient(
        to dw: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
        dy: UnsafePointer<Float>, stride dyStride: Int, x: UnsafePointer<Float>,
        stride xStride: Int, count: Int, pool: ThreadPool
    ) {
        precondition(count <= 1 || (xStride >= columns && dyStride >= rows), "rows overlap")
        kernel_matmul_backward_w(
            pool.handle, dw, dy, Int32(dyStride), x, Int32(xStride), Int32(count), Int32(rows),
            Int32(columns))
    }
}
