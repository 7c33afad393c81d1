/// The keys and values of one sequence, so that each of its tokens is computed once.
///
/// Made by ``Decoder/makeCache()``. Passing it with tokens to the decoder appends them. ``fork()``
/// gives a second sequence that begins the same: both share the memory of what is there and go on
/// by themselves, so a prompt is computed once for all that follow it. A token's numbers are the
/// same, bit for bit, with or without a cache and however it was filled.
///
/// It belongs to the adapter and strength it was filled with; mixing them is the caller's mistake.
/// Not synchronised.
package final class KVCache {
    /// Positions present.
    package private(set) var count = 0
    /// In the order of positions; of each segment the first `count` positions belong here.
    private(set) var parts: [(segment: KVSegment, count: Int)] = []
    private let shape: KVShape
    /// Whether the room left in the last segment is this cache's.
    private var ownsEnd = false

    init(shape: KVShape) { self.shape = shape }

    /// A cache that begins with all of this one's positions.
    package func fork() -> KVCache {
        let other = KVCache(shape: shape)
        other.count = count
        other.parts = parts
        return other
    }

    /// Drops the positions from `count` on.
    package func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        while let last = parts.last, self.count - last.count >= count {
            self.count -= last.count
            parts.removeLast()
            ownsEnd = false
        }
        if let last = parts.indices.last {
            parts[last].count -= self.count - count
        }
        // What lies behind may be shared with a fork, so the next token gets memory of its own.
        ownsEnd = false
        self.count = count
    }

    /// Makes room for `newCount` more positions and counts them.
    func extend(by newCount: Int) {
        var rest = newCount
        if ownsEnd, let last = parts.indices.last {
            let here = min(rest, parts[last].segment.capacity - parts[last].count)
            parts[last].count += here
            rest -= here
        }
        if rest > 0 {
            parts.append((KVSegment(capacity: max(rest, 64), shape: shape), rest))
            ownsEnd = true
        }
        count += newCount
    }

    func fits(_ shape: KVShape) -> Bool { shape == self.shape }
}
