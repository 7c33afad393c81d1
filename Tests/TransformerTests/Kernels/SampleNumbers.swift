/// Seeded numbers for kernels' tests, and their roundings in plain Swift.
struct SampleNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Uniform in −1..<1 (SplitMix64).
    mutating func next() -> Float {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        bits ^= bits >> 31
        return Float(Int64(bitPattern: bits) >> 40) / Float(1 << 23)
    }

    mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }

    /// The nearest bfloat16, ties to even; not for NaN.
    static func bfloat16(_ number: Float) -> UInt16 {
        let bits = number.bitPattern
        return UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16 & 1)) >> 16)
    }

    static func widened(_ bfloat16: UInt16) -> Float { Float(bitPattern: UInt32(bfloat16) << 16) }

    static func rounded(_ number: Float) -> Float { widened(bfloat16(number)) }

    /// Rows of whole numbers up to 127 times a row's scale.
    static func inBytes(_ numbers: [Float], columns: Int) -> [Float] {
        stride(from: 0, to: numbers.count, by: columns).flatMap { start in
            let row = numbers[start..<start + columns]
            let scale = row.reduce(0) { max($0, abs($1)) } / 127
            let factor = scale > 0 ? 1 / scale : 0
            return row.map { number in
                let whole = min(max(number * factor, -127), 127)
                return Float(Int(whole + (whole < 0 ? -0.5 : 0.5))) * scale
            }
        }
    }
}
