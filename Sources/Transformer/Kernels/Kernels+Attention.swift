internal import CKernels

/// Where the rows of a packed batch stand in their sequences, as the attention kernels want it.
struct AttentionPlan {
    /// One sequence after another, each with its range of segments.
    private(set) var sequences: [kernel_sequence] = []
    /// For each row its sequence.
    private(set) var sequenceOfRow: [Int32] = []
    /// For each row its position.
    private(set) var positions: [Int32] = []
    private var stores: [kernel_store] = []
    private var parts: [(segment: KVSegment, count: Int)] = []
    /// The most positions that a row sees.
    private(set) var keyCount = 0

    /// Adds a sequence of `rowCount` rows, whose keys and values go to the end of `cache`.
    ///
    /// - Parameter cache: Has room for the rows already; its count includes them.
    mutating func append(rowCount: Int, cache: KVCache) {
        let firstRow = sequenceOfRow.count
        let firstPosition = cache.count - rowCount
        let firstPart = parts.count
        var position = 0
        for part in cache.parts {
            let end = position + part.count
            if end > firstPosition {
                let start = max(position, firstPosition)
                stores.append(
                    kernel_store(
                        segment: Int32(parts.count), first_offset: Int32(start - position),
                        first_row: Int32(firstRow + start - firstPosition),
                        row_count: Int32(end - start)))
            }
            parts.append(part)
            position = end
        }
        sequences.append(
            kernel_sequence(
                first_row: Int32(firstRow), row_count: Int32(rowCount),
                first_position: Int32(firstPosition), first_segment: Int32(firstPart),
                segment_count: Int32(parts.count - firstPart)))
        for row in 0..<rowCount {
            sequenceOfRow.append(Int32(sequences.count - 1))
            positions.append(Int32(firstPosition + row))
        }
        keyCount = max(keyCount, cache.count)
    }

    /// One layer's segments.
    private func segments(layer: Int) -> [kernel_segment] {
        parts.map { part in
            kernel_segment(
                keys: part.segment.keys(layer: layer), values: part.segment.values(layer: layer),
                capacity: Int32(part.segment.capacity), count: Int32(part.count))
        }
    }

    /// Puts keys and values `[T, Hkv·Dh]` away, then `out[T, H·Dh]` = attention of `queries`.
    ///
    /// - Parameters:
    ///   - logSumExp: `[T, H]`; nil when no backward follows.
    ///   - scratch: Any matrix of one column.
    func attend(
        out: Rows, logSumExp: Rows?, queries: Rows, keys: Rows, values: Rows, layer: Int,
        headSize: Int, scratch: Matrix, pool: ThreadPool
    ) {
        let count = sequenceOfRow.count
        let headCount = queries.columns / headSize
        let keyValueHeadCount = keys.columns / headSize
        precondition(queries.count == count && out.count == count && keys.count == count)
        precondition(values.count == count && out.columns == queries.columns)
        precondition(values.columns == keys.columns && scratch.columnCount == 1)
        if let logSumExp {
            precondition(logSumExp.count == count && logSumExp.columns == headCount)
            precondition(logSumExp.isContiguous)
        }
        let segments = segments(layer: layer)
        kernel_store_keys(
            pool.handle, segments, stores, Int32(stores.count), keys.base,
            Int32(keys.stride), values.base, Int32(values.stride), Int32(keyValueHeadCount),
            Int32(headSize))
        let taskCount = min(count * keyValueHeadCount, 8 * pool.threadCount)
        scratch.resize(rowCount: kernel_attention_scratch(Int32(taskCount), Int32(keyCount)))
        kernel_attention(
            pool.handle, out.base, Int32(out.stride), logSumExp?.base, queries.base,
            Int32(queries.stride), sequences, sequenceOfRow, segments, Int32(count),
            Int32(headCount), Int32(keyValueHeadCount), Int32(headSize),
            attentionScale(headSize), scratch.base, Int32(taskCount))
    }

    /// Adds the gradients of queries, keys and values; only for sequences that are whole in the
    /// batch.
    func attendBackward(
        dQueries: Rows, dKeys: Rows, dValues: Rows, dOut: Rows, out: Rows, logSumExp: Rows,
        queries: Rows, keys: Rows, values: Rows, headSize: Int, scratch: Matrix, pool: ThreadPool
    ) {
        precondition(sequences.allSatisfy { $0.first_position == 0 })
        precondition(out.stride == dOut.stride && scratch.columnCount == 1)
        let keyValueHeadCount = keys.columns / headSize
        let floatCount = sequences.reduce(0) { sum, sequence in
            sum + keyValueHeadCount
                * kernel_attention_backward_scratch(sequence.row_count, Int32(headSize))
        }
        scratch.resize(rowCount: floatCount)
        kernel_attention_backward(
            pool.handle, dQueries.base, Int32(dQueries.stride), dKeys.base, Int32(dKeys.stride),
            dValues.base, Int32(dValues.stride), dOut.base, out.base, Int32(out.stride),
            logSumExp.base, queries.base, Int32(queries.stride), keys.base,
            Int32(keys.stride), values.base, Int32(values.stride), sequences,
            Int32(sequences.count),
            Int32(queries.columns / headSize), Int32(keyValueHeadCount), Int32(headSize),
            attentionScale(headSize), scratch.base)
    }

    private func attentionScale(_ headSize: Int) -> Float {
        Float(1 / Double(headSize).squareRoot())
    }
}
