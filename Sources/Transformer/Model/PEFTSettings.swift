/// What an `adapter_config.json` of PEFT says, checked.
struct PEFTSettings {
    let rank: Int
    /// With rsLoRA's factor folded in: the scaling is always alpha / rank.
    let alpha: Double
    let baseModelName: String?
    let baseRevision: String?
    /// nil when given as a pattern: then the names in the file decide.
    private let targetModules: [String]?

    init(path: String) throws(AdapterFileError) {
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

    /// - Parameter path: For messages.
    init(_ tree: JSONTree, path: String) throws(AdapterFileError) {
        guard tree.members != nil else { throw .notJSON(path: path, reason: "no object") }
        if let key = tree.duplicateName { throw .duplicate(path: path, key: key) }
        guard let kind = tree["peft_type"]?.string else {
            throw .missing(path: path, key: "peft_type")
        }
        guard kind == "LORA" else { throw .unsupportedKind(path: path, kind: kind) }
        try Self.refuseUnsupported(tree, path: path)

        guard let size = tree["r"] else { throw .missing(path: path, key: "r") }
        guard let rank = size.integer, (1...1 << 16).contains(rank) else {
            throw .invalid(path: path, key: "r", expected: "a whole number from 1 to 65536")
        }
        guard let strength = tree["lora_alpha"] else {
            throw .missing(path: path, key: "lora_alpha")
        }
        guard let alpha = strength.double, alpha.magnitude <= 1e9 else {
            throw .invalid(path: path, key: "lora_alpha", expected: "a number")
        }
        self.rank = rank
        let isStabilized = try Self.bool("use_rslora", tree, path: path)
        // alpha / √rank, written as alpha' / rank.
        self.alpha = isStabilized ? alpha * Double(rank).squareRoot() : alpha
        baseModelName = tree["base_model_name_or_path"]?.string
        baseRevision = tree["revision"]?.string

        switch tree["target_modules"] {
        case .string: targetModules = nil
        case .array(let elements):
            targetModules = elements.compactMap(\.string)
            guard targetModules?.count == elements.count else {
                throw .invalid(path: path, key: "target_modules", expected: "a list of names")
            }
        case nil, .null: throw .missing(path: path, key: "target_modules")
        default: throw .invalid(path: path, key: "target_modules", expected: "a list of names")
        }
    }

    /// Whether PEFT would adapt the module of this path.
    func hasTarget(_ module: String) -> Bool {
        targetModules?.contains { module == $0 || module.hasSuffix("." + $0) } ?? true
    }

    private static func bool(
        _ key: String, _ tree: JSONTree, path: String
    ) throws(AdapterFileError) -> Bool {
        switch tree[key] {
        case nil, .null: return false
        case .bool(let value): return value
        default: throw .invalid(path: path, key: key, expected: "true or false")
        }
    }

    private static func refuseUnsupported(
        _ tree: JSONTree, path: String
    ) throws(AdapterFileError) {
        let refused = [
            "use_dora", "use_qalora", "use_bdlora", "fan_in_fan_out", "lora_bias",
            "modules_to_save", "trainable_token_indices", "target_parameters",
            "layer_replication", "alora_invocation_tokens", "arrow_config", "kasa_config",
            "monteclora_config", "velora_config", "rank_pattern", "alpha_pattern",
        ]
        for key in refused {
            switch tree[key] {
            case nil, .null, .bool(false), .array([]), .object([]): break
            default: throw .unsupported(path: path, key: key)
            }
        }
        switch tree["bias"] {
        case nil, .null, .string("none"): break
        default: throw .unsupported(path: path, key: "bias")
        }
        // Other beginnings change the base as well: on the plain one the adapter means something else.
        switch tree["init_lora_weights"] {
        case nil, .null, .bool, "gaussian", "eva", "orthogonal": break
        case .string(let name):
            throw .unsupported(path: path, key: "init_lora_weights \(shown(name))")
        default: throw .unsupported(path: path, key: "init_lora_weights")
        }
    }
}
