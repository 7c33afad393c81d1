/// Random numbers that are the same on every machine and in every version (Steele, Lea and Flood
/// 2014, the variant of Vigna's splitmix64.c).
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in `0..<bound`, all equally likely; `bound` is positive.
    mutating func next(below bound: Int) -> Int {
        let bound = UInt64(bound)
        // The last, incomplete stretch of 2^64 would favour small numbers.
        let limit = UInt64.max - UInt64.max % bound
        var number = next()
        while number >= limit { number = next() }
        return Int(number % bound)
    }
}

/// A seed for one purpose, at most 2^53 − 1 so that every JSON reader keeps it.
func derivedSeed(_ parts: String...) -> UInt64 {
    let digits = sha256(parts: parts).prefix(16)
    return digits.reduce(0) { $0 << 4 | UInt64($1.hexDigitValue ?? 0) } & (1 << 53 - 1)
}
