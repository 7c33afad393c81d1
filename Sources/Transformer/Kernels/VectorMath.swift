internal import CKernels

/// The elementary functions that the kernels use, one number at a time.
package enum VectorMath {
    /// e to the `x`, at most 1.02 ulp off; 0 where the result would be subnormal.
    package static func exp(_ x: Float) -> Float { oven_expf(x) }
}
