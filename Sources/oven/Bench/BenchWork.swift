import Transformer

/// What must be done at least, from the shapes alone: operations, a multiplication and an addition
/// being two, and bytes to be read from memory.
struct BenchWork {
    var operations = 0.0
    /// 0 where the operations take longer on any machine.
    var byteCount = 0.0

    static func + (left: BenchWork, right: BenchWork) -> BenchWork {
        BenchWork(
            operations: left.operations + right.operations,
            byteCount: left.byteCount + right.byteCount)
    }

    static func * (count: Int, work: BenchWork) -> BenchWork {
        BenchWork(
            operations: Double(count) * work.operations, byteCount: Double(count) * work.byteCount)
    }
}

extension ModelConfiguration {
    /// Numbers in the linear layers of all blocks.
    private var linearCount: Int {
        layerCount * AdapterTarget.block.reduce(0) { $0 + shape(of: $1).reduce(1, *) }
    }

    private var unembeddingCount: Int { vocabularySize * hiddenSize }

    /// Scores and sums of values of the tokens at `positions`.
    private func attention(_ positions: Range<Int>) -> Double {
        4 * Double(layerCount * querySize) * positions.reduce(0.0) { $0 + Double($1 + 1) }
    }

    /// A forward pass of the tokens at `positions` of one sequence, with logits of some.
    func forward(_ positions: Range<Int>, logits count: Int = 0) -> BenchWork {
        BenchWork(
            operations: 2 * Double(linearCount * positions.count + unembeddingCount * count)
                + attention(positions))
    }

    /// A training step on one sequence: a forward pass, the same again for the gradient of what
    /// went into each product (twice in attention), and three products of each of the adapter's.
    func step(tokens tokenCount: Int, logits count: Int, rank: Int) -> BenchWork {
        let positions = 0..<tokenCount
        let sides = AdapterTarget.block.reduce(0) { $0 + shape(of: $1).reduce(0, +) }
        let adapter = 6 * Double(layerCount * rank * sides * tokenCount)
        return 2 * forward(positions, logits: count)
            + BenchWork(operations: adapter + attention(positions))
    }

    /// One more token for each of `count` sequences that share what they begin with.
    ///
    /// - Parameter own: Positions of each sequence after the shared ones.
    func decodeStep(
        _ count: Int, shared sharedCount: Int, own: Int, weightByteCount: Int,
        cachedByteCount: Int
    ) -> BenchWork {
        let position = sharedCount + own
        return count * forward(position..<position + 1, logits: 1)
            + BenchWork(
                byteCount: Double(weightByteCount)
                    + Double((sharedCount + count * own) * cachedByteCount))
    }
}
