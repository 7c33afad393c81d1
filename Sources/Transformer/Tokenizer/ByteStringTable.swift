/// Byte strings numbered from 0, found by their bytes: one block of memory for all of them, so that
/// hundreds of thousands load in milliseconds.
struct ByteStringTable: Sendable {
    /// A string's place, beside its hash so that most strangers are told apart without looking.
    private struct Slot: Sendable {
        var hash: UInt32 = 0
        /// -1 where free.
        var number: Int32 = -1
        var start: UInt32 = 0
        var end: UInt32 = 0
    }

    private(set) var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    /// By hash, with linear probing; at most two thirds full.
    private var slots: [Slot]

    /// An empty table for about `count` strings of about `byteCount` bytes altogether.
    init(count: Int, byteCount: Int) {
        var size = 16
        while size * 2 < count * 3 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        ends.reserveCapacity(count)
        bytes.reserveCapacity(byteCount)
    }

    var count: Int { ends.count }

    /// The bytes of string `number`.
    subscript(number: Int) -> ArraySlice<UInt8> {
        bytes[(number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])]
    }

    /// Adds what `write` appends to the table's bytes as the next string.
    ///
    /// - Returns: Its number, or `nil` and no change if the string is there already.
    mutating func insert(_ write: (inout [UInt8]) -> Void) -> Int? {
        let start = bytes.count
        write(&bytes)
        if ends.count * 3 >= slots.count * 2 { grow() }
        let (slot, hash) = bytes.withUnsafeBufferPointer {
            let string = UnsafeBufferPointer(rebasing: $0[start...])
            let hash = Self.hash(string)
            return (find(string, hash: hash), hash)
        }
        guard slots[slot].number < 0 else {
            bytes.removeSubrange(start...)
            return nil
        }
        slots[slot] = Slot(
            hash: hash, number: Int32(ends.count), start: UInt32(start), end: UInt32(bytes.count))
        ends.append(UInt32(bytes.count))
        return ends.count - 1
    }

    /// The number of `string`.
    func number(of string: UnsafeBufferPointer<UInt8>) -> Int? {
        let number = slots[find(string, hash: Self.hash(string))].number
        return number < 0 ? nil : Int(number)
    }

    /// The number of `string`.
    func number(of string: some Collection<UInt8>) -> Int? {
        Array(string).withUnsafeBufferPointer { number(of: $0) }
    }

    /// The slot of `string`, or the free one where it belongs.
    private func find(_ string: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Int {
        slots.withUnsafeBufferPointer { slots in
            bytes.withUnsafeBufferPointer { bytes in
                var slot = Int(hash) & (slots.count - 1)
                while slots[slot].number >= 0 {
                    let entry = slots[slot]
                    if entry.hash == hash, Int(entry.end - entry.start) == string.count,
                        Self.isEqual(string, in: bytes, at: Int(entry.start))
                    {
                        break
                    }
                    slot = (slot + 1) & (slots.count - 1)
                }
                return slot
            }
        }
    }

    private static func isEqual(
        _ string: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>, at start: Int
    ) -> Bool {
        for index in 0..<string.count where bytes[start + index] != string[index] { return false }
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for entry in old where entry.number >= 0 {
            var slot = Int(entry.hash) & (slots.count - 1)
            while slots[slot].number >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = entry
        }
    }

    /// FNV-1a with the high half folded in.
    private static func hash(_ string: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in string { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }
}
