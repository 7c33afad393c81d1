import Backends
import Foundation
import Transformer

/// A forward pass, and if wanted a backward, of the loss −Σ weight · log-probability over given
/// targets, several per position and with weights of either sign.
///
/// With w the weights of one position, W their sum and q the student: the gradient in logit j is
/// W · q_j − Σ w of the targets that are j.
struct TargetPass {
    let decoder: Transformer.Decoder
    let adapter: Adapter
    /// Where the gradient is added; nil for none.
    let gradient: ParameterSet?

    init(_ decoder: Transformer.Decoder, _ adapter: Adapter, gradient: ParameterSet?) {
        self.decoder = decoder
        self.adapter = adapter
        self.gradient = gradient
    }

    func run(_ data: [TinkerDatum]) throws -> (logprobs: [[Float]], loss: Double) {
        let applied = AppliedAdapter(adapter)
        let inputs = data.map { DecoderInput($0.tokens, wanted: 0..<$0.tokens.count) }
        let activations = gradient == nil ? nil : decoder.makeActivations()
        let hidden =
            if let activations {
                try decoder.forward(inputs, adapter: applied, saving: activations) {}
            } else {
                try decoder.hidden(inputs, adapter: applied)
            }
        let dHidden = Matrix(rowCount: hidden.rowCount, columnCount: hidden.columnCount)
        let logits = Matrix(rowCount: 0, columnCount: decoder.configuration.vocabularySize)
        let branch = adapter.unembedding
        let branchHidden = Matrix(rowCount: 0, columnCount: branch?.hiddenCount ?? 1)
        let rows = data.flatMap { datum in
            let columns = datum.columnCount ?? 1
            return datum.tokens.indices.map { (datum, $0 * columns..<($0 + 1) * columns) }
        }
        var found: [Float] = []
        var loss = 0.0
        for start in stride(from: 0, to: rows.count, by: Transformer.Decoder.chunkRowCount) {
            let range = start..<min(start + Transformer.Decoder.chunkRowCount, rows.count)
            let x = hidden.rows.rows(range)
            decoder.unembed(x, into: logits, hidden: branchHidden, adapter: applied)
            for (index, row) in range.enumerated() {
                let (datum, cells) = rows[row]
                let targets = datum.targets[cells].map(\.index)
                let weights = datum.weights[cells].map(Double.init)
                let logprobs = Self.step(logits[index], targets, weights)
                found += logprobs.map { Float($0) }
                loss -= zip(weights, logprobs).reduce(0) { $0 + $1.0 * $1.1 }
            }
            guard let gradient else { continue }
            let dx = dHidden.rows.rows(range)
            decoder.unembedding.multiplyBackward(logits.rows, addingTo: dx, decoder.compute)
            branch?.backward(
                dy: logits.rows, x: x, hidden: branchHidden, dx: dx, gradient: gradient,
                factor: applied.factor,
                dHidden: Matrix(rowCount: 0, columnCount: branchHidden.columnCount),
                decoder.compute)
        }
        if let gradient, let activations {
            try decoder.backward(
                dHidden, activations, adapter: applied, into: GradientSinks(adapter: gradient)
            ) {}
        }
        var next = 0
        return (
            data.map { datum in
                defer { next += datum.targets.count }
                return Array(found[next..<next + datum.targets.count])
            }, loss
        )
    }

    /// The log-probabilities of `targets`; `logits` become their gradient.
    private static func step(
        _ logits: UnsafeMutableBufferPointer<Float>, _ targets: [Int], _ weights: [Double]
    ) -> [Double] {
        let largest = Double(logits.max() ?? 0)
        let sum = largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
        let logprobs = targets.map { Double(logits[$0]) - sum }
        guard weights.contains(where: { $0 != 0 }) else {
            logits.update(repeating: 0)
            return logprobs
        }
        let total = weights.reduce(0, +)
        var d = logits.map { total * exp(Double($0) - sum) }
        for (target, weight) in zip(targets, weights) { d[target] -= weight }
        for index in logits.indices { logits[index] = Float(d[index]) }
        return logprobs
    }
}
