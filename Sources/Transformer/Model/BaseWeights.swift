/// All weights of a model as float32 numbers that can be trained.
package final class BaseWeights {
    /// By the names of the checkpoint; what a product reads together lies together.
    package let parameters: ParameterSet
    private let configuration: ModelConfiguration

    static let embeddingName = "model.embed_tokens.weight"

    /// The weights of a checkpoint, widened.
    ///
    /// - Parameter weight: As for ``Decoder``.
    package init(
        _ configuration: ModelConfiguration, pool: ThreadPool,
        weight: (String) throws -> StoredWeight
    ) throws {
        self.configuration = configuration
        parameters = ParameterSet(Self.shapes(configuration))
        for entry in parameters.entries {
            var numbers: [Float] = []
            let stored = try weight(entry.name)
            withExtendedLifetime(stored.owner) { stored.append(to: &numbers, pool: pool) }
            precondition(numbers.count == entry.count)
            _ = parameters[entry.name].update(from: numbers)
        }
    }

    /// Makes a decoder compute with the present numbers. Its embedding reads them from here.
    package func load(into decoder: Decoder) throws {
        precondition(decoder.configuration == configuration)
        let parameters = parameters
        try decoder.replaceWeights { name in
            StoredWeight(parameters.rows(from: name), owner: parameters)
        }
    }

    /// The tensors of ``ModelConfiguration/tensorShapes``, with the weights of q, k and v beside
    /// each other and so their biases.
    static func shapes(_ configuration: ModelConfiguration) -> [(name: String, shape: [Int])] {
        let shapes = configuration.tensorShapes
        let isBias = { (name: String) in name.hasSuffix("_proj.bias") }
        return shapes.filter { !isBias($0.name) } + shapes.filter { isBias($0.name) }
    }
}
