import Foundation

extension AdapterFile {
    /// Reads a PEFT directory, `adapter_config.json` and `adapter_model.safetensors`.
    ///
    /// Everything is read into memory. Fields of the configuration that are not known here are
    /// ignored, as PEFT does; those that would change the result are refused by name.
    ///
    /// - Parameters:
    ///   - directory: Path of the directory.
    ///   - model: The model it is for; every matrix must fit it.
    public init(directory: String, model: ModelConfiguration) throws(AdapterFileError) {
        let settings = try PEFTSettings(path: ModelFiles.path(directory, Self.configurationName))
        let path = ModelFiles.path(directory, Self.weightsName)
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(path: path, mapped: false)
        } catch {
            throw .safetensors(error)
        }
        let names = try Self.matrixNames(of: file, settings: settings, model: model)
        var matrices: [Place: Matrices] = [:]
        for (place, pair) in names {
            guard let a = pair.a else {
                throw .unpaired(path: path, tensor: pair.b ?? "", partner: "lora_A")
            }
            guard let b = pair.b else { throw .unpaired(path: path, tensor: a, partner: "lora_B") }
            let shape = model.shape(of: place.target)
            let (aType, aFloats) = try Self.floats(a, [settings.rank, shape[1]], in: file)
            let (bType, bFloats) = try Self.floats(b, [shape[0], settings.rank], in: file)
            guard aType == bType else { throw .mixedTypes(path: path, tensor: a, partner: b) }
            matrices[place] = Matrices(a: aFloats, b: bFloats)
        }
        self.init(
            configuration: AdapterConfiguration(
                rank: settings.rank, alpha: settings.alpha, targets: matrices.keys.map(\.target)),
            baseModelName: settings.baseModelName, baseRevision: settings.baseRevision,
            matrices: matrices)
    }

    private static func floats(
        _ name: String, _ shape: [Int], in file: SafetensorsFile
    ) throws(AdapterFileError) -> (TensorType, [Float]) {
        do throws(SafetensorsError) {
            let tensor = try file.tensor(name, shape: shape)
            let floats = try tensor.floats()
            guard floats.allSatisfy(\.isFinite) else {
                throw .notFinite(path: file.path, tensor: name)
            }
            return (tensor.dtype, floats)
        } catch {
            throw .safetensors(error)
        }
    }

    private struct NamePair {
        var a: String?
        var b: String?
    }

    /// The names of the tensors of every place; every tensor of the file has one.
    private static func matrixNames(
        of file: SafetensorsFile, settings: PEFTSettings, model: ModelConfiguration
    ) throws(AdapterFileError) -> [Place: NamePair] {
        let path = file.path
        let places = places(of: model)
        var names: [Place: NamePair] = [:]
        for name in file.names.sorted() {
            guard name.hasPrefix(prefix) else { throw .missingPrefix(path: path, tensor: name) }
            // Saved by a wrapper with a named adapter, the name stands in between.
            let plain = name.replacing(".default.weight", with: ".weight")
            let isA = plain.hasSuffix(".lora_A.weight")
            guard isA || plain.hasSuffix(".lora_B.weight") else {
                throw .unexpectedTensor(path: path, tensor: name)
            }
            let module = String(plain.dropFirst(prefix.count).dropLast(".lora_A.weight".count))
            guard let place = places[module] else {
                throw .unknownModule(path: path, tensor: name)
            }
            guard settings.hasTarget(module) else { throw .notATarget(path: path, tensor: name) }
            let member: WritableKeyPath<NamePair, String?> = isA ? \.a : \.b
            guard names[place]?[keyPath: member] == nil else {
                throw .duplicateMatrix(path: path, tensor: name)
            }
            names[place, default: NamePair()][keyPath: member] = name
        }
        return names
    }

    /// Every place of a model by its module's path.
    private static func places(of model: ModelConfiguration) -> [String: Place] {
        var places: [String: Place] = [:]
        for layer in 0..<model.layerCount {
            for target in AdapterTarget.block {
                places[target.moduleName(layer: layer)] = Place(layer: layer, target: target)
            }
        }
        places[AdapterTarget.unembedding.moduleName(layer: 0)] = Place(
            layer: 0, target: .unembedding)
        return places
    }
}
