/// How the numbers of a tensor are stored, by the names of the safetensors format.
public enum TensorType: String, Sendable, CaseIterable {
    /// IEEE 754 single precision.
    case f32 = "F32"
    /// The upper half of ``f32``.
    case bf16 = "BF16"
    /// IEEE 754 half precision.
    case f16 = "F16"
    /// IEEE 754 double precision.
    case f64 = "F64"
    /// A pair of ``f32``.
    case c64 = "C64"
    /// 8-bit float, four exponent bits.
    case f8E4M3 = "F8_E4M3"
    /// 8-bit float, five exponent bits.
    case f8E5M2 = "F8_E5M2"
    /// Signed integer of 64 bits.
    case i64 = "I64"
    /// Signed integer of 32 bits.
    case i32 = "I32"
    /// Signed integer of 16 bits.
    case i16 = "I16"
    /// Signed integer of 8 bits.
    case i8 = "I8"
    /// Unsigned integer of 64 bits.
    case u64 = "U64"
    /// Unsigned integer of 32 bits.
    case u32 = "U32"
    /// Unsigned integer of 16 bits.
    case u16 = "U16"
    /// Unsigned integer of 8 bits.
    case u8 = "U8"
    /// One byte, 0 or 1.
    case bool = "BOOL"

    /// Bytes of one number.
    public var byteCount: Int {
        switch self {
        case .f64, .c64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .bf16, .f16, .i16, .u16: 2
        case .f8E4M3, .f8E5M2, .i8, .u8, .bool: 1
        }
    }

    /// Bytes of a tensor of this type; nil when a size is negative or the product overflows.
    func byteCount(of shape: [Int]) -> Int? {
        var product = byteCount
        for size in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { return nil }
            product = next
        }
        return product
    }
}
