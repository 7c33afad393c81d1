/// What a backward pass writes on its way, used again by every layer.
final class BackwardBuffers {
    /// Gradient of the residual stream at the wanted rows.
    let dFinal: Matrix
    /// Gradient of the residual stream at all rows.
    let dResidual: Matrix
    let dNormed: Matrix
    let dGated: Matrix
    let dGateUp: Matrix
    let dAttendedWanted: Matrix
    let dAttended: Matrix
    let dProjected: Matrix
    /// Of rotated q and k where they are normed; otherwise those of ``dProjected``.
    let dRotated: Matrix
    let attentionScratch = Matrix(rowCount: 0, columnCount: 1)
    private var dHidden: [Int: Matrix] = [:]

    init(_ c: ModelConfiguration) {
        func empty(_ columns: Int) -> Matrix { Matrix(rowCount: 0, columnCount: columns) }
        dFinal = empty(c.hiddenSize)
        dResidual = empty(c.hiddenSize)
        dNormed = empty(c.hiddenSize)
        dGated = empty(c.feedForwardSize)
        dGateUp = empty(2 * c.feedForwardSize)
        dAttendedWanted = empty(c.querySize)
        dAttended = empty(c.querySize)
        dProjected = empty(c.querySize + 2 * c.keyValueSize)
        dRotated = empty(c.querySize + c.keyValueSize)
    }

    /// For the gradient of an adapter branch's A·x.
    func dHidden(columnCount: Int) -> Matrix {
        if let matrix = dHidden[columnCount] { return matrix }
        let matrix = Matrix(rowCount: 0, columnCount: columnCount)
        dHidden[columnCount] = matrix
        return matrix
    }
}

extension Matrix {
    /// A cleared matrix of so many rows.
    func cleared(rowCount: Int) -> Rows {
        resize(rowCount: rowCount)
        clear()
        return rows
    }
}

/// Where gradients are added; what is nil is not wanted.
package struct GradientSinks {
    /// Of the adapter's parameters.
    var adapter: ParameterSet?
    /// Of the base weights.
    var base: BaseGradient?

    init(adapter: ParameterSet? = nil, base: BaseGradient?) {
        self.adapter = adapter
        self.base = base
    }

    package init(adapter: ParameterSet?) { self.init(adapter: adapter, base: nil) }
}
