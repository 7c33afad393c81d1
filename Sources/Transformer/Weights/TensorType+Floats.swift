extension TensorType {
    /// Whether the decoder can compute with it.
    package var isFloat: Bool { self == .f32 || self == .bf16 || self == .f16 }

    /// Widens numbers of this type, which is F32, BF16 or F16; exact.
    ///
    /// - Parameters:
    ///   - bytes: Little-endian numbers at any alignment.
    ///   - floats: As many elements; may be uninitialized.
    func widen(_ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>) {
        precondition(isFloat && bytes.count == floats.count * byteCount)
        guard let floats = floats.baseAddress, let start = bytes.baseAddress else { return }
        let count = bytes.count / byteCount
        switch self {
        case .f32:
            UnsafeMutableRawPointer(floats).copyMemory(from: start, byteCount: bytes.count)
        case .bf16:
            for i in 0..<count {
                let bits = start.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
                (floats + i).initialize(to: Float(bitPattern: UInt32(bits) << 16))
            }
        default:
            for i in 0..<count {
                let bits = start.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
                (floats + i).initialize(to: Float(halfBits: bits))
            }
        }
    }

    /// Rounds to this type, which is F32, BF16 or F16; to nearest, ties to even.
    ///
    /// - Parameter bytes: As many numbers, at any alignment.
    func narrow(_ floats: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer) {
        precondition(isFloat && bytes.count == floats.count * byteCount)
        guard let start = bytes.baseAddress, let source = floats.baseAddress else { return }
        switch self {
        case .f32:
            start.copyMemory(from: source, byteCount: bytes.count)
        case .bf16:
            for i in 0..<floats.count {
                start.storeBytes(
                    of: floats[i].bfloat16Bits, toByteOffset: 2 * i, as: UInt16.self)
            }
        default:
            for i in 0..<floats.count {
                start.storeBytes(of: floats[i].halfBits, toByteOffset: 2 * i, as: UInt16.self)
            }
        }
    }

    /// Rounds to this type, as ``narrow(_:into:)``, and gives the bytes piece by piece.
    func withNarrowed<E: Error>(
        _ floats: [Float], _ emit: (UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        let pieceCount = 1 << 16
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceCount * byteCount, alignment: 64)
        defer { piece.deallocate() }
        for start in stride(from: 0, to: floats.count, by: pieceCount) {
            let range = start..<min(start + pieceCount, floats.count)
            let bytes = UnsafeMutableRawBufferPointer(rebasing: piece[..<(range.count * byteCount)])
            floats.withUnsafeBufferPointer {
                narrow(UnsafeBufferPointer(rebasing: $0[range]), into: bytes)
            }
            try emit(UnsafeRawBufferPointer(bytes))
        }
    }
}

extension Float {
    /// Widens half precision. `Float16` is missing on Intel Macs.
    init(halfBits bits: UInt16) {
        // Exponent and mantissa in place, the exponent's bias mended by an exact product, which
        // makes subnormals normal too.
        let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) << 13) * 0x1p112
        let special: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
        self.init(bitPattern: magnitude.bitPattern | special | UInt32(bits & 0x8000) << 16)
    }

    /// Rounded to nearest even; what is too large becomes infinite, a NaN stays one.
    var halfBits: UInt16 {
        let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
        guard !isNaN else { return sign | 0x7E00 }
        let magnitude = self.magnitude
        guard magnitude < 65520 else { return sign | 0x7C00 }
        if magnitude < 0x1p-14 {
            // Subnormal: adding 1/2 leaves the multiple of 2^-24, rounded, in the low bits.
            return sign | UInt16(truncatingIfNeeded: (magnitude + 0.5).bitPattern & 0x7FF)
        }
        let bits = magnitude.bitPattern - 112 << 23
        return sign | UInt16(truncatingIfNeeded: (bits + 0xFFF + (bits >> 13 & 1)) >> 13)
    }

    /// Rounded to nearest even; a NaN stays one.
    var bfloat16Bits: UInt16 {
        let bits = bitPattern
        let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
        return UInt16(truncatingIfNeeded: isNaN ? bits >> 16 | 0x40 : rounded)
    }
}
