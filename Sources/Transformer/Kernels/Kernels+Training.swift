internal import CKernels

extension Kernels {
    /// Loss and K-plus-rest divergence of each row of logits, and the gradient in their place.
    ///
    /// - Parameters:
    ///   - first: The row of `targets` that the first row of `logits` is measured against.
    ///   - teacherLogits: For the kinds that look at all tokens; nil otherwise.
    ///   - wantsGradient: Whether `logits` become weight · dloss/dlogits.
    static func klLoss(
        _ kind: LossKind, logits: Rows, targets: LossTargets, first: Int, teacherLogits: Rows?,
        wantsGradient: Bool, pool: ThreadPool
    ) -> (losses: [Double], kls: [Double]) {
        let count = logits.count
        let topK = targets.topK
        precondition(logits.isContiguous && first + count <= targets.count)
        precondition(!kind.needsTeacherLogits || teacherLogits?.count == count)
        precondition(!kind.needsTopK || topK > 0)
        var losses = [Double](repeating: 0, count: count)
        var kls = [Double](repeating: 0, count: count)
        targets.ids.withUnsafeBufferPointer { ids in
            targets.logprobs.withUnsafeBufferPointer { logprobs in
                targets.tailLogMasses.withUnsafeBufferPointer { tails in
                    targets.tokens.withUnsafeBufferPointer { tokens in
                        targets.weights.withUnsafeBufferPointer { weights in
                            var teacher = kernel_teacher(
                                top_ids: ids.baseAddress.map { $0 + first * topK },
                                top_logprobs: logprobs.baseAddress.map { $0 + first * topK },
                                tail_log_mass: tails.baseAddress.map {
                                    $0 + (topK > 0 ? first : 0)
                                },
                                teacher_logits: teacherLogits?.base,
                                targets: tokens.baseAddress.map { $0 + first },
                                top_k: Int32(topK))
                            kernel_kl_loss(
                                pool.handle, &losses, &kls, wantsGradient ? logits.base : nil,
                                kind.kernelKind, logits.base, &teacher,
                                weights.baseAddress.map { $0 + first }, Int32(count),
                                Int32(logits.columns))
                        }
                    }
                }
            }
        }
        return (losses, kls)
    }

    /// KL(teacher ‖ student) over all tokens for each row, and whether both rank the same first.
    static func fullKL(
        teacher: Rows, student: Rows, pool: ThreadPool
    ) -> (kls: [Double], agrees: [Bool]) {
        precondition(teacher.count == student.count && teacher.columns == student.columns)
        precondition(teacher.isContiguous && student.isContiguous)
        var kls = [Double](repeating: 0, count: teacher.count)
        var agrees = [Int32](repeating: 0, count: teacher.count)
        kernel_kl_full(
            pool.handle, &kls, &agrees, teacher.base, student.base, Int32(teacher.count),
            Int32(teacher.columns))
        return (kls, agrees.map { $0 != 0 })
    }

    /// One AdamW step over some numbers of flat arrays.
    static func adamW(
        _ range: Range<Int>, weights: ParameterSet, first: ParameterSet, second: ParameterSet,
        gradient: ParameterSet, step: OptimizerStep, decay: Double, pool: ThreadPool
    ) {
        guard let w = weights.numbers.baseAddress, let m = first.numbers.baseAddress,
            let v = second.numbers.baseAddress, let g = gradient.numbers.baseAddress
        else { return }
        precondition(range.lowerBound >= 0 && range.upperBound <= weights.count)
        var step = kernel_adamw_step(
            rate: Float(step.rate), beta1: Float(step.settings.beta1),
            beta2: Float(step.settings.beta2), epsilon: Float(step.settings.epsilon),
            decay: Float(decay), correction1: Float(step.correction1),
            correction2: Float(step.correction2), gradient_scale: Float(step.gradientScale))
        let start = range.lowerBound
        kernel_adamw(pool.handle, w + start, m + start, v + start, g + start, &step, range.count)
    }

    /// Σ x² in double precision.
    static func sumOfSquares(_ set: ParameterSet, pool: ThreadPool) -> Double {
        let blockCount = (set.count + Int(KERNEL_SUM_BLOCK) - 1) / Int(KERNEL_SUM_BLOCK)
        var partial = [Double](repeating: 0, count: blockCount)
        kernel_sum_squares(pool.handle, &partial, set.numbers.baseAddress, set.count)
        return partial.reduce(0, +)
    }
}

extension LossKind {
    fileprivate var kernelKind: Int32 {
        switch self {
        case .tail: Int32(KERNEL_LOSS_TAIL)
        case .truncated: Int32(KERNEL_LOSS_TRUNCATED)
        case .renormalised: Int32(KERNEL_LOSS_RENORMALISED)
        case .renormalisedBoth: Int32(KERNEL_LOSS_RENORMALISED_BOTH)
        case .full: Int32(KERNEL_LOSS_FULL)
        case .reverseFull: Int32(KERNEL_LOSS_REVERSE_FULL)
        case .crossEntropy: Int32(KERNEL_LOSS_CROSS_ENTROPY)
        }
    }
}
