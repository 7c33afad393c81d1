/// FNV-1a: the same in every process, as `Hasher` is not.
struct StableHash {
    private(set) var value: UInt64

    init(_ seed: UInt64) { value = 0xCBF2_9CE4_8422_2325 ^ seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func combine(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        value ^= value >> 29
    }
}
