import Foundation

/// A tensor of an open safetensors file: what the header says about it, and its bytes.
///
/// Keeps the file open as long as it lives.
public struct Tensor: Sendable {
    /// The name in the file.
    public let name: String
    /// How its numbers are stored.
    public let dtype: TensorType
    /// Sizes, slowest first; empty for a scalar. None is negative and the product fits an `Int`.
    public let shape: [Int]
    let range: Range<Int>
    let file: FileBytes

    /// The file it lies in.
    public var path: String { file.path }

    /// Number of elements.
    public var count: Int { range.count / dtype.byteCount }

    /// Row-major little-endian numbers, at any alignment. Valid as long as this tensor or the
    /// file it is from; prefer ``withUnsafeBytes(_:)``.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

    /// Calls `body` with ``bytes``.
    public func withUnsafeBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        defer { withExtendedLifetime(file) {} }
        return try body(bytes)
    }

    /// All numbers widened to single precision.
    ///
    /// - Throws: ``SafetensorsError/wrongType(path:tensor:found:expected:)`` unless stored as F32,
    ///   F16 or BF16.
    public func floats() throws(SafetensorsError) -> [Float] {
        guard dtype.isFloat else { throw wrongType(expected: "F32, F16 or BF16") }
        return withUnsafeBytes { bytes in
            [Float](unsafeUninitializedCapacity: count) { floats, initialized in
                dtype.widen(bytes, into: floats)
                initialized = count
            }
        }
    }

    /// All numbers as 32-bit integers.
    ///
    /// - Throws: ``SafetensorsError/wrongType(path:tensor:found:expected:)`` unless stored as I32
    ///   or I64 within the range of 32 bits.
    public func integers() throws(SafetensorsError) -> [Int32] {
        switch dtype {
        case .i32:
            return withUnsafeBytes { bytes in
                (0..<count).map {
                    Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
                }
            }
        case .i64:
            let wide = withUnsafeBytes { bytes in
                (0..<count).map {
                    Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
                }
            }
            let narrow = wide.compactMap { Int32(exactly: $0) }
            guard narrow.count == wide.count else {
                throw wrongType(expected: "numbers of 32 bits")
            }
            return narrow
        default:
            throw wrongType(expected: "I32 or I64")
        }
    }

    func hasSameBytes(as other: Tensor) -> Bool {
        withUnsafeBytes { bytes in
            other.withUnsafeBytes { otherBytes in
                guard bytes.count == otherBytes.count else { return false }
                guard let start = bytes.baseAddress, let otherStart = otherBytes.baseAddress else {
                    return true
                }
                return memcmp(start, otherStart, bytes.count) == 0
            }
        }
    }

    private func wrongType(expected: String) -> SafetensorsError {
        .wrongType(path: path, tensor: name, found: dtype.rawValue, expected: expected)
    }
}
