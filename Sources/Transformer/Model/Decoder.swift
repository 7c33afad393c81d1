/// A decoder-only transformer of one of the four families: tokens in, final hidden states out, and
/// from those logits, chunk by chunk.
///
/// ```swift
/// let decoder = try Decoder(ModelFiles(path: path), precision: .bfloat16, pool: pool)
/// let cache = decoder.makeCache()
/// _ = try decoder.hidden([DecoderInput(prompt, cache: cache, wanted: 0..<0)])
/// let one = cache.fork(), other = cache.fork()     // both begin with the prompt
/// let rows = try decoder.hidden([
///     DecoderInput(query, cache: one),              // wanted: the last token alone
///     DecoderInput(context + response, wanted: context.count - 1..<context.count + m - 1),
/// ])
/// let logits = decoder.logits(rows)
/// ```
///
/// A token's numbers follow from its own sequence alone, bit for bit: whatever else is in the
/// batch, however the sequence was cut or cached, and on any number of threads.
///
/// Weights are packed once, as ``WeightPrecision`` says. Residual stream, norms, softmax and sums are float32. Not synchronised: one owner,
/// one call at a time. Each long call runs `check` once per layer and passes on what it throws;
/// meanwhile `check` may use the decoder for something else, such as a step of a chat.
package final class Decoder {
    package let configuration: ModelConfiguration
    package let pool: ThreadPool
    package let precision: WeightPrecision
    private(set) var layers: [DecoderLayer]
    private(set) var finalNorm: Matrix
    package private(set) var unembedding: PackedMatrix
    private(set) var embedding: StoredWeight
    let rotary: RotaryTable
    package let compute: Compute
    /// nil while a pass uses it.
    private var scratch: Activations?

    /// Packs all weights.
    ///
    /// - Parameters:
    ///   - weight: A tensor of a checkpoint by its name, with the shape the configuration gives.
    ///     The embedding's is kept and read row by row.
    /// - Throws: What `weight` throws.
    package init(
        _ configuration: ModelConfiguration, precision: WeightPrecision, pool: ThreadPool,
        weight: @escaping (String) throws -> StoredWeight
    ) throws {
        self.configuration = configuration
        self.pool = pool
        self.precision = precision
        compute = Compute(pool: pool, roundInput: precision != .stored)
        rotary = RotaryTable(configuration)
        scratch = Activations(configuration, keeping: .nothing)
        let loader = WeightLoader(weight: weight, precision: precision, pool: pool)
        layers = try (0..<configuration.layerCount).map {
            try DecoderLayer($0, configuration, loader)
        }
        finalNorm = try loader.vector(["model.norm.weight"])
        embedding = try weight("model.embed_tokens.weight")
        unembedding = try loader.matrix([
            configuration.tied ? "model.embed_tokens.weight" : "lm_head.weight"
        ])
    }

    /// Packs the weights of a checkpoint, which stays open: the embedding is read from it.
    package convenience init(
        _ files: ModelFiles, precision: WeightPrecision, pool: ThreadPool
    ) throws {
        try self.init(files.configuration, precision: precision, pool: pool) {
            try StoredWeight(files.tensor($0))
        }
    }

    /// Packs other weights in the place of the present ones; as for the initializer.
    func replaceWeights(_ weight: @escaping (String) throws -> StoredWeight) throws {
        let other = try Decoder(
            configuration, precision: precision, pool: pool, weight: weight)
        layers = other.layers
        finalNorm = other.finalNorm
        embedding = other.embedding
        unembedding = other.unembedding
    }

    /// Rows of logits that are computed at a time, never all of a batch.
    package static let chunkRowCount = 128

    /// An empty cache for one sequence.
    package func makeCache() -> KVCache { KVCache(shape: cacheShape) }

    /// Bytes that a cached position takes.
    package var cachedByteCount: Int {
        let shape = cacheShape
        let floatCount = shape.headSize + (shape.headSize + 15) / 16 * 16
        return shape.layerCount * shape.headCount * floatCount * 4
    }

    /// Bytes of packed weights, all of which a pass reads.
    package var weightByteCount: Int {
        layers.reduce(unembedding.byteCount) { sum, layer in
            sum + layer.attentionInput.byteCount + layer.attentionOutput.byteCount
                + layer.feedForwardInput.byteCount + layer.feedForwardOutput.byteCount
        }
    }

    /// Bytes that a token takes between the forward and the backward pass of a step, about.
    package var savedByteCount: Int {
        let c = configuration
        let heads = 2 * c.querySize + 3 * c.keyValueSize + (c.qkNorm ? c.querySize : 0)
        return 4 * c.layerCount * (4 * c.hiddenSize + heads + 3 * c.feedForwardSize)
    }

    /// The same where layers are run again.
    package var keptByteCount: Int {
        4 * configuration.layerCount * configuration.hiddenSize
            + savedByteCount / configuration.layerCount
    }

    /// Tokens that a step takes through the model together: so many that products are at full speed,
    /// and no more than half of the memory holds; at least 1.
    package func partTokenCount(memoryByteCount: Int) -> Int {
        let enough = max(512, (1 << 28) / savedByteCount)
        return max(1, min(enough, memoryByteCount / 2 / savedByteCount))
    }

    /// Buffers of a forward pass that a backward follows; used again from step to step.
    package func makeActivations(keeping kept: Activations.Kept = .everything) -> Activations {
        Activations(configuration, keeping: kept)
    }

    /// The final hidden states, after the last norm, of the wanted tokens: `[W, D]`, sequence after
    /// sequence.
    ///
    /// Caches grow by the tokens; when this throws they are as before.
    ///
    /// - Throws: ``DecoderError``, or what `check` throws.
    package func hidden(
        _ inputs: [DecoderInput], adapter: AppliedAdapter? = nil,
        check: () throws -> Void = {}
    ) throws -> Matrix {
        // A check may use the decoder itself, as a chat does in the middle of an evaluation.
        let activations = scratch ?? Activations(configuration, keeping: .nothing)
        scratch = nil
        defer { scratch = activations }
        return try forward(inputs, adapter: adapter, saving: activations, check: check)
    }

    /// Caches that hold these tokens, each after a fork of `cache`: what many sequences begin with.
    ///
    /// - Throws: As ``hidden(_:adapter:check:)``.
    package func prefill(
        _ sequences: [[TokenID]], after cache: KVCache? = nil, adapter: AppliedAdapter? = nil,
        check: () throws -> Void = {}
    ) throws -> [KVCache] {
        let inputs = sequences.map {
            DecoderInput($0, cache: cache?.fork() ?? makeCache(), wanted: 0..<0)
        }
        _ = try hidden(inputs, adapter: adapter, check: check)
        return inputs.compactMap(\.cache)
    }

    /// Logits `[W, V]` of final hidden states. Ask for some hundred rows at a time.
    package func logits(
        _ hidden: Matrix, rows: Range<Int>? = nil, adapter: AppliedAdapter? = nil
    ) -> Matrix {
        let range = rows ?? 0..<hidden.rowCount
        let logits = Matrix(rowCount: 0, columnCount: configuration.vocabularySize)
        unembed(hidden.rows.rows(range), into: logits, hidden: nil, adapter: adapter)
        return logits
    }

    /// As ``logits(_:rows:adapter:)``, into a matrix to use again.
    package func unembed(_ x: Rows, into logits: Matrix, hidden: Matrix?, adapter: AppliedAdapter?)
    {
        logits.resize(rowCount: x.count)
        unembedding.multiply(x, into: logits.rows, compute)
        if let adapter, let branch = adapter.adapter.unembedding {
            let matrix = hidden ?? Matrix(rowCount: 0, columnCount: branch.hiddenCount)
            branch.forward(
                x, hidden: matrix, into: logits.rows, factor: adapter.factor, compute)
        }
    }

    var cacheShape: KVShape {
        KVShape(
            layerCount: configuration.layerCount, headCount: configuration.keyValueHeadCount,
            headSize: configuration.headSize)
    }
}
