internal import CKernels

extension Kernels {
    /// The most tokens a top-K row may have.
    static var topKLimit: Int { Int(KERNEL_TOP_LIMIT) }

    /// Each row's `topK` largest logits as logprobs, and the log of the mass outside.
    static func topK(
        ids: UnsafeMutablePointer<Int32>, logprobs: UnsafeMutablePointer<Float>,
        tailLogMasses: UnsafeMutablePointer<Float>, logits: Rows, topK: Int, pool: ThreadPool
    ) {
        precondition(topK >= 1 && topK <= min(logits.columns, topKLimit) && logits.isContiguous)
        kernel_top_k(
            pool.handle, ids, logprobs, tailLogMasses, logits.base, Int32(logits.count),
            Int32(logits.columns), Int32(topK))
    }

    /// The logprob of one token in each row.
    static func logprobs(of tokens: [Int32], logits: Rows, pool: ThreadPool) -> [Double] {
        precondition(tokens.count == logits.count && logits.isContiguous)
        precondition(tokens.allSatisfy { $0 >= 0 && $0 < logits.columns })
        var result = [Double](repeating: 0, count: tokens.count)
        kernel_logprobs(
            pool.handle, &result, logits.base, tokens, Int32(logits.count), Int32(logits.columns))
        return result
    }

    /// One token for each row, where `uniform` in 0 ..< 1 falls; the likeliest at temperature 0.
    static func sample(
        logits: Rows, temperatures: [Float], uniform: [Double], pool: ThreadPool
    ) -> [Int32] {
        precondition(temperatures.count == logits.count && uniform.count == logits.count)
        precondition(logits.isContiguous)
        var ids = [Int32](repeating: 0, count: logits.count)
        kernel_sample(
            pool.handle, &ids, logits.base, temperatures, uniform, Int32(logits.count),
            Int32(logits.columns))
        return ids
    }
}
