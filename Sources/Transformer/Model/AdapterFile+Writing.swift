import Foundation

extension AdapterFile {
    /// Writes `adapter_model.safetensors` and `adapter_config.json` as PEFT would, in F32.
    ///
    /// Each file is written whole or not at all. Other servers than PEFT refuse adapters of the
    /// unembedding.
    ///
    /// - Parameters:
    ///   - directory: Made if it is not there; files of these names are replaced.
    ///   - metadata: Notes for the weights file.
    public func write(
        into directory: String, metadata: [String: String] = [:]
    ) throws(AdapterFileError) {
        precondition(!matrices.isEmpty, "an adapter changes something")
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .file(.cannotWrite(path: directory, reason: "the directory cannot be made"))
        }
        var writer = SafetensorsWriter(metadata: metadata)
        let rank = configuration.rank
        for (place, pair) in matrices {
            let name = Self.prefix + place.target.moduleName(layer: place.layer)
            writer.add(name + ".lora_A.weight", shape: [rank, pair.a.count / rank], floats: pair.a)
            writer.add(name + ".lora_B.weight", shape: [pair.b.count / rank, rank], floats: pair.b)
        }
        do {
            try writer.write(to: ModelFiles.path(directory, Self.weightsName))
        } catch {
            throw .safetensors(error)
        }
        do throws(FileError) {
            let file = try AtomicFile(path: ModelFiles.path(directory, Self.configurationName))
            try file.append(Array(peftConfiguration.text(isIndented: true).utf8))
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    /// The fields that every version of PEFT in use knows, in its order.
    private var peftConfiguration: JSONTree {
        let alpha = configuration.alpha
        return [
            "alpha_pattern": [:],
            "auto_mapping": nil,
            "base_model_name_or_path": baseModelName.map { .string($0) } ?? .null,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "layers_pattern": nil,
            "layers_to_transform": nil,
            "lora_alpha": Int(exactly: alpha).map { JSONTree(integerLiteral: $0) }
                ?? JSONTree(floatLiteral: alpha),
            "lora_dropout": 0.0,
            "modules_to_save": nil,
            "peft_type": "LORA",
            "r": JSONTree(integerLiteral: configuration.rank),
            "rank_pattern": [:],
            "revision": baseRevision.map { .string($0) } ?? .null,
            "target_modules": .array(
                configuration.targets.map(\.rawValue).sorted().map { .string($0) }),
            "task_type": "CAUSAL_LM",
            "use_dora": false,
            // Half of the servers ignore it and would act at another strength.
            "use_rslora": false,
        ]
    }
}
