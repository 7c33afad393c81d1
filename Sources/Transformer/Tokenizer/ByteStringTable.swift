/// Byte strings numbered from 0, found by their bytes: one block of memory for all of them, so that
/// hundreds of thousands load in milliseconds.
struct ByteStringTable: Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    /// String numbers at their hash, -1 where free; linear probing, at most half full.
    private var slots: [Int32]

    /// An empty table for about `count` strings of about `byteCount` bytes altogether.
    init(count: Int, byteCount: Int) {
        var size = 16
        while size < count * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        ends.reserveCapacity(count)
        bytes.reserveCapacity(byteCount)
    }

    var count: Int { ends.count }

    /// The bytes of string `number`.
    subscript(number: Int) -> ArraySlice<UInt8> { bytes[range(number)] }

    private func range(_ number: Int) -> Range<Int> {
        (number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])
    }

    /// Adds what `write` appends to the table's bytes as the next string.
    ///
    /// - Returns: Its number, or `nil` and no change if the string is there already.
    mutating func insert(_ write: (inout [UInt8]) -> Void) -> Int? {
        let start = bytes.count
        write(&bytes)
        let isKnown = bytes.withUnsafeBufferPointer {
            self.number(of: UnsafeBufferPointer(rebasing: $0[start...])) != nil
        }
        if isKnown {
            bytes.removeSubrange(start...)
            return nil
        }
        ends.append(UInt32(bytes.count))
        if ends.count * 2 > slots.count { grow() } else { place(ends.count - 1) }
        return ends.count - 1
    }

    /// The number of `string`.
    func number(of string: UnsafeBufferPointer<UInt8>) -> Int? {
        var slot = Self.hash(string) & (slots.count - 1)
        while slots[slot] >= 0 {
            let number = Int(slots[slot])
            let range = self.range(number)
            if range.count == string.count,
                bytes.withUnsafeBufferPointer({ $0[range].elementsEqual(string) })
            {
                return number
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of `string`.
    func number(of string: some Collection<UInt8>) -> Int? {
        Array(string).withUnsafeBufferPointer { number(of: $0) }
    }

    private mutating func place(_ number: Int) {
        let hash = bytes.withUnsafeBufferPointer {
            Self.hash(UnsafeBufferPointer(rebasing: $0[range(number)]))
        }
        var slot = hash & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(number)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for number in 0..<ends.count { place(number) }
    }

    /// FNV-1a with the high bits folded in.
    private static func hash(_ string: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in string { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & 0x7FFF_FFFF)
    }
}
