/// The architecture and sizes of a model: what `config.json` of a checkpoint says.
///
/// A value read from a file is consistent: every size is positive, fits 32 bits and agrees with
/// the others.
public struct ModelConfiguration: Hashable, Sendable {
    /// The architectures that the decoder knows, by their `model_type`.
    public enum Family: String, Sendable, CaseIterable {
        /// Qwen 3, dense.
        case qwen3
        /// Qwen 2 and 2.5, dense.
        case qwen2
        /// Llama 1 to 3 and what shares their form.
        case llama
        /// Mistral, dense.
        case mistral
    }

    /// Slows down rotary angles so that positions beyond the original training length work:
    /// the scaling `llama3`.
    public struct RopeScaling: Hashable, Sendable {
        /// What frequencies of long wavelength are divided by; at least 1.
        public var factor: Double
        /// Wavelengths above the original length over this are scaled in full.
        public var lowFrequencyFactor: Double
        /// Wavelengths below the original length over this are left alone; above the low factor.
        public var highFrequencyFactor: Double
        /// Positions that the model was trained on before.
        public var originalPositionCount: Int

        /// A scaling from its four parameters.
        public init(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
            originalPositionCount: Int
        ) {
            self.factor = factor
            self.lowFrequencyFactor = lowFrequencyFactor
            self.highFrequencyFactor = highFrequencyFactor
            self.originalPositionCount = originalPositionCount
        }
    }

    /// Which architecture.
    public var family: Family
    /// V: rows of the embedding; at least the number of tokens.
    public var vocabularySize: Int
    /// D: width of the residual stream.
    public var hiddenSize: Int
    /// F: width inside the feed-forward layers.
    public var feedForwardSize: Int
    /// L: number of blocks.
    public var layerCount: Int
    /// H: heads of queries.
    public var headCount: Int
    /// Hkv: heads of keys and values; divides ``headCount``.
    public var keyValueHeadCount: Int
    /// Dh: width of a head; even. Need not be D / H.
    public var headSize: Int
    /// The longest sequence that the model is meant for.
    public var maximumPositionCount: Int
    /// Added to the mean square in every RMSNorm.
    public var normEpsilon: Double
    /// Base of the rotary angles.
    public var ropeTheta: Double
    /// nil for plain rotary angles.
    public var ropeScaling: RopeScaling?
    /// Whether the embedding serves as unembedding; then the files hold no `lm_head.weight`.
    public var tied: Bool
    /// Whether queries, keys and values have a bias.
    public var attentionBias: Bool
    /// Whether the projection after the heads has a bias.
    public var attentionOutputBias: Bool
    /// Whether each head's query and key are normalised before the rotation.
    public var qkNorm: Bool
    /// Tokens that end a reply according to `config.json`; `generation_config.json` may say more.
    public var endTokens: [TokenID]

    /// H·Dh: rows of the query projection.
    public var querySize: Int { headCount * headSize }
    /// Hkv·Dh: rows of the key and of the value projection.
    public var keyValueSize: Int { keyValueHeadCount * headSize }

    /// Shape [out, in] of the weight of one of the linear layers.
    public func shape(of target: AdapterTarget) -> [Int] {
        switch target {
        case .query: [querySize, hiddenSize]
        case .key, .value: [keyValueSize, hiddenSize]
        case .output: [hiddenSize, querySize]
        case .gate, .up: [feedForwardSize, hiddenSize]
        case .down: [hiddenSize, feedForwardSize]
        case .unembedding: [vocabularySize, hiddenSize]
        }
    }

    /// Every tensor of a checkpoint of this form, with its shape; from the embedding to the
    /// unembedding, which is missing when tied.
    public var tensorShapes: [(name: String, shape: [Int])] {
        var shapes = [("model.embed_tokens.weight", [vocabularySize, hiddenSize])]
        for layer in 0..<layerCount {
            let prefix = "model.layers.\(layer)."
            shapes.append((prefix + "input_layernorm.weight", [hiddenSize]))
            for target in AdapterTarget.block {
                let name = target.moduleName(layer: layer)
                shapes.append((name + ".weight", shape(of: target)))
                let biased =
                    switch target {
                    case .query, .key, .value: attentionBias
                    case .output: attentionOutputBias
                    default: false
                    }
                if biased { shapes.append((name + ".bias", [shape(of: target)[0]])) }
            }
            if qkNorm {
                shapes.append((prefix + "self_attn.q_norm.weight", [headSize]))
                shapes.append((prefix + "self_attn.k_norm.weight", [headSize]))
            }
            shapes.append((prefix + "post_attention_layernorm.weight", [hiddenSize]))
        }
        shapes.append(("model.norm.weight", [hiddenSize]))
        if !tied { shapes.append(("lm_head.weight", [vocabularySize, hiddenSize])) }
        return shapes
    }
}
