/// What a forward pass writes: one ``LayerActivations`` for every layer when a backward follows and
/// there is memory for it, else a single one that each layer uses again.
///
/// Memory is kept from call to call. Not synchronised.
package final class Activations {
    /// What is left of a forward pass for a backward.
    package enum Kept {
        case nothing
        /// The residual stream before each layer; a backward runs each layer again.
        case inputs
        case everything
    }

    private let layers: [LayerActivations]
    private let inputs: [Matrix]
    let kept: Kept
    /// The residual stream after all layers, at the wanted rows: `[W, D]`.
    let final: Matrix
    let finalInverse: Matrix
    let attentionScratch = Matrix(rowCount: 0, columnCount: 1)
    /// Set by a forward pass that saves.
    var plan = AttentionPlan()
    var tokens: [Int32] = []
    /// Rows that the last layer goes on with after its attention, and that are returned.
    var wanted: [Int32] = []

    private var backwardBuffers: BackwardBuffers?

    init(_ configuration: ModelConfiguration, keeping kept: Kept) {
        self.kept = kept
        layers = (0..<(kept == .everything ? configuration.layerCount : 1)).map { _ in
            LayerActivations(configuration)
        }
        inputs = (0..<(kept == .inputs ? configuration.layerCount : 0)).map { _ in
            Matrix(rowCount: 0, columnCount: configuration.hiddenSize)
        }
        final = Matrix(rowCount: 0, columnCount: configuration.hiddenSize)
        finalInverse = Matrix(rowCount: 0, columnCount: 1)
    }

    /// Whether a backward pass may follow.
    var isSaving: Bool { kept != .nothing }

    func layer(_ index: Int) -> LayerActivations {
        kept == .everything ? layers[index] : layers[0]
    }

    /// Keeps what layer `index` is about to begin with, where that alone is kept.
    func keepInput(of index: Int) {
        guard kept == .inputs else { return }
        inputs[index].resize(rowCount: layers[0].input.rowCount)
        inputs[index].copy(from: layers[0].input)
    }

    func restoreInput(of index: Int) {
        layers[0].input.resize(rowCount: inputs[index].rowCount)
        layers[0].input.copy(from: inputs[index])
    }

    func buffers(_ configuration: ModelConfiguration) -> BackwardBuffers {
        let buffers = backwardBuffers ?? BackwardBuffers(configuration)
        backwardBuffers = buffers
        return buffers
    }

    /// Whether all rows are wanted, in order.
    var wantsAll: Bool { wanted.count == tokens.count }
}

/// One layer's numbers, T rows each; the feed-forward half of the last layer has only the wanted
/// rows.
final class LayerActivations {
    /// The residual stream before the layer.
    let input: Matrix
    let normed: Matrix
    let inverse: Matrix
    /// q, k, v as the products and biases give them; without q/k norm q and k are rotated in
    /// place.
    let projected: Matrix
    /// q and k after norm and rotation; unused without q/k norm.
    let rotated: Matrix
    let queryInverse: Matrix
    let keyInverse: Matrix
    let attended: Matrix
    let logSumExp: Matrix
    /// ``attended`` at the wanted rows; the last layer's.
    let attendedWanted: Matrix
    /// The residual stream between attention and feed-forward.
    let middle: Matrix
    let middleNormed: Matrix
    let middleInverse: Matrix
    let gateUp: Matrix
    let gated: Matrix
    private(set) var hidden: [AdapterPlace: Matrix] = [:]

    init(_ c: ModelConfiguration) {
        func empty(_ columns: Int) -> Matrix { Matrix(rowCount: 0, columnCount: columns) }
        input = empty(c.hiddenSize)
        normed = empty(c.hiddenSize)
        inverse = empty(1)
        projected = empty(c.querySize + 2 * c.keyValueSize)
        rotated = empty(c.querySize + c.keyValueSize)
        queryInverse = empty(c.headCount)
        keyInverse = empty(c.keyValueHeadCount)
        attended = empty(c.querySize)
        logSumExp = empty(c.headCount)
        attendedWanted = empty(c.querySize)
        middle = empty(c.hiddenSize)
        middleNormed = empty(c.hiddenSize)
        middleInverse = empty(1)
        gateUp = empty(2 * c.feedForwardSize)
        gated = empty(c.feedForwardSize)
    }

    func resize(rowCount: Int, wantedCount: Int, qkNorm: Bool) {
        for matrix in [input, normed, inverse, projected, attended, logSumExp] {
            matrix.resize(rowCount: rowCount)
        }
        if qkNorm {
            for matrix in [rotated, queryInverse, keyInverse] { matrix.resize(rowCount: rowCount) }
        }
        for matrix in [middle, middleNormed, middleInverse, gateUp, gated] {
            matrix.resize(rowCount: wantedCount)
        }
    }

    /// A·x of a branch, kept for its backward.
    func hidden(_ place: AdapterPlace, count: Int) -> Matrix {
        if let matrix = hidden[place], matrix.columnCount == count { return matrix }
        let matrix = Matrix(rowCount: 0, columnCount: count)
        hidden[place] = matrix
        return matrix
    }
}
