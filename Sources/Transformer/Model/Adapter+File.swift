extension Adapter {
    /// The adapter of a PEFT directory, ready for use. A place that the file leaves out is zero.
    package convenience init(_ file: AdapterFile, for model: ModelConfiguration, pool: ThreadPool) {
        self.init(file.configuration, for: model)
        for (place, matrices) in file.matrices {
            copy(matrices.a, to: Self.name(place, "A"))
            copy(matrices.b, to: Self.name(place, "B"))
        }
        update(pool: pool)
    }

    /// The present numbers as a file.
    package func file(
        baseModelName: String? = nil, baseRevision: String? = nil
    ) -> AdapterFile {
        var matrices: [AdapterFile.Place: AdapterFile.Matrices] = [:]
        for place in places {
            matrices[place] = AdapterFile.Matrices(
                a: Array(parameters[Self.name(place, "A")]),
                b: Array(parameters[Self.name(place, "B")]))
        }
        return AdapterFile(
            configuration: configuration, baseModelName: baseModelName,
            baseRevision: baseRevision, matrices: matrices)
    }

    private var places: [AdapterFile.Place] {
        configuration.targets.flatMap { target in
            (0..<(target == .unembedding ? 1 : layers.count)).map {
                AdapterFile.Place(layer: $0, target: target)
            }
        }
    }

    private static func name(_ place: AdapterFile.Place, _ matrix: String) -> String {
        place.target.moduleName(layer: place.layer) + ".lora_\(matrix).weight"
    }

    private func copy(_ numbers: [Float], to name: String) {
        let tensor = parameters[name]
        precondition(tensor.count == numbers.count, "an adapter for another model")
        _ = tensor.update(from: numbers)
    }
}
