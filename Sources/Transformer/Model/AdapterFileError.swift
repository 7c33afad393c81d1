/// Why a PEFT adapter directory cannot be used.
public enum AdapterFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file is missing or cannot be read or written.
    case file(FileError)
    /// The weights cannot be used.
    case safetensors(SafetensorsError)
    /// `adapter_config.json` is no JSON object.
    case notJSON(path: String, reason: String)
    /// A key that is listed twice.
    case duplicate(path: String, key: String)
    /// A key without which nothing can be known.
    case missing(path: String, key: String)
    /// A value out of range or of another kind.
    case invalid(path: String, key: String, expected: String)
    /// Another kind of adapter than LoRA.
    case unsupportedKind(path: String, kind: String)
    /// A setting that changes the result in a way that is not computed here.
    case unsupported(path: String, key: String)
    /// A tensor whose name begins otherwise than PEFT's: PEFT would silently ignore it.
    case missingPrefix(path: String, tensor: String)
    /// A tensor that is no matrix of a LoRA pair.
    case unexpectedTensor(path: String, tensor: String)
    /// A matrix for a layer that the model does not have.
    case unknownModule(path: String, tensor: String)
    /// A matrix for a layer that `target_modules` does not list: PEFT would silently ignore it.
    case notATarget(path: String, tensor: String)
    /// One matrix under two names.
    case duplicateMatrix(path: String, tensor: String)
    /// A matrix without its partner.
    case unpaired(path: String, tensor: String, partner: String)
    /// A pair of which one is stored otherwise.
    case mixedTypes(path: String, tensor: String, partner: String)

    /// One line: what, where, remedy.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .safetensors(let error): error.description
        case .notJSON(let path, let reason):
            "\(shown(path)) is no valid configuration: \(reason)"
        case .duplicate(let path, let key): "\(shown(path)) lists \(shown(key)) twice"
        case .missing(let path, let key): "\(shown(path)) has no \(key)"
        case .invalid(let path, let key, let expected):
            "\(shown(path)): \(key) must be \(expected)"
        case .unsupportedKind(let path, let kind):
            "\(shown(path)): peft_type \(shown(kind)) is not supported (LORA is)"
        case .unsupported(let path, let key):
            "\(shown(path)): an adapter with \(key) is not supported"
        case .missingPrefix(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) does not begin with \(AdapterFile.prefix)"
        case .unexpectedTensor(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) is no lora_A or lora_B weight"
        case .unknownModule(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) is for a layer that the model does not have"
        case .notATarget(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) is for a layer not among the target_modules"
        case .duplicateMatrix(let path, let tensor):
            "\(shown(path)): tensor \(shown(tensor)) is there under two names"
        case .unpaired(let path, let tensor, let partner):
            "\(shown(path)): tensor \(shown(tensor)) lacks its \(partner)"
        case .mixedTypes(let path, let tensor, let partner):
            """
            \(shown(path)): tensors \(shown(tensor)) and \(shown(partner)) are stored \
            in different types
            """
        }
    }
}
