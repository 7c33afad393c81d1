import Foundation

/// SHA-256 of `bytes`, hexadecimal.
func sha256(_ bytes: some Sequence<UInt8>) -> String {
    sha256Bytes(bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// SHA-256 over parts that cannot run into each other: each is preceded by its length.
func sha256(parts: [String]) -> String {
    sha256(parts.flatMap { Array("\($0.utf8.count):".utf8) + Array($0.utf8) })
}

/// SHA-256 of `bytes`: 32 bytes (FIPS 180-4).
func sha256Bytes(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var message = Array(bytes)
    let bitCount = UInt64(message.count) &* 8
    message.append(0x80)
    while message.count % 64 != 56 { message.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
        message.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
    }
    var state = SHA256Constants.initial
    var schedule = [UInt32](repeating: 0, count: 64)
    for block in stride(from: 0, to: message.count, by: 64) {
        for i in 0..<16 {
            let at = block + 4 * i
            schedule[i] =
                UInt32(message[at]) << 24 | UInt32(message[at + 1]) << 16
                | UInt32(message[at + 2]) << 8 | UInt32(message[at + 3])
        }
        for i in 16..<64 {
            let a = schedule[i - 15]
            let b = schedule[i - 2]
            let s0 = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)
            let s1 = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
            schedule[i] = schedule[i - 16] &+ s0 &+ schedule[i - 7] &+ s1
        }
        var v = state
        for i in 0..<64 {
            let s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
            let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
            let t1 = v[7] &+ s1 &+ choice &+ SHA256Constants.round[i] &+ schedule[i]
            let s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
            v = [t1 &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
        }
        for i in 0..<8 { state[i] = state[i] &+ v[i] }
    }
    return state.flatMap { word in
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
}

private func rotated(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }

private enum SHA256Constants {
    /// First 32 bits of the fractional parts of the square roots of the first eight primes.
    static let initial = primes.prefix(8).map { fraction(of: sqrt(Double($0))) }
    /// The same of the cube roots of the first 64 primes.
    static let round = primes.map { fraction(of: cbrt(Double($0))) }
    private static let primes = (2...311).filter { n in !(2..<n).contains { n % $0 == 0 } }
    private static func fraction(of root: Double) -> UInt32 {
        UInt32((root - root.rounded(.down)) * 0x1p32)
    }
}
