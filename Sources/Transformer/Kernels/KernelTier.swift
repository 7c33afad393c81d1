internal import CKernels
internal import Foundation

/// A set of instructions that the kernels are compiled for.
package struct KernelTier: Hashable, Sendable, CustomStringConvertible {
    let index: Int32

    /// All that this architecture has kernels for, fastest first.
    package static let all = (0..<kernel_tier_count()).map(KernelTier.init)

    /// Those that this machine can run.
    package static var available: [KernelTier] { all.filter(\.isAvailable) }

    /// The fastest that this machine can run.
    package static var best: KernelTier { KernelTier(index: kernel_tier_best()) }

    /// The one that the variable `OVEN_KERNELS` names, or the best when it names none that this
    /// machine can run.
    package static func requested(
        in environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> KernelTier {
        available.first { $0.description == environment["OVEN_KERNELS"] } ?? best
    }

    /// Whether this machine has the instructions.
    package var isAvailable: Bool { kernel_tier_available(index) != 0 }

    /// `avx512bf16`, `avx512`, `avx2` on x86-64, `neon-bf16`, `neon` on arm64; on both `portable`,
    /// and for tests `emulated-bf16`.
    package var description: String { String(cString: kernel_tier_name(index)) }
}
