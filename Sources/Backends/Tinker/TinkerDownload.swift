internal import Baking
internal import Foundation
internal import Transformer

/// The files of a downloaded adapter.
struct TinkerDownload {
    let directory: URL

    /// Makes the files what every program takes: alpha over rank is the scaling, and rsLoRA is off.
    ///
    /// - Parameters:
    ///   - model: The adapter's matrices must fit it; nil when its shapes are unknown.
    ///   - base: The base model's name where the files do not say.
    /// - Returns: The scaling.
    /// - Throws: ``AdapterFileError`` or ``BackendError`` when the files are no such adapter.
    func normalise(for model: ModelConfiguration?, base: String) throws -> Double {
        if let model {
            var file = try AdapterFile(directory: directory.path, model: model)
            file.baseModelName = file.baseModelName ?? base
            try file.write(into: directory.path)
            return file.configuration.scaling
        }
        // Every tensor's header is read; the shapes are not known.
        let weights = directory.appending(path: "adapter_model.safetensors")
        let names = try SafetensorsFile(path: weights.path).names
        guard !names.isEmpty, names.allSatisfy({ $0.contains(".lora_") }) else {
            throw refused("its weights are no LoRA matrices")
        }
        return try foldScaling()
    }

    private func foldScaling() throws -> Double {
        let path = directory.appending(path: "adapter_config.json")
        let limit = 1 << 20
        let handle = try FileHandle(forReadingFrom: path)
        defer { try? handle.close() }
        let data = try handle.read(upToCount: limit + 1) ?? Data()
        guard data.count <= limit,
            var settings = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let rank = (settings["r"] as? NSNumber)?.doubleValue, (1...65_536).contains(rank),
            var alpha = (settings["lora_alpha"] as? NSNumber)?.doubleValue, alpha.magnitude <= 1e9
        else { throw refused("adapter_config.json has no rank and alpha") }
        guard settings["use_rslora"] as? Bool == true else { return alpha / rank }
        alpha *= rank.squareRoot()
        settings["lora_alpha"] = alpha
        settings["use_rslora"] = false
        let text = try JSONSerialization.data(
            withJSONObject: settings, options: [.prettyPrinted, .sortedKeys])
        try text.write(to: path, options: .atomic)
        return alpha / rank
    }

    private func refused(_ why: String) -> BackendError {
        .refused(what: "the downloaded adapter cannot be used: \(why)", remedy: nil)
    }
}
