import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct ModelConfigurationTests {
    static let minimal: JSONTree = [
        "model_type": "qwen2", "vocab_size": 512, "hidden_size": 64, "intermediate_size": 160,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    ]

    static func read(
        _ changes: [String: JSONTree], from base: JSONTree = minimal
    ) throws(ModelConfigurationError) -> ModelConfiguration {
        var tree = base
        for (key, value) in changes { tree.set(key, to: value) }
        return try ModelConfiguration(tree, path: "config.json")
    }

    @Test func `absent values are those of transformers`() throws {
        let qwen2 = try Self.read([:])
        #expect(qwen2.headSize == 16 && qwen2.maximumPositionCount == 32_768)
        #expect(qwen2.attentionBias && !qwen2.attentionOutputBias && !qwen2.qkNorm && !qwen2.tied)
        #expect(qwen2.ropeTheta == 10_000 && qwen2.ropeScaling == nil)
        #expect(qwen2.normEpsilon == 1e-6 && qwen2.endTokens.isEmpty)
        let qwen3 = try Self.read(["model_type": "qwen3"])
        #expect(qwen3.headSize == 128 && qwen3.qkNorm && !qwen3.attentionBias)
        let llama = try Self.read(["model_type": "llama", "num_key_value_heads": nil])
        #expect(llama.keyValueHeadCount == 4 && llama.maximumPositionCount == 2048)
        #expect(!llama.attentionBias)
    }

    @Test func `only Llama and Qwen 3 can be told to have biases, and then on all four`() throws {
        for type in ["llama", "qwen3"] {
            let model = try Self.read([
                "model_type": .string(type), "attention_bias": true, "head_dim": 16,
            ])
            #expect(model.attentionBias && model.attentionOutputBias)
        }
        let mistral = try Self.read([
            "model_type": "mistral", "attention_bias": true, "sliding_window": nil,
        ])
        #expect(!mistral.attentionBias && !mistral.attentionOutputBias)
    }

    @Test func `both spellings of the rotary settings mean the same`() throws {
        let scaling: JSONTree = [
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        ]
        var parameters = scaling
        parameters.set("rope_theta", to: 500_000)
        let old = try Self.read(["rope_theta": 500_000.0, "rope_scaling": scaling])
        let new = try Self.read(["rope_parameters": parameters])
        #expect(old == new && old.ropeTheta == 500_000)
        #expect(old.ropeScaling?.originalPositionCount == 8192)
        #expect(throws: ModelConfigurationError.self) {
            try Self.read(["rope_theta": 10_000, "rope_parameters": parameters])
        }
    }

    @Test(
        arguments: [
            (["model_type": "gpt2"], "model_type gpt2 is not supported"),
            (["hidden_act": "gelu"], "hidden_act gelu is not supported"),
            (["rope_scaling": ["type": "linear", "factor": 2.0]], "rope type linear"),
            (["rope_scaling": ["rope_type": "yarn", "factor": 2.0]], "rope type yarn"),
            (["rope_parameters": ["rope_type": "dynamic"]], "rope type dynamic"),
            (["rope_scaling": ["factor": 2.0]], "rope_scaling must be"),
            (["rope_scaling": ["rope_type": "llama3", "factor": 2.0]], "no low_freq_factor"),
            (["rope_parameters": ["full_attention": ["rope_type": "default"]]], "full_attention"),
            (["quantization_config": ["quant_method": "gptq"]], "quantised by gptq"),
            (["mlp_bias": true], "mlp_bias true"),
            (["partial_rotary_factor": 0.5], "partial_rotary_factor"),
            (["vocab_size": nil], "has no vocab_size"),
            (["hidden_size": 0], "hidden_size must be a whole number from 1"),
            (["hidden_size": -64], "hidden_size must be"),
            (["hidden_size": 9_007_199_254_740_993], "hidden_size must be"),
            (["hidden_size": 64.5], "hidden_size must be"),
            (["hidden_size": "64"], "hidden_size must be"),
            (["hidden_size": 66], "no multiple of 4 heads"),
            (["num_key_value_heads": 3], "4 heads cannot share 3"),
            (["head_dim": 15], "head_dim 15 is odd"),
            (["rms_norm_eps": -1], "rms_norm_eps must be"),
            (["rope_theta": 0], "rope_theta must be"),
            (["eos_token_id": [1, 512]], "eos_token_id must be token numbers below 512"),
            (
                [
                    "hidden_size": 1_048_576, "head_dim": 16_384, "intermediate_size": 16_777_216,
                    "num_hidden_layers": 4096,
                ], "impossibly large"
            ),
        ] as [([String: JSONTree], String)])
    func `what cannot be computed is refused by name`(
        changes: [String: JSONTree], message: String
    ) throws {
        let error = try #require(throws: ModelConfigurationError.self) { try Self.read(changes) }
        #expect(error.description.contains(message))
        #expect(error.description.contains("config.json"))
    }

    @Test(
        arguments: [
            (["use_sliding_window": false, "sliding_window": 64], true),
            (["use_sliding_window": true, "sliding_window": 64, "max_window_layers": 2], true),
            (["use_sliding_window": true, "sliding_window": 64, "max_window_layers": 1], false),
            (["use_sliding_window": true, "sliding_window": 32_768, "max_window_layers": 0], true),
            (["sliding_window": 64, "layer_types": ["full_attention", "full_attention"]], true),
            (
                ["sliding_window": 64, "layer_types": ["full_attention", "sliding_attention"]],
                false
            ),
            (["layer_types": ["full_attention", "linear_attention"]], false),
            (["layer_types": ["full_attention"]], false),
            (["model_type": "mistral", "sliding_window": 4096], false),
            (["model_type": "mistral"], false),
            (["model_type": "mistral", "sliding_window": nil], true),
            (["model_type": "mistral", "max_position_embeddings": 4096], true),
            (["model_type": "llama", "sliding_window": 64], true),
        ] as [([String: JSONTree], Bool)])
    func `a sliding window is refused exactly when it would change a result`(
        changes: [String: JSONTree], isAccepted: Bool
    ) throws {
        if isAccepted {
            _ = try Self.read(changes)
        } else {
            #expect(throws: ModelConfigurationError.self) { try Self.read(changes) }
        }
    }

    @Test func `a changed byte of a configuration never crashes`() throws {
        let url = Golden.url("models/llama/config.json")
        let original = [UInt8](try Data(contentsOf: url))
        var generator = MutationGenerator(seed: 1)
        var accepted = 0
        for _ in 0..<10_000 {
            var bytes = original
            generator.changeOneByte(of: &bytes)
            if let tree = try? JSONTree(parsing: bytes, maximumDepth: 16),
                let model = try? ModelConfiguration(tree, path: "config.json")
            {
                accepted += 1
                #expect(model.headCount % model.keyValueHeadCount == 0)
            }
        }
        #expect(accepted > 0)
    }
}
