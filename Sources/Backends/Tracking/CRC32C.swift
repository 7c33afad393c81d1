/// The check sum of TensorBoard's records: CRC-32C (Castagnoli), reflected, begun and ended with all
/// bits set.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in
            sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1
        }
    }

    static func sum(of bytes: some Sequence<UInt8>) -> UInt32 {
        let table = table
        return ~bytes.reduce(UInt32.max) { sum, byte in
            table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
        }
    }

    /// As it is stored: a sum over data that contains sums would be weak.
    static func masked(of bytes: some Sequence<UInt8>) -> UInt32 {
        let sum = sum(of: bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
