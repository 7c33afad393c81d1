/// A linear layer that an adapter can change.
public enum AdapterTarget: String, CaseIterable, Sendable, Codable, Comparable {
    /// Makes the queries of an attention layer.
    case query = "q_proj"
    /// Makes the keys of an attention layer.
    case key = "k_proj"
    /// Makes the values of an attention layer.
    case value = "v_proj"
    /// Brings an attention layer's result back to the residual stream.
    case output = "o_proj"
    /// The gate of a feed-forward layer.
    case gate = "gate_proj"
    /// The gated half of a feed-forward layer.
    case up = "up_proj"
    /// Brings a feed-forward layer's result back to the residual stream.
    case down = "down_proj"
    /// Makes the logits; once per model, not per layer. It can be trained, but hardly any other
    /// program loads an adapter on it, and with tied embeddings none does.
    case unembedding = "lm_head"

    /// The seven linear layers of a block: what is adapted unless told otherwise.
    public static let block: [AdapterTarget] = allCases.filter { $0 != .unembedding }

    /// In the order in which a forward pass meets them.
    public static func < (left: AdapterTarget, right: AdapterTarget) -> Bool {
        left.order < right.order
    }

    private var order: Int {
        switch self {
        case .query: 0
        case .key: 1
        case .value: 2
        case .output: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        case .unembedding: 7
        }
    }

    /// The module's path in a checkpoint, as in `model.layers.3.self_attn.q_proj`.
    ///
    /// - Parameter layer: From 0; ignored for the unembedding.
    public func moduleName(layer: Int) -> String {
        switch self {
        case .query, .key, .value, .output: "model.layers.\(layer).self_attn.\(rawValue)"
        case .gate, .up, .down: "model.layers.\(layer).mlp.\(rawValue)"
        case .unembedding: rawValue
        }
    }
}
