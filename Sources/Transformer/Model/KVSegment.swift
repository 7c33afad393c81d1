/// Memory for the keys and values of some positions that follow one another, in every layer.
///
/// Keys lie in blocks of 32 positions, `[Hkv][capacity/32][Dh][32]`, so that one query meets 32 keys
/// at once; values `[Hkv][capacity][Dh rounded up to 16]`.
final class KVSegment {
    /// Positions there is room for; a multiple of 32.
    let capacity: Int
    private let memory: UnsafeMutablePointer<Float>
    private let keySize: Int
    private let layerSize: Int
    private let layerCount: Int

    /// - Parameter capacity: Rounded up to whole blocks.
    init(capacity: Int, shape: KVShape) {
        let whole = (max(capacity, 1) + 31) / 32 * 32
        self.capacity = whole
        keySize = shape.headCount * whole * shape.headSize
        layerSize = keySize + shape.headCount * whole * ((shape.headSize + 15) / 16 * 16)
        layerCount = shape.layerCount
        let count = layerCount * layerSize
        memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
            .bindMemory(to: Float.self, capacity: max(count, 1))
        // Unused positions of a block take part in products whose results are dropped.
        memory.update(repeating: 0, count: count)
    }

    deinit { memory.deallocate() }

    /// A segment of a single layer is used by every layer in turn.
    func keys(layer: Int) -> UnsafeMutablePointer<Float> {
        precondition(layer < layerCount || layerCount == 1)
        return memory + (layerCount == 1 ? 0 : layer * layerSize)
    }

    func values(layer: Int) -> UnsafeMutablePointer<Float> { keys(layer: layer) + keySize }
}

/// What the size of cached keys and values depends on.
struct KVShape: Equatable {
    var layerCount: Int
    /// Hkv.
    var headCount: Int
    var headSize: Int
}
