/// The products of a decoder, each of which may serve several adapter targets at once.
enum AdapterPlace: CaseIterable {
    case attentionInput
    case attentionOutput
    case feedForwardInput
    case feedForwardOutput
    case unembedding

    static let inLayer: [AdapterPlace] = allCases.filter { $0 != .unembedding }

    /// In the order of the product's columns.
    var targets: [AdapterTarget] {
        switch self {
        case .attentionInput: [.query, .key, .value]
        case .attentionOutput: [.output]
        case .feedForwardInput: [.gate, .up]
        case .feedForwardOutput: [.down]
        case .unembedding: [.unembedding]
        }
    }
}

/// The adapter's share in one product: the A of all its targets as one matrix `[n·R, in]`, since
/// they read the same input, and one B for each.
package final class AdapterBranch {
    private struct Part {
        let name: String
        /// Of the product's outputs.
        let outputs: Range<Int>
        /// Of the hidden numbers.
        let hidden: Range<Int>
        var packedB: PackedMatrix?
    }

    /// n·R.
    package let hiddenCount: Int
    private let inputCount: Int
    private var parts: [Part]
    private var packedA: PackedMatrix?

    /// nil when none of the place's targets is adapted.
    init?(
        _ place: AdapterPlace, layer: Int, _ configuration: AdapterConfiguration,
        _ model: ModelConfiguration, appendingTo shapes: inout [(name: String, shape: [Int])]
    ) {
        parts = []
        var output = 0
        var inputCount = 0
        for target in place.targets {
            let shape = model.shape(of: target)
            let outputs = output..<output + shape[0]
            output = outputs.upperBound
            inputCount = shape[1]
            guard configuration.targets.contains(target) else { continue }
            let start = parts.count * configuration.rank
            parts.append(
                Part(
                    name: target.moduleName(layer: layer), outputs: outputs,
                    hidden: start..<start + configuration.rank))
        }
        self.inputCount = inputCount
        hiddenCount = parts.count * configuration.rank
        if parts.isEmpty { return nil }
        for part in parts {
            shapes.append((part.name + ".lora_A.weight", [configuration.rank, inputCount]))
        }
        for part in parts {
            shapes.append((part.name + ".lora_B.weight", [part.outputs.count, configuration.rank]))
        }
    }

    func pack(_ parameters: ParameterSet, pool: ThreadPool) {
        packedA = Self.packed(stackedA(parameters), pool: pool)
        for index in parts.indices {
            parts[index].packedB = Self.packed(b(parts[index], parameters), pool: pool)
        }
    }

    private static func packed(_ rows: Rows, pool: ThreadPool) -> PackedMatrix {
        PackedMatrix(
            rows: rows.count, columns: rows.columns, packedAs: .float32, from: rows.base,
            storedAs: .float32, pool: pool)
    }

    private func stackedA(_ parameters: ParameterSet) -> Rows {
        parameters.rows(
            from: parts[0].name + ".lora_A.weight",
            through: parts[parts.count - 1].name + ".lora_A.weight")
    }

    private func b(_ part: Part, _ parameters: ParameterSet) -> Rows {
        parameters.rows(from: part.name + ".lora_B.weight")
    }

    private var matrixA: PackedMatrix {
        guard let packedA else { preconditionFailure("update(pool:) comes before use") }
        return packedA
    }

    private func matrixB(_ part: Part) -> PackedMatrix {
        guard let packed = part.packedB else { preconditionFailure("update(pool:) before use") }
        return packed
    }

    /// `hidden = factor · x · Aᵀ`, then `y += hidden · Bᵀ`.
    func forward(_ x: Rows, hidden: Matrix, into y: Rows, factor: Float, _ compute: Compute) {
        hidden.resize(rowCount: x.count)
        matrixA.multiply(x, into: hidden.rows, compute)
        Kernels.scale(hidden.rows, by: factor, pool: compute.pool)
        for part in parts {
            matrixB(part).multiply(
                hidden.columns(part.hidden), into: y.columns(part.outputs), accumulate: true,
                compute)
        }
    }

    /// Adds the gradients of A and B to `gradient`, and that of the input to `dx` unless nil.
    ///
    /// - Parameter hidden: What the forward left there; overwritten.
    package func backward(
        dy: Rows, x: Rows, hidden: Matrix, dx: Rows?, gradient: ParameterSet, factor: Float,
        dHidden: Matrix, _ compute: Compute
    ) {
        precondition(dHidden.columnCount == hidden.columnCount)
        dHidden.resize(rowCount: x.count)
        dHidden.clear()
        for part in parts {
            let dPart = dy.columns(part.outputs)
            PackedMatrix.addWeightGradient(
                to: b(part, gradient), dy: dPart, x: hidden.columns(part.hidden), compute)
            matrixB(part).multiplyBackward(
                dPart, addingTo: dHidden.columns(part.hidden), compute)
        }
        Kernels.scale(dHidden.rows, by: factor, pool: compute.pool)
        PackedMatrix.addWeightGradient(
            to: stackedA(gradient), dy: dHidden.rows, x: x, compute)
        if let dx { matrixA.multiplyBackward(dHidden.rows, addingTo: dx, compute) }
    }
}
