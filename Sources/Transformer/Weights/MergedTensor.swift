/// One weight of a merged checkpoint, computed row by row while it is written.
struct MergedTensor {
    let source: Tensor
    let type: TensorType
    /// nil when only the type changes.
    let update: AdapterFile.Matrices?
    let scaling: Float
    let rounding: RoundingError

    func emitRows(
        _ emit: (UnsafeRawBufferPointer) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        guard source.count > 0 else { return }
        let width = source.shape.last ?? 1
        let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3 * width)
        // As many rows at once as make a large piece for the disk.
        let rowCount = source.count / width
        let pieceRowCount = min(rowCount, max(1, (1 << 18) / width))
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceRowCount * width * type.byteCount, alignment: 64)
        defer {
            floats.deallocate()
            piece.deallocate()
        }
        floats.initialize(repeating: 0)
        let before = UnsafeMutableBufferPointer(rebasing: floats[..<width])
        let after = UnsafeMutableBufferPointer(rebasing: floats[width..<(2 * width)])
        let rounded = UnsafeMutableBufferPointer(rebasing: floats[(2 * width)...])
        let rowByteCount = width * source.dtype.byteCount
        for row in 0..<rowCount {
            source.withUnsafeBytes { bytes in
                let rowBytes = bytes[(row * rowByteCount)..<((row + 1) * rowByteCount)]
                source.dtype.widen(UnsafeRawBufferPointer(rebasing: rowBytes), into: before)
            }
            let place = row % pieceRowCount
            let output = UnsafeMutableRawBufferPointer(
                rebasing: piece[
                    (place * width * type.byteCount)..<((place + 1) * width * type.byteCount)])
            if let update {
                addProduct(of: update, row: row, to: before, into: after)
                type.narrow(UnsafeBufferPointer(after), into: output)
                type.widen(UnsafeRawBufferPointer(output), into: rounded)
                rounding.add(before: before, after: after, rounded: rounded)
            } else {
                type.narrow(UnsafeBufferPointer(before), into: output)
            }
            if place == pieceRowCount - 1 || row == rowCount - 1 {
                let used = piece[..<((place + 1) * width * type.byteCount)]
                try emit(UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: used)))
            }
        }
    }

    /// after = before + scaling · (row of B) · A, the product summed in the order of the rank.
    private func addProduct(
        of update: AdapterFile.Matrices, row: Int, to before: UnsafeMutableBufferPointer<Float>,
        into after: UnsafeMutableBufferPointer<Float>
    ) {
        let width = before.count
        let rank = update.a.count / width
        after.update(repeating: 0)
        update.a.withUnsafeBufferPointer { a in
            for r in 0..<rank {
                let factor = update.b[row * rank + r]
                let rowOfA = UnsafeBufferPointer(rebasing: a[(r * width)..<((r + 1) * width)])
                for i in 0..<width { after[i] += factor * rowOfA[i] }
            }
        }
        for i in 0..<width { after[i] = before[i] + scaling * after[i] }
    }
}

/// What rounding takes away from the updates of all merged tensors together.
final class RoundingError {
    private var lost = 0.0
    private var total = 0.0

    var ratio: Double { total > 0 ? (lost / total).squareRoot() : 0 }

    fileprivate func add(
        before: UnsafeMutableBufferPointer<Float>, after: UnsafeMutableBufferPointer<Float>,
        rounded: UnsafeMutableBufferPointer<Float>
    ) {
        for i in 0..<before.count {
            let missing = Double(rounded[i] - after[i])
            let update = Double(after[i] - before[i])
            lost += missing * missing
            total += update * update
        }
    }
}
