internal import CKernels

/// The float kernels, with shapes checked before C is called.
///
/// Only this folder imports `CKernels`. Whatever is called `d…` is a gradient, which is added to.
enum Kernels {
    /// `y = x · inverseRMS · weight` for each group of `weight.columns` numbers; saves the factor
    /// of each group in `inverse` `[T, groups]` unless nil. `y` may be `x`.
    static func rmsNorm(
        _ y: Rows, saving inverse: Rows?, _ x: Rows, weight: Rows, epsilon: Float, pool: ThreadPool
    ) {
        let groups = x.columns / weight.columns
        precondition(y.count == x.count && y.columns == x.columns)
        precondition(groups * weight.columns == x.columns && weight.count == 1)
        if let inverse {
            precondition(
                inverse.count == x.count && inverse.columns == groups && inverse.isContiguous)
        }
        kernel_rmsnorm(
            pool.handle, y.base, Int32(y.stride), inverse?.base, x.base, Int32(x.stride),
            weight.base, epsilon, Int32(x.count), Int32(groups), Int32(weight.columns))
    }

    static func rmsNormBackward(
        dx: Rows, dWeight: Rows?, dy: Rows, x: Rows, inverse: Rows, weight: Rows, pool: ThreadPool
    ) {
        let groups = x.columns / weight.columns
        precondition(
            dx.count == x.count && dx.columns == x.columns && dy.count == x.count
                && dy.columns == x.columns && inverse.count == x.count
                && inverse.columns == groups && inverse.isContiguous
                && (dWeight.map { $0.columns == weight.columns } ?? true))
        kernel_rmsnorm_backward(
            pool.handle, dx.base, Int32(dx.stride), dWeight?.base, dy.base, Int32(dy.stride),
            x.base, Int32(x.stride), inverse.base, weight.base, Int32(x.count), Int32(groups),
            Int32(weight.columns))
    }

    /// Rotates heads in place; `inverse` turns them back, which is the gradient.
    static func rope(
        _ x: Rows, inverse: Bool = false, _ table: RotaryTable, positions: [Int32],
        pool: ThreadPool
    ) {
        let heads = x.columns / table.headSize
        precondition(heads * table.headSize == x.columns && positions.count == x.count)
        precondition(positions.allSatisfy { $0 >= 0 && $0 < table.positionCount })
        let rotate = inverse ? kernel_rope_backward : kernel_rope
        rotate(
            pool.handle, x.base, Int32(x.stride), table.cosines.base, table.sines.base, positions,
            Int32(x.count), Int32(heads), Int32(table.headSize))
    }

    /// `y[T, F] = silu(gate) · up` from `gateUp[T, 2F]`.
    static func swiglu(_ y: Rows, gateUp: Rows, pool: ThreadPool) {
        precondition(gateUp.count == y.count && gateUp.columns == 2 * y.columns)
        precondition(y.isContiguous && gateUp.isContiguous)
        kernel_swiglu(pool.handle, y.base, gateUp.base, Int32(y.count), Int32(y.columns))
    }

    static func swigluBackward(dGateUp: Rows, dy: Rows, gateUp: Rows, pool: ThreadPool) {
        precondition(
            gateUp.count == dy.count && gateUp.columns == 2 * dy.columns
                && dGateUp.count == dy.count && dGateUp.columns == gateUp.columns)
        precondition(dy.isContiguous && gateUp.isContiguous && dGateUp.isContiguous)
        kernel_swiglu_backward(
            pool.handle, dGateUp.base, dy.base, gateUp.base, Int32(dy.count), Int32(dy.columns))
    }

    /// `y[T, D]` = rows `ids` of a table, widened. The caller has checked the ids.
    static func embedding(
        _ y: Rows, table: UnsafeRawPointer, type: NumberType, ids: [Int32], pool: ThreadPool
    ) {
        precondition(y.count == ids.count && y.isContiguous)
        kernel_embedding(
            pool.handle, y.base, table, type.kernelType, ids, Int32(y.count), Int32(y.columns))
    }

    static func embeddingBackward(dTable: Rows, dy: Rows, ids: [Int32], pool: ThreadPool) {
        precondition(dy.count == ids.count && dy.columns == dTable.columns)
        precondition(dTable.isContiguous && dy.isContiguous)
        precondition(ids.allSatisfy { $0 >= 0 && $0 < dTable.count })
        kernel_embedding_backward(
            pool.handle, dTable.base, dy.base, ids, Int32(dy.count), Int32(dy.columns))
    }

    /// `x += bias` in every row.
    static func addBias(_ x: Rows, bias: Rows, pool: ThreadPool) {
        precondition(bias.count == 1 && bias.columns == x.columns)
        kernel_add_bias(
            pool.handle, x.base, Int32(x.stride), bias.base, Int32(x.count), Int32(x.columns))
    }

    static func addBiasBackward(dBias: Rows, dy: Rows, pool: ThreadPool) {
        precondition(dBias.count == 1 && dBias.columns == dy.columns)
        kernel_add_bias_backward(
            pool.handle, dBias.base, dy.base, Int32(dy.stride), Int32(dy.count),
            Int32(dy.columns))
    }

    /// `x *= factor`.
    static func scale(_ x: Rows, by factor: Float, pool: ThreadPool) {
        precondition(x.isContiguous)
        kernel_scale(pool.handle, x.base, factor, x.count * x.columns)
    }

    /// `y` = the rows of `x` with these indices.
    static func gather(_ y: Rows, _ x: Rows, rows: [Int32], pool: ThreadPool) {
        precondition(y.count == rows.count && y.columns == x.columns)
        precondition(x.isContiguous && y.isContiguous)
        precondition(rows.allSatisfy { $0 >= 0 && $0 < x.count })
        kernel_gather(pool.handle, y.base, x.base, rows, Int32(y.count), Int32(y.columns))
    }

    static func gatherBackward(dx: Rows, dy: Rows, rows: [Int32], pool: ThreadPool) {
        precondition(dy.count == rows.count && dy.columns == dx.columns)
        precondition(dx.isContiguous && dy.isContiguous)
        precondition(rows.allSatisfy { $0 >= 0 && $0 < dx.count })
        kernel_gather_backward(
            pool.handle, dx.base, dy.base, rows, Int32(dy.count), Int32(dy.columns))
    }
}
