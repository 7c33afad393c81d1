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
        let count = symbols.count
        let kept = slots.withUnsafeBufferPointer { slots in
            symbols.withUnsafeMutableBufferPointer { symbols in
                let lookUp = { (left: UInt32, right: UInt32) -> Merge in
                    slots[Self.slot(of: Self.pair(left, right), in: slots, shift: shift)].merge
                }
                return count <= Self.shortLimit
                    ? Self.mergeShort(symbols, scratch: &scratch, lookUp: lookUp)
                    : Self.mergeLong(symbols, scratch: &scratch, lookUp: lookUp)
            }
        }
        symbols.removeLast(count - kept)
    }

    /// Up to here looking through all pairs after each merge is quicker than keeping order.
    private static let shortLimit = 96

    /// Working memory kept from word to word.
    struct Scratch {
        fileprivate var merges = Array(repeating: MergeTable.none, count: MergeTable.shortLimit)
        fileprivate var links: [Link] = []
        fileprivate var heap = MergeHeap()
    }

    /// A symbol's merge with the next, and where its neighbours are.
    fileprivate struct Link {
        var merge: Merge
        var next: Int32
        var previous: Int32
    }

    /// Looks for the best pair anew after each merge.
    ///
    /// - Returns: How many symbols are left.
    @inline(__always)
    private static func mergeShort(
        _ symbols: UnsafeMutableBufferPointer<UInt32>, scratch: inout Scratch,
        lookUp: (UInt32, UInt32) -> Merge
    ) -> Int {
        var count = symbols.count
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
        return count
    }

    /// Keeps the candidates in a heap and the symbols in a list: n log n.
    ///
    /// - Returns: How many symbols are left.
    private static func mergeLong(
        _ symbols: UnsafeMutableBufferPointer<UInt32>, scratch: inout Scratch,
        lookUp: (UInt32, UInt32) -> Merge
    ) -> Int {
        let count = symbols.count
        scratch.links.removeAll(keepingCapacity: true)
        for index in 0..<count {
            let merge = index + 1 < count ? lookUp(symbols[index], symbols[index + 1]) : none
            scratch.links.append(
                Link(merge: merge, next: Int32(index + 1), previous: Int32(index - 1)))
            if merge != none { scratch.heap.append(merge, at: index) }
        }
        scratch.heap.order()
        return scratch.links.withUnsafeMutableBufferPointer { links in
            while let (rank, at) = scratch.heap.pop() {
                // A candidate is stale when the merge at its place has changed since.
                guard links[at].merge != none, links[at].merge >> 32 == rank else { continue }
                symbols[at] = UInt32(truncatingIfNeeded: links[at].merge)
                let gone = Int(links[at].next)
                let after = Int(links[gone].next)
                links[gone].merge = none
                links[at].next = Int32(after)
                links[at].merge = none
                if after < count {
                    links[after].previous = Int32(at)
                    links[at].merge = lookUp(symbols[at], symbols[after])
                    if links[at].merge != none { scratch.heap.push(links[at].merge, at: at) }
                }
                let before = Int(links[at].previous)
                if before >= 0 {
                    links[before].merge = lookUp(symbols[before], symbols[at])
                    if links[before].merge != none {
                        scratch.heap.push(links[before].merge, at: before)
                    }
                }
            }
            var kept = 0
            var index = 0
            while index < count {
                symbols[kept] = symbols[index]
                kept += 1
                index = Int(links[index].next)
            }
            return kept
        }
    }
}
