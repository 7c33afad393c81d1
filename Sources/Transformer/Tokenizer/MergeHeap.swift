/// Candidates for merging, the lowest rank first, then the leftmost; four children to a node.
struct MergeHeap {
    /// Rank in the upper half, position in the lower.
    private var entries: [UInt64] = []

    private static func entry(_ merge: MergeTable.Merge, _ position: Int) -> UInt64 {
        merge & 0xFFFF_FFFF_0000_0000 | UInt64(position)
    }

    /// Adds a candidate without keeping order; ``order()`` must follow.
    mutating func append(_ merge: MergeTable.Merge, at position: Int) {
        entries.append(Self.entry(merge, position))
    }

    /// Restores order after appending.
    mutating func order() {
        entries.withUnsafeMutableBufferPointer { entries in
            guard entries.count > 1 else { return }
            for parent in (0...(entries.count - 2) / 4).reversed() {
                Self.sink(entries[parent], from: parent, in: entries, count: entries.count)
            }
        }
    }

    /// Adds a candidate.
    mutating func push(_ merge: MergeTable.Merge, at position: Int) {
        let entry = Self.entry(merge, position)
        entries.append(entry)
        entries.withUnsafeMutableBufferPointer { entries in
            var child = entries.count - 1
            while child > 0 {
                let parent = (child - 1) / 4
                guard entry < entries[parent] else { break }
                entries[child] = entries[parent]
                child = parent
            }
            entries[child] = entry
        }
    }

    /// Takes out the first candidate.
    mutating func pop() -> (rank: UInt64, position: Int)? {
        guard let top = entries.first, let last = entries.popLast() else { return nil }
        entries.withUnsafeMutableBufferPointer { entries in
            guard !entries.isEmpty else { return }
            Self.sink(last, from: 0, in: entries, count: entries.count)
        }
        return (top >> 32, Int(top & 0xFFFF_FFFF))
    }

    private static func sink(
        _ entry: UInt64, from start: Int, in entries: UnsafeMutableBufferPointer<UInt64>, count: Int
    ) {
        var parent = start
        while 4 * parent + 1 < count {
            var least = 4 * parent + 1
            for child in (least + 1)..<max(least + 1, min(4 * parent + 5, count))
            where entries[child] < entries[least] {
                least = child
            }
            guard entries[least] < entry else { break }
            entries[parent] = entries[least]
            parent = least
        }
        entries[parent] = entry
    }
}
