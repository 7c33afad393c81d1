/// The merges of a byte-pair vocabulary: which two tokens become which third, and in what order.
struct MergeTable: Sendable {
    /// What a pair becomes, its rank in the upper half so that the lower value merges first.
    typealias Merge = UInt64
    /// No merge; larger than any.
    static let none = Merge.max

    private struct Slot: Sendable {
        var pair: UInt64
        var merge: Merge
    }

    private var slots: [Slot]
    private let shift: Int

    /// An empty table for `count` merges.
    init(count: Int) {
        var bits = 4
        while 1 << bits < count + count / 2 { bits += 1 }
        slots = Array(repeating: Slot(pair: .max, merge: Self.none), count: 1 << bits)
        shift = 64 - bits
    }

    private static func pair(_ left: UInt32, _ right: UInt32) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }

    /// The slot of `pair`, or the free one where it belongs.
    private static func slot(
        of pair: UInt64, in slots: UnsafeBufferPointer<Slot>, shift: Int
    ) -> Int {
        var slot = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> UInt64(shift))
        while slots[slot].pair != pair, slots[slot].pair != .max {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    /// Adds a merge; tokens are below 2³¹.
    ///
    /// - Returns: Whether the pair was new; otherwise nothing changed.
    mutating func insert(left: UInt32, right: UInt32, rank: UInt32, result: UInt32) -> Bool {
        let pair = Self.pair(left, right)
        let slot = slots.withUnsafeBufferPointer { Self.slot(of: pair, in: $0, shift: shift) }
        guard slots[slot].pair == .max else { return false }
        slots[slot] = Slot(pair: pair, merge: UInt64(rank) << 32 | UInt64(result))
        return true
    }

    /// Merges `symbols` until nothing merges any more: always the pair of lowest rank, the leftmost
    /// of equal ones.
    func merge(_ symbols: inout [UInt32], scratch: inout Scratch) {
        guard symbols.count > 1 else { return }
        slots.withUnsafeBufferPointer { slots in
            let lookUp = { (left: UInt32, right: UInt32) -> Merge in
                slots[Self.slot(of: Self.pair(left, right), in: slots, shift: shift)].merge
            }
            if symbols.count <= 40 {
                Self.mergeShort(&symbols, scratch: &scratch, lookUp: lookUp)
            } else {
                Self.mergeLong(&symbols, scratch: &scratch, lookUp: lookUp)
            }
        }
    }

    /// Working memory kept from word to word.
    struct Scratch {
        fileprivate var merges: [Merge] = []
        fileprivate var heap: [UInt64] = []
        fileprivate var next: [Int32] = []
        fileprivate var previous: [Int32] = []
    }

    /// Looks for the best pair anew after each merge: quickest for a word.
    @inline(__always)
    private static func mergeShort(
        _ symbols: inout [UInt32], scratch: inout Scratch, lookUp: (UInt32, UInt32) -> Merge
    ) {
        var count = symbols.count
        if scratch.merges.count < count {
            scratch.merges = Array(repeating: none, count: max(64, count))
        }
        symbols.withUnsafeMutableBufferPointer { symbols in
            scratch.merges.withUnsafeMutableBufferPointer { merges in
                for index in 0..<(count - 1) {
                    merges[index] = lookUp(symbols[index], symbols[index + 1])
                }
                while true {
                    var best = none
                    var at = -1
                    for index in 0..<(count - 1) where merges[index] < best {
                        best = merges[index]
                        at = index
                    }
                    guard at >= 0 else { break }
                    symbols[at] = UInt32(truncatingIfNeeded: best)
                    count -= 1
                    for index in (at + 1)..<max(at + 1, count) {
                        symbols[index] = symbols[index + 1]
                        merges[index - 1] = merges[index]
                    }
                    if at > 0 { merges[at - 1] = lookUp(symbols[at - 1], symbols[at]) }
                    if at + 1 < count { merges[at] = lookUp(symbols[at], symbols[at + 1]) }
                }
            }
        }
        symbols.removeLast(symbols.count - count)
    }

    /// Keeps the candidates in a heap and the symbols in a list: n log n, for long words.
    private static func mergeLong(
        _ symbols: inout [UInt32], scratch: inout Scratch, lookUp: (UInt32, UInt32) -> Merge
    ) {
        let count = symbols.count
        var merges = Array(repeating: none, count: count)
        scratch.heap.removeAll(keepingCapacity: true)
        scratch.next = (0..<Int32(count)).map { $0 + 1 }
        scratch.previous = (0..<Int32(count)).map { $0 - 1 }
        // A heap entry is rank and position; it is stale when that pair's merge has changed since.
        for index in 0..<(count - 1) {
            merges[index] = lookUp(symbols[index], symbols[index + 1])
            if merges[index] != none { scratch.push(merges[index], at: index) }
        }
        while let (rank, at) = scratch.pop() {
            guard merges[at] != none, merges[at] >> 32 == rank else { continue }
            symbols[at] = UInt32(truncatingIfNeeded: merges[at])
            let gone = Int(scratch.next[at])
            let after = Int(scratch.next[gone])
            merges[gone] = none
            scratch.next[at] = Int32(after)
            scratch.next[gone] = -1
            if after < count {
                scratch.previous[after] = Int32(at)
                merges[at] = lookUp(symbols[at], symbols[after])
                if merges[at] != none { scratch.push(merges[at], at: at) }
            } else {
                merges[at] = none
            }
            let before = Int(scratch.previous[at])
            if before >= 0 {
                merges[before] = lookUp(symbols[before], symbols[at])
                if merges[before] != none { scratch.push(merges[before], at: before) }
            }
        }
        var kept = 0
        var index = 0
        while index < count {
            symbols[kept] = symbols[index]
            kept += 1
            index = Int(scratch.next[index])
        }
        symbols.removeLast(count - kept)
    }
}

extension MergeTable.Scratch {
    fileprivate mutating func push(_ merge: MergeTable.Merge, at position: Int) {
        heap.append(merge & 0xFFFF_FFFF_0000_0000 | UInt64(position))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    fileprivate mutating func pop() -> (rank: UInt64, position: Int)? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < heap.count && heap[child] < heap[least] {
                    least = child
                }
                guard least != parent else { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (top >> 32, Int(top & 0xFFFF_FFFF))
    }
}
