internal import CKernels

/// How the numbers of a matrix are stored, in a file or packed.
package enum NumberType: Sendable, CaseIterable {
    case float32
    case bfloat16
    case float16
    /// Whole numbers times a scale per row; packed only.
    case int8

    /// Bytes of one number.
    package var byteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16, .float16: 2
        case .int8: 1
        }
    }

    /// The name the kernels know it by.
    var kernelType: Int32 {
        switch self {
        case .float32: Int32(KERNEL_F32)
        case .bfloat16: Int32(KERNEL_BF16)
        case .float16: Int32(KERNEL_F16)
        case .int8: Int32(KERNEL_I8)
        }
    }
}
