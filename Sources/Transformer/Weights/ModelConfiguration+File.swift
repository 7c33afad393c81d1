extension ModelConfiguration {
    /// Reads a `config.json`, in the spelling of transformers 4 or 5.
    ///
    /// What is absent has the value that transformers gives it, except for the sizes without which
    /// no model can be meant.
    public init(path: String) throws(ModelConfigurationError) {
        let tree: JSONTree
        do {
            tree = try JSONTree(path: path, maximumDepth: 16)
        } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .notJSON(let path, let reason): throw .notJSON(path: path, reason: reason)
            }
        }
        try self.init(tree, path: path)
    }

    /// Reads the text of a `config.json`.
    ///
    /// - Parameter path: For messages.
    package init(parsing bytes: [UInt8], path: String) throws(ModelConfigurationError) {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: bytes, maximumDepth: 16)
        } catch {
            throw .notJSON(path: path, reason: error.description)
        }
        try self.init(tree, path: path)
    }

    /// - Parameter path: For messages.
    init(_ tree: JSONTree, path: String) throws(ModelConfigurationError) {
        guard tree.members != nil else { throw .notJSON(path: path, reason: "no object") }
        let reader = ConfigurationReader(tree: tree, path: path)
        try reader.refuseDuplicates()
        guard let type = tree["model_type"]?.string else {
            throw .missing(path: path, key: "model_type")
        }
        guard let family = Family(rawValue: type) else {
            throw .unsupportedModelType(path: path, type: type)
        }
        self.family = family
        try reader.refuseUnsupported()

        vocabularySize = try reader.size("vocab_size", upTo: 1 << 24)
        hiddenSize = try reader.size("hidden_size", upTo: 1 << 20)
        feedForwardSize = try reader.size("intermediate_size", upTo: 1 << 24)
        layerCount = try reader.size("num_hidden_layers", upTo: 1 << 12)
        headCount = try reader.size("num_attention_heads", upTo: 1 << 14)
        // A null means "as many as query heads", an absent key the family's default.
        let isNull = tree["num_key_value_heads"] == .null
        keyValueHeadCount = try reader.size(
            "num_key_value_heads", upTo: 1 << 14,
            default: isNull ? headCount : family.keyValueHeadCount ?? headCount)
        if reader.isAbsent("head_dim"), family.headSize == nil {
            guard hiddenSize.isMultiple(of: headCount) else {
                throw .inconsistent(
                    path: path,
                    reason: "hidden_size \(hiddenSize) is no multiple of \(headCount) heads")
            }
        }
        headSize = try reader.size(
            "head_dim", upTo: 1 << 14, default: family.headSize ?? hiddenSize / headCount)
        maximumPositionCount = try reader.size(
            "max_position_embeddings", upTo: Int(Int32.max), default: family.maximumPositionCount)
        normEpsilon = try reader.number("rms_norm_eps", in: 0...1, default: 1e-6)
        (ropeTheta, ropeScaling) = try reader.rope()
        tied = try reader.bool("tie_word_embeddings", default: false)
        let bias = try reader.bool("attention_bias", default: false)
        // Qwen 2 and Mistral have no such setting: always three biases, and none.
        attentionBias = family == .qwen2 || family != .mistral && bias
        attentionOutputBias = (family == .qwen3 || family == .llama) && bias
        qkNorm = family == .qwen3
        endTokens = try reader.tokens("eos_token_id", vocabularySize: vocabularySize)

        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw .inconsistent(
                path: path,
                reason: "\(headCount) heads cannot share \(keyValueHeadCount) key-value heads")
        }
        guard headSize.isMultiple(of: 2) else {
            throw .inconsistent(path: path, reason: "head_dim \(headSize) is odd")
        }
        guard querySize <= Int(Int32.max) else {
            throw .inconsistent(
                path: path, reason: "\(headCount) heads of size \(headSize) are too large")
        }
        try refuseAbsurdSize(path: path)
        try reader.refuseSlidingWindow(of: self)
    }

    /// Refuses what no file can hold, before anyone adds up sizes unchecked.
    private func refuseAbsurdSize(path: String) throws(ModelConfigurationError) {
        // Each product is at most 2^31 · 2^20.
        let (blocks, overflow) = AdapterTarget.block.map { target in
            shape(of: target).reduce(1, *)
        }.reduce(0, +).multipliedReportingOverflow(by: layerCount)
        guard !overflow, blocks < 1 << 46 else {
            throw .inconsistent(path: path, reason: "the sizes make an impossibly large model")
        }
    }
}

extension ModelConfiguration.Family {
    // What transformers assumes for an absent key; nil where it follows from other keys.
    fileprivate var keyValueHeadCount: Int? {
        switch self {
        case .qwen3, .qwen2: 32
        case .mistral: 8
        case .llama: nil
        }
    }

    fileprivate var headSize: Int? { self == .qwen3 ? 128 : nil }

    fileprivate var maximumPositionCount: Int {
        switch self {
        case .qwen3, .qwen2: 32_768
        case .mistral: 131_072
        case .llama: 2_048
        }
    }
}
