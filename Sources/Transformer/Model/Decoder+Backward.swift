extension Decoder {
    /// Adds the gradients of everything wanted, from that of the final hidden states.
    ///
    /// Every element of a gradient adds up its tokens one after the other, so that a batch cut
    /// between sequences into several calls gives the same bits.
    ///
    /// - Parameters:
    ///   - dHidden: `[W, D]`, of what ``forward(_:adapter:saving:check:)`` returned.
    ///   - activations: Of that call.
    package func backward(
        _ dHidden: Matrix, _ activations: Activations, adapter: AppliedAdapter?,
        into sinks: GradientSinks, check: () throws -> Void
    ) throws {
        let buffers = activations.buffers(configuration)
        var d = buffers.dFinal.cleared(rowCount: dHidden.rowCount)
        Kernels.rmsNormBackward(
            dx: d, dWeight: sinks.base?.parameters.rows(from: "model.norm.weight"),
            dy: dHidden.rows, x: activations.final.rows,
            inverse: activations.finalInverse.rows, weight: finalNorm.rows, pool: pool)
        // Nothing below the lowest adapter has a gradient that anyone wants.
        let end = sinks.base == nil ? adapter?.adapter.firstLayer ?? 0 : 0
        guard end < configuration.layerCount else { return }
        for index in stride(from: configuration.layerCount - 1, through: end, by: -1) {
            try check()
            var lowest: AdapterPlace?
            if sinks.base == nil && index == end {
                lowest = AdapterPlace.inLayer.first {
                    adapter?.adapter.layers[index][$0] != nil
                }
            }
            if activations.kept == .inputs {
                activations.restoreInput(of: index)
                run(index, activations, adapter)
                // There it wrote the next layer's.
                activations.restoreInput(of: index)
            }
            let pass = LayerBackward(
                decoder: self, index: index, activations: activations, buffers: buffers,
                adapter: adapter, sinks: sinks, lowest: lowest)
            d = pass.run(d)
        }
        sinks.base?.addEmbedding(dy: d, ids: activations.tokens, pool: pool)
    }
}

/// The backward pass of one layer.
private struct LayerBackward {
    let decoder: Decoder
    let index: Int
    let activations: Activations
    let buffers: BackwardBuffers
    let adapter: AppliedAdapter?
    let sinks: GradientSinks
    /// The place below which no gradient is wanted; nil when the layer's input needs one.
    let lowest: AdapterPlace?

    private var layer: DecoderLayer { decoder.layers[index] }
    private var a: LayerActivations { activations.layer(index) }
    private var compute: Compute { decoder.compute }
    private var pool: ThreadPool { decoder.pool }

    /// From the gradient of the layer's result to that of its input.
    ///
    /// - Parameter d: Overwritten.
    func run(_ d: Rows) -> Rows {
        let dGated = buffers.dGated.cleared(rowCount: d.count)
        product(.feedForwardOutput, layer.feedForwardOutput, dy: d, x: a.gated.rows, dx: dGated)
        if lowest == .feedForwardOutput { return d }
        let dGateUp = buffers.dGateUp.cleared(rowCount: d.count)
        Kernels.swigluBackward(dGateUp: dGateUp, dy: dGated, gateUp: a.gateUp.rows, pool: pool)
        let dMiddle = buffers.dNormed.cleared(rowCount: d.count)
        product(
            .feedForwardInput, layer.feedForwardInput, dy: dGateUp, x: a.middleNormed.rows,
            dx: dMiddle)
        if lowest == .feedForwardInput { return d }
        Kernels.rmsNormBackward(
            dx: d, dWeight: vector("post_attention_layernorm.weight"), dy: dMiddle,
            x: a.middle.rows, inverse: a.middleInverse.rows, weight: layer.feedForwardNorm.rows,
            pool: pool)
        return attention(d)
    }

    private func attention(_ d: Rows) -> Rows {
        let isCut = index == decoder.configuration.layerCount - 1 && !activations.wantsAll
        var d = d
        var dAttended = buffers.dAttendedWanted.cleared(rowCount: d.count)
        if layer.attentionOutputBias != nil, let dBias = vector("self_attn.o_proj.bias") {
            Kernels.addBiasBackward(dBias: dBias, dy: d, pool: pool)
        }
        product(
            .attentionOutput, layer.attentionOutput, dy: d,
            x: isCut ? a.attendedWanted.rows : a.attended.rows, dx: dAttended)
        if lowest == .attentionOutput { return d }
        if isCut {
            let rows = activations.wanted
            let dAll = buffers.dAttended.cleared(rowCount: activations.tokens.count)
            Kernels.gatherBackward(dx: dAll, dy: dAttended, rows: rows, pool: pool)
            dAttended = dAll
            let dInput = buffers.dResidual.cleared(rowCount: activations.tokens.count)
            Kernels.gatherBackward(dx: dInput, dy: d, rows: rows, pool: pool)
            d = dInput
        }
        let dProjected = projectedGradient(dAttended)
        if let dBias = sinks.base?.rows(index, [.query, .key, .value], "bias") {
            Kernels.addBiasBackward(dBias: dBias, dy: dProjected, pool: pool)
        }
        let dNormed = buffers.dNormed.cleared(rowCount: d.count)
        product(
            .attentionInput, layer.attentionInput, dy: dProjected, x: a.normed.rows, dx: dNormed)
        if lowest == .attentionInput { return d }
        Kernels.rmsNormBackward(
            dx: d, dWeight: vector("input_layernorm.weight"), dy: dNormed, x: a.input.rows,
            inverse: a.inverse.rows, weight: layer.inputNorm.rows, pool: pool)
        return d
    }

    /// From the gradient of the heads' results to that of q, k and v as the product gave them.
    private func projectedGradient(_ dAttended: Rows) -> Rows {
        let configuration = decoder.configuration
        let isNormed = configuration.qkNorm
        let dProjected = buffers.dProjected.cleared(rowCount: dAttended.count)
        let dRotated = isNormed ? buffers.dRotated.cleared(rowCount: dAttended.count) : dProjected
        let forward = AttentionSlices(a, configuration)
        let slices = AttentionSlices(
            projected: dProjected, rotated: dRotated, configuration)
        activations.plan.attendBackward(
            dQueries: slices.queries, dKeys: slices.keys, dValues: slices.values, dOut: dAttended,
            out: a.attended.rows, logSumExp: a.logSumExp.rows, queries: forward.queries,
            keys: forward.keys, values: forward.values, headSize: configuration.headSize,
            scratch: buffers.attentionScratch, pool: pool)
        Kernels.rope(
            slices.queriesAndKeys, inverse: true, decoder.rotary,
            positions: activations.plan.positions, pool: pool)
        if let queryNorm = layer.queryNorm, let keyNorm = layer.keyNorm {
            Kernels.rmsNormBackward(
                dx: slices.projectedQueries, dWeight: vector("self_attn.q_norm.weight"),
                dy: slices.queries, x: forward.projectedQueries, inverse: a.queryInverse.rows,
                weight: queryNorm.rows, pool: pool)
            Kernels.rmsNormBackward(
                dx: slices.projectedKeys, dWeight: vector("self_attn.k_norm.weight"),
                dy: slices.keys, x: forward.projectedKeys, inverse: a.keyInverse.rows,
                weight: keyNorm.rows, pool: pool)
        }
        return dProjected
    }

    /// The gradients of one product and of the adapter beside it.
    private func product(
        _ place: AdapterPlace, _ matrix: PackedMatrix, dy: Rows, x: Rows, dx: Rows
    ) {
        let isWanted = lowest != place
        if isWanted { matrix.multiplyBackward(dy, addingTo: dx, compute) }
        if let adapter, let gradient = sinks.adapter,
            let branch = adapter.adapter.layers[index][place]
        {
            branch.backward(
                dy: dy, x: x, hidden: a.hidden(place, count: branch.hiddenCount),
                dx: isWanted ? dx : nil, gradient: gradient, factor: adapter.factor,
                dHidden: buffers.dHidden(columnCount: branch.hiddenCount), compute)
        }
        if let dw = sinks.base?.rows(index, place.targets, "weight") {
            PackedMatrix.addWeightGradient(to: dw, dy: dy, x: x, compute)
        }
    }

    private func vector(_ name: String) -> Rows? {
        sinks.base?.parameters.rows(from: "model.layers.\(index).\(name)")
    }
}
