/// The weights of one block, packed; products that share their input are one matrix.
struct DecoderLayer {
    let inputNorm: Matrix
    /// q, k and v below one another: `[(H + 2·Hkv)·Dh, D]`.
    let attentionInput: PackedMatrix
    let attentionInputBias: Matrix?
    /// `[1, Dh]`.
    let queryNorm: Matrix?
    let keyNorm: Matrix?
    /// `[D, H·Dh]`.
    let attentionOutput: PackedMatrix
    let attentionOutputBias: Matrix?
    let feedForwardNorm: Matrix
    /// gate above up: `[2F, D]`.
    let feedForwardInput: PackedMatrix
    /// `[D, F]`.
    let feedForwardOutput: PackedMatrix

    init(_ index: Int, _ configuration: ModelConfiguration, _ loader: WeightLoader) throws {
        let prefix = "model.layers.\(index)."
        func names(_ targets: [AdapterTarget], _ suffix: String) -> [String] {
            targets.map { $0.moduleName(layer: index) + suffix }
        }
        inputNorm = try loader.vector([prefix + "input_layernorm.weight"])
        attentionInput = try loader.matrix(names([.query, .key, .value], ".weight"))
        attentionInputBias =
            configuration.attentionBias
            ? try loader.vector(names([.query, .key, .value], ".bias")) : nil
        queryNorm =
            configuration.qkNorm ? try loader.vector([prefix + "self_attn.q_norm.weight"]) : nil
        keyNorm =
            configuration.qkNorm ? try loader.vector([prefix + "self_attn.k_norm.weight"]) : nil
        attentionOutput = try loader.matrix(names([.output], ".weight"))
        attentionOutputBias =
            configuration.attentionOutputBias ? try loader.vector(names([.output], ".bias")) : nil
        feedForwardNorm = try loader.vector([prefix + "post_attention_layernorm.weight"])
        feedForwardInput = try loader.matrix(names([.gate, .up], ".weight"))
        feedForwardOutput = try loader.matrix(names([.down], ".weight"))
    }
}
