internal import CKernels

/// The threads that the kernels split their work over.
///
/// Waiting threads sleep; an idle pool costs nothing.
///
/// `@unchecked Sendable`: the only property is an immutable handle, and the pool behind it lets one
/// run in at a time (a lock in C), so calls from several threads wait for each other.
package final class ThreadPool: @unchecked Sendable {
    let handle: OpaquePointer

    /// Starts `threads` − 1 threads; the caller of a kernel is the remaining one.
    ///
    /// - Parameter threads: At least 1.
    package init(threads: Int) {
        precondition(threads >= 1, "a pool needs at least one thread")
        guard let handle = kernel_pool_create(Int32(clamping: threads)) else {
            preconditionFailure("the system has no room for \(threads) threads")
        }
        self.handle = handle
    }

    deinit { kernel_pool_destroy(handle) }

    /// Threads that work, the caller included.
    package var threadCount: Int { Int(kernel_pool_threads(handle)) }
}
