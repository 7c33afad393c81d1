/// Weights of a model that has learnt nothing, for measuring how fast one of its form is.
///
/// ```swift
/// let weights = RandomWeights(configuration, seed: 0)
/// let decoder = try Decoder(
///     configuration, precision: .bfloat16, pool: pool, weight: weights.weight)
/// ```
package struct RandomWeights {
    private let configuration: ModelConfiguration
    private let seed: UInt64

    package init(_ configuration: ModelConfiguration, seed: UInt64) {
        self.configuration = configuration
        self.seed = seed
    }

    /// bfloat16 numbers, made anew and the same each time: 1 in norms, elsewhere uniform with the
    /// standard deviation 0.02 of models before their training.
    ///
    /// - Parameter name: One of ``ModelConfiguration/tensorShapes``.
    package func weight(_ name: String) -> StoredWeight {
        let shapes = configuration.tensorShapes
        guard let index = shapes.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("the configuration has no tensor \(name)")
        }
        let shape = shapes[index].shape
        let memory = Memory(count: shape.reduce(1, *))
        if shape.count == 1 {
            memory.bits.update(repeating: Self.bits(1))
        } else {
            var generator = SeededGenerator(seed: seed &+ UInt64(index))
            var random: UInt64 = 0
            let scale = Float(0.02 * 3.0.squareRoot() / 32768)
            for place in memory.bits.indices {
                random = place % 4 == 0 ? generator.next() : random >> 16
                memory.bits[place] = Self.bits(Float(Int16(truncatingIfNeeded: random)) * scale)
            }
        }
        return StoredWeight(
            UnsafeRawPointer(memory.start), .bfloat16,
            rowCount: shape.dropLast().reduce(1, *), columnCount: shape[shape.count - 1],
            owner: memory)
    }

    /// The upper half of a float32.
    private static func bits(_ number: Float) -> UInt16 {
        UInt16(number.bitPattern >> 16)
    }

    private final class Memory {
        let start: UnsafeMutablePointer<UInt16>
        let bits: UnsafeMutableBufferPointer<UInt16>

        init(count: Int) {
            start = .allocate(capacity: count)
            bits = UnsafeMutableBufferPointer(start: start, count: count)
            bits.initialize(repeating: 0)
        }

        deinit { start.deallocate() }
    }
}

extension ModelConfiguration {
    /// A Qwen 3 with tied embeddings, of any sizes.
    package static func qwen3(
        vocabularySize: Int, hiddenSize: Int, feedForwardSize: Int, layerCount: Int,
        headCount: Int, keyValueHeadCount: Int, headSize: Int, maximumPositionCount: Int
    ) -> ModelConfiguration {
        ModelConfiguration(
            family: .qwen3, vocabularySize: vocabularySize, hiddenSize: hiddenSize,
            feedForwardSize: feedForwardSize, layerCount: layerCount, headCount: headCount,
            keyValueHeadCount: keyValueHeadCount, headSize: headSize,
            maximumPositionCount: maximumPositionCount, normEpsilon: 1e-6, ropeTheta: 1e6,
            ropeScaling: nil, tied: true, attentionBias: false, attentionOutputBias: false,
            qkNorm: true, endTokens: [])
    }
}
