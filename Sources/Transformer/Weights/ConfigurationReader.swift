/// Fetches values of a `config.json` with their kind and range checked.
struct ConfigurationReader {
    let tree: JSONTree
    let path: String

    func isAbsent(_ key: String) -> Bool { (tree[key] ?? .null) == .null }

    /// A size from 1 to `limit`; without a default the key must be there.
    func size(
        _ key: String, upTo limit: Int, default fallback: Int? = nil
    ) throws(ModelConfigurationError) -> Int {
        if isAbsent(key) {
            guard let fallback else { throw .missing(path: path, key: key) }
            return fallback
        }
        guard let value = tree[key]?.integer, (1...limit).contains(value) else {
            throw .invalid(path: path, key: key, expected: "a whole number from 1 to \(limit)")
        }
        return value
    }

    func number(
        _ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil
    ) throws(ModelConfigurationError) -> Double {
        if isAbsent(key) {
            guard let fallback else { throw .missing(path: path, key: key) }
            return fallback
        }
        guard let value = tree[key]?.double, range.contains(value) else {
            throw .invalid(
                path: path, key: key,
                expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func bool(_ key: String, default fallback: Bool) throws(ModelConfigurationError) -> Bool {
        if isAbsent(key) { return fallback }
        guard let value = tree[key]?.bool else {
            throw .invalid(path: path, key: key, expected: "true or false")
        }
        return value
    }

    func string(_ key: String) throws(ModelConfigurationError) -> String? {
        if isAbsent(key) { return nil }
        guard let value = tree[key]?.string else {
            throw .invalid(path: path, key: key, expected: "a string")
        }
        return value
    }

    /// One token, a list of them, or nothing.
    func tokens(
        _ key: String, vocabularySize: Int
    ) throws(ModelConfigurationError) -> [TokenID] {
        if isAbsent(key) { return [] }
        let values = tree[key]?.elements ?? [tree[key] ?? .null]
        var tokens: [TokenID] = []
        for value in values {
            guard let number = value.integer, (0..<vocabularySize).contains(number) else {
                throw .invalid(
                    path: path, key: key, expected: "token numbers below \(vocabularySize)")
            }
            tokens.append(TokenID(number))
        }
        return tokens
    }

    func refuseDuplicates() throws(ModelConfigurationError) {
        if let key = tree.duplicateName { throw .duplicate(path: path, key: key) }
    }

    /// Refuses by name what would make another result than the decoder's.
    func refuseUnsupported() throws(ModelConfigurationError) {
        if let quantization = tree["quantization_config"], quantization != .null {
            throw .quantized(
                path: path, method: quantization["quant_method"]?.string ?? "an unnamed method")
        }
        if let activation = try string("hidden_act"), activation != "silu" {
            throw .unsupportedActivation(path: path, name: activation)
        }
        if try bool("mlp_bias", default: false) {
            throw .unsupported(path: path, key: "mlp_bias", value: "true")
        }
        if try number("partial_rotary_factor", in: 0...1, default: 1) != 1 {
            throw .unsupported(path: path, key: "partial_rotary_factor", value: "below 1")
        }
    }

    /// Theta and scaling, from `rope_theta` and `rope_scaling` or from `rope_parameters`.
    func rope() throws(ModelConfigurationError)
        -> (theta: Double, scaling: ModelConfiguration.RopeScaling?)
    {
        let old = tree["rope_scaling"] ?? .null
        let new = tree["rope_parameters"] ?? .null
        let theta = try number("rope_theta", in: 1...1e15, default: 10_000)
        let scaling = try ropeScaling(old, key: "rope_scaling")
        guard new != .null else { return (theta, scaling) }
        let newScaling = try ropeScaling(new, key: "rope_parameters")
        let newTheta = try ConfigurationReader(tree: new, path: path).number(
            "rope_theta", in: 1...1e15, default: theta)
        guard isAbsent("rope_theta") || theta == newTheta, old == .null || scaling == newScaling
        else {
            throw .inconsistent(
                path: path, reason: "rope_parameters contradict rope_theta or rope_scaling")
        }
        return (newTheta, newScaling)
    }

    private func ropeScaling(
        _ tree: JSONTree, key: String
    ) throws(ModelConfigurationError) -> ModelConfiguration.RopeScaling? {
        guard tree != .null else { return nil }
        guard let members = tree.members else {
            throw .invalid(path: path, key: key, expected: "an object")
        }
        let reader = ConfigurationReader(tree: tree, path: path)
        try reader.refuseDuplicates()
        // Some models give each kind of layer its own angles.
        if let member = members.first(where: { $0.value.members != nil }) {
            throw .unsupported(path: path, key: key, value: "for \(member.name) alone")
        }
        if try reader.number("partial_rotary_factor", in: 0...1, default: 1) != 1 {
            throw .unsupported(path: path, key: "partial_rotary_factor", value: "below 1")
        }
        let legacyType = try reader.string("type")
        let type = try reader.string("rope_type") ?? legacyType
        switch type {
        case nil where reader.isAbsent("factor"), "default": return nil
        case nil: throw .invalid(path: path, key: key, expected: "an object with rope_type")
        case "llama3": break
        case .some(let other): throw .unsupportedRope(path: path, type: other)
        }
        let scaling = ModelConfiguration.RopeScaling(
            factor: try reader.number("factor", in: 1...1e6),
            lowFrequencyFactor: try reader.number("low_freq_factor", in: 1e-6...1e6),
            highFrequencyFactor: try reader.number("high_freq_factor", in: 1e-6...1e6),
            originalPositionCount: try reader.size(
                "original_max_position_embeddings", upTo: Int(Int32.max)))
        guard scaling.lowFrequencyFactor < scaling.highFrequencyFactor else {
            throw .inconsistent(
                path: path, reason: "low_freq_factor is not below high_freq_factor")
        }
        return scaling
    }

    /// Refuses a window that any layer would apply within the model's context.
    func refuseSlidingWindow(
        of model: ModelConfiguration
    ) throws(ModelConfigurationError) {
        if model.family == .qwen2 || model.family == .qwen3 {
            guard try hasSlidingLayers(layerCount: model.layerCount) else { return }
        }
        // transformers gives all but Llama a window where the file is silent; null means none.
        if tree["sliding_window"] == .null || model.family == .llama { return }
        let window = try size("sliding_window", upTo: Int(Int32.max), default: 4_096)
        guard window >= model.maximumPositionCount else {
            throw .slidingWindow(
                path: path, window: window, maximumPositionCount: model.maximumPositionCount)
        }
    }

    /// Whether Qwen's settings let any layer slide.
    private func hasSlidingLayers(layerCount: Int) throws(ModelConfigurationError) -> Bool {
        guard let types = tree["layer_types"], types != .null else {
            // The layers from max_window_layers on slide.
            let fullCount = isAbsent("max_window_layers") ? 28 : tree["max_window_layers"]?.integer
            guard let fullCount else {
                throw .invalid(path: path, key: "max_window_layers", expected: "a whole number")
            }
            return try bool("use_sliding_window", default: false) && fullCount < layerCount
        }
        let names = (types.elements ?? []).map { $0.string ?? "" }
        guard names.count == layerCount else {
            throw .invalid(path: path, key: "layer_types", expected: "\(layerCount) names")
        }
        if let other = names.first(where: { $0 != "full_attention" && $0 != "sliding_attention" }) {
            throw .unsupported(path: path, key: "layer_types", value: other)
        }
        return names.contains("sliding_attention")
    }
}
