internal import CKernels

/// The threads that the kernels split their work over, and the instructions they use.
///
/// Waiting threads sleep; an idle pool costs nothing.
///
/// `@unchecked Sendable`: the handle never changes, and the pool behind it lets one run in at a time (a
/// lock in C), so calls from several threads wait for each other.
package final class ThreadPool: @unchecked Sendable {
    let handle: OpaquePointer
    /// The instructions that the kernels use.
    package let tier: KernelTier

    /// Starts `threads` − 1 threads; the caller of a kernel is the remaining one.
    ///
    /// - Parameters:
    ///   - threads: At least 1.
    ///   - tier: One that this machine can run.
    ///   - isBackground: Whether the threads started let the machine's others go first; for the
    ///     caller see ``moveCallingThreadToBackground()``.
    package init(threads: Int, tier: KernelTier = .requested(), isBackground: Bool = false) {
        precondition(threads >= 1, "a pool needs at least one thread")
        precondition(tier.isAvailable, "this machine cannot run the \(tier) kernels")
        let count = Int32(clamping: threads)
        let created =
            isBackground
            ? kernel_pool_create_in_background(count, tier.index)
            : kernel_pool_create_on(count, tier.index)
        guard let handle = created else {
            preconditionFailure("the system has no room for \(threads) threads")
        }
        self.handle = handle
        self.tier = tier
    }

    deinit { kernel_pool_destroy(handle) }

    /// Lets other threads of the machine go before the calling one from now on. There is no way back,
    /// so the thread should be one's own.
    package static func moveCallingThreadToBackground() { kernel_thread_to_background() }

    /// Threads that work, the caller included.
    package var threadCount: Int { Int(kernel_pool_threads(handle)) }

    /// Calls `body` once for each of `0..<count`, on all threads in any order, and returns when all are
    /// done.
    ///
    /// Not from inside another `body`.
    package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { body in
                kernel_pool_run(
                    handle,
                    { context, i in
                        context?.assumingMemoryBound(to: (@Sendable (Int) -> Void).self).pointee(
                            Int(i))
                    }, UnsafeMutableRawPointer(mutating: body), Int32(count))
            }
        }
    }

    /// Operations per second (a multiplication and an addition are two) of all threads together on
    /// numbers in registers: with float32, or with the dot products of bfloat16 if the tier has them.
    ///
    /// - Returns: `nil` when it has none.
    package func measuredPeak(_ type: NumberType, seconds: Double) -> Double? {
        let peak = kernel_measure_peak(handle, type.kernelType, seconds)
        return peak > 0 ? peak : nil
    }

    /// Bytes per second that all threads together read from memory; `byteCount` should be several times
    /// the last cache.
    package func measuredReadBandwidth(byteCount: Int) -> Double {
        kernel_measure_read_bandwidth(handle, byteCount)
    }
}
