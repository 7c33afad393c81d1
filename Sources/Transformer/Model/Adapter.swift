import Foundation

/// LoRA matrices beside the linear layers of a decoder: W·x + strength·(alpha/R)·B·(A·x).
///
/// The numbers are float32 in ``parameters``, named as PEFT names them without its prefix:
/// `model.layers.0.self_attn.q_proj.lora_A.weight` `[R, in]` and `….lora_B.weight` `[out, R]`.
/// After changing them call ``update(pool:)``, or the products go on with the old ones.
/// Not synchronised; ``snapshot(pool:)`` is for a chat while a bake goes on.
package final class Adapter {
    package let configuration: AdapterConfiguration
    /// Every A and B.
    package let parameters: ParameterSet
    /// By layer, then by place.
    let layers: [[AdapterPlace: AdapterBranch]]
    package let unembedding: AdapterBranch?

    private let model: ModelConfiguration

    /// An adapter of zeros, which changes nothing and cannot learn; see
    /// ``initialize(seed:)``.
    package init(_ configuration: AdapterConfiguration, for model: ModelConfiguration) {
        self.configuration = configuration
        self.model = model
        var shapes: [(name: String, shape: [Int])] = []
        var layers: [[AdapterPlace: AdapterBranch]] = []
        for layer in 0..<model.layerCount {
            var branches: [AdapterPlace: AdapterBranch] = [:]
            for place in AdapterPlace.inLayer {
                branches[place] = AdapterBranch(
                    place, layer: layer, configuration, model, appendingTo: &shapes)
            }
            layers.append(branches)
        }
        self.layers = layers
        unembedding = AdapterBranch(
            .unembedding, layer: 0, configuration, model, appendingTo: &shapes)
        parameters = ParameterSet(shapes)
    }

    /// Sets A to uniform numbers within ±1/√in and B to zero, as PEFT does; the same for the same
    /// seed.
    package func initialize(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for entry in parameters.entries {
            let numbers = parameters[entry.name]
            guard entry.name.hasSuffix(".lora_A.weight") else {
                numbers.update(repeating: 0)
                continue
            }
            let bound = 1 / Double(entry.shape[1]).squareRoot()
            for index in numbers.indices {
                numbers[index] = Float((2 * generator.uniform() - 1) * bound)
            }
        }
    }

    /// Prepares the products for the present numbers.
    package func update(pool: ThreadPool) {
        for branch in branches { branch.pack(parameters, pool: pool) }
    }

    /// An independent adapter with the present numbers, ready for use.
    package func snapshot(pool: ThreadPool) -> Adapter {
        let other = Adapter(configuration, for: model)
        other.parameters.copy(from: parameters)
        other.update(pool: pool)
        return other
    }

    /// All branches in the order of a forward pass.
    var branches: [AdapterBranch] {
        layers.flatMap { layer in AdapterPlace.inLayer.compactMap { layer[$0] } }
            + (unembedding.map { [$0] } ?? [])
    }

    /// The first layer that has a branch; the layer count when only the unembedding has.
    var firstLayer: Int { layers.firstIndex { !$0.isEmpty } ?? model.layerCount }
}

/// An adapter and how strongly it acts.
package struct AppliedAdapter {
    package var adapter: Adapter
    /// Multiplies the adapter's own scaling; 0 is the base model, bit for bit.
    package var strength: Double

    package init(_ adapter: Adapter, strength: Double = 1) {
        self.adapter = adapter
        self.strength = strength
    }

    package var factor: Float { Float(adapter.configuration.scaling * strength) }
}
