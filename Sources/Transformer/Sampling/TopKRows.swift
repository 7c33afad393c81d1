/// The likeliest tokens at some positions with their logprobs, and the log of the mass of all
/// others: what remains of a teacher's distribution.
package struct TopKRows: Equatable, Sendable {
    /// The largest K.
    package static let limit = Kernels.topKLimit

    /// K, `1...1024`.
    package let topK: Int
    /// `[rows, K]`, in each row the likeliest first.
    package private(set) var ids: [TokenID]
    /// `[rows, K]`.
    package private(set) var logprobs: [Float]
    /// `[rows]`: logsumexp of the logits outside the row minus logsumexp of all; −∞ without any.
    package private(set) var tailLogMasses: [Float]

    /// Rows kept elsewhere.
    ///
    /// - Throws: ``DecoderError/invalidTarget(reason:)`` when the counts do not fit, an id appears
    ///   twice in a row or is negative, a logprob is above 0 (but for rounding) or not a number.
    package init(
        topK: Int, ids: [TokenID], logprobs: [Float], tailLogMasses: [Float]
    ) throws(DecoderError) {
        guard (1...Kernels.topKLimit).contains(topK) else {
            throw .invalidTarget(reason: "K is \(topK), not in 1...\(Kernels.topKLimit)")
        }
        guard ids.count == logprobs.count, ids.count == topK * tailLogMasses.count else {
            throw .invalidTarget(
                reason: "\(ids.count) ids, \(logprobs.count) logprobs and "
                    + "\(tailLogMasses.count) tails do not make rows of \(topK)")
        }
        for row in tailLogMasses.indices {
            let range = row * topK..<(row + 1) * topK
            guard Set(ids[range]).count == topK, ids[range].allSatisfy({ $0.rawValue >= 0 }) else {
                throw .invalidTarget(reason: "row \(row) has an id twice or below 0")
            }
            guard logprobs[range].allSatisfy({ $0 <= 1e-3 }), tailLogMasses[row] <= 1e-3 else {
                throw .invalidTarget(reason: "row \(row) has a probability above 1")
            }
        }
        self.topK = topK
        self.ids = ids
        self.logprobs = logprobs
        self.tailLogMasses = tailLogMasses
    }

    /// The rows of logits `[rows, V]`; `topK` is at most V.
    package init(of logits: Matrix, topK: Int, pool: ThreadPool) {
        self.init(of: logits.rows, topK: topK, pool: pool)
    }

    init(of logits: Rows, topK: Int, pool: ThreadPool) {
        self.topK = topK
        let count = logits.count
        var ids = [Int32](repeating: 0, count: count * topK)
        logprobs = [Float](repeating: 0, count: count * topK)
        tailLogMasses = [Float](repeating: 0, count: count)
        Kernels.topK(
            ids: &ids, logprobs: &logprobs, tailLogMasses: &tailLogMasses, logits: logits,
            topK: topK, pool: pool)
        self.ids = ids.map { TokenID(rawValue: $0) }
    }

    /// No rows yet.
    package init(topK: Int) {
        precondition((1...Kernels.topKLimit).contains(topK))
        self.topK = topK
        ids = []
        logprobs = []
        tailLogMasses = []
    }

    /// Number of rows.
    package var count: Int { tailLogMasses.count }

    /// One row as rows.
    package subscript(row: Int) -> TopKRows { self[row..<row + 1] }

    /// Some rows.
    package subscript(range: Range<Int>) -> TopKRows {
        var rows = TopKRows(topK: topK)
        let flat = range.lowerBound * topK..<range.upperBound * topK
        rows.ids = Array(ids[flat])
        rows.logprobs = Array(logprobs[flat])
        rows.tailLogMasses = Array(tailLogMasses[range])
        return rows
    }

    /// Appends rows of the same K.
    package mutating func append(_ other: TopKRows) {
        precondition(other.topK == topK)
        ids += other.ids
        logprobs += other.logprobs
        tailLogMasses += other.tailLogMasses
    }
}
