extension Decoder {
    /// Runs all layers over the packed rows of all inputs.
    ///
    /// - Parameter activations: Where the layers write; a backward pass may follow if it saves.
    /// - Returns: `[W, D]`, normed.
    package func forward(
        _ inputs: [DecoderInput], adapter: AppliedAdapter?, saving activations: Activations,
        check: () throws -> Void
    ) throws -> Matrix {
        try prepare(inputs, activations)
        // A strength of 0 is the base model without detours.
        let adapter = adapter.flatMap { $0.strength == 0 && !activations.isSaving ? nil : $0 }
        do {
            let first = activations.layer(0).input
            first.resize(rowCount: activations.tokens.count)
            withExtendedLifetime(embedding.owner) {
                Kernels.embedding(
                    first.rows, table: embedding.bytes, type: embedding.type,
                    ids: activations.tokens, pool: pool)
            }
            for index in 0..<configuration.layerCount {
                try check()
                activations.keepInput(of: index)
                run(index, activations, adapter)
            }
        } catch {
            for input in inputs {
                input.cache?.truncate(to: (input.cache?.count ?? 0) - input.tokens.count)
            }
            throw error
        }
        let wantedCount = activations.wanted.count
        let result = Matrix(rowCount: wantedCount, columnCount: configuration.hiddenSize)
        activations.finalInverse.resize(rowCount: wantedCount)
        Kernels.rmsNorm(
            result.rows, saving: activations.finalInverse.rows, activations.final.rows,
            weight: finalNorm.rows, epsilon: epsilon, pool: pool)
        return result
    }

    var epsilon: Float { Float(configuration.normEpsilon) }

    /// Checks the tokens, makes room in the caches and lays out the rows.
    private func prepare(_ inputs: [DecoderInput], _ activations: Activations) throws {
        for input in inputs {
            guard !input.tokens.isEmpty else { throw DecoderError.emptySequence }
            for token in input.tokens
            where token.index < 0 || token.index >= configuration.vocabularySize {
                throw DecoderError.unknownToken(
                    token, vocabularySize: configuration.vocabularySize)
            }
        }
        var plan = AttentionPlan()
        var tokens: [Int32] = []
        var wanted: [Int32] = []
        for input in inputs {
            let cache = input.cache ?? KVCache(shape: transientShape)
            precondition(input.cache.map { $0.fits(cacheShape) } ?? true)
            precondition(!activations.isSaving || input.cache == nil, "no gradient of a cache")
            cache.extend(by: input.tokens.count)
            wanted += input.wanted.map { Int32(tokens.count + $0) }
            plan.append(rowCount: input.tokens.count, cache: cache)
            tokens += input.tokens.map(\.rawValue)
        }
        activations.plan = plan
        activations.tokens = tokens
        activations.wanted = wanted
        rotary.reserve(plan.keyCount)
    }

    /// Keys that nobody reads after their layer: one layer's memory serves all.
    private var transientShape: KVShape {
        var shape = cacheShape
        shape.layerCount = 1
        return shape
    }

    /// One layer, from its input to the next one's.
    func run(_ index: Int, _ activations: Activations, _ adapter: AppliedAdapter?) {
        let layer = layers[index]
        let a = activations.layer(index)
        let isLast = index == configuration.layerCount - 1
        let tokenCount = activations.tokens.count
        let rowCount = isLast ? activations.wanted.count : tokenCount
        a.resize(rowCount: tokenCount, wantedCount: rowCount, qkNorm: configuration.qkNorm)
        let branches = adapter?.adapter.layers[index] ?? [:]
        func adapt(_ place: AdapterPlace, _ x: Rows, _ y: Rows) {
            guard let adapter, let branch = branches[place] else { return }
            branch.forward(
                x, hidden: a.hidden(place, count: branch.hiddenCount), into: y,
                factor: adapter.factor, compute)
        }

        Kernels.rmsNorm(
            a.normed.rows, saving: a.inverse.rows, a.input.rows, weight: layer.inputNorm.rows,
            epsilon: epsilon, pool: pool)
        layer.attentionInput.multiply(a.normed.rows, into: a.projected.rows, compute)
        if let bias = layer.attentionInputBias {
            Kernels.addBias(a.projected.rows, bias: bias.rows, pool: pool)
        }
        adapt(.attentionInput, a.normed.rows, a.projected.rows)
        attend(layer, a, activations, cacheLayer: index)

        var attended = a.attended.rows
        if isLast && !activations.wantsAll {
            a.attendedWanted.resize(rowCount: rowCount)
            Kernels.gather(
                a.attendedWanted.rows, attended, rows: activations.wanted, pool: pool)
            Kernels.gather(a.middle.rows, a.input.rows, rows: activations.wanted, pool: pool)
            attended = a.attendedWanted.rows
        } else {
            a.middle.copy(from: a.input)
        }
        layer.attentionOutput.multiply(attended, into: a.middle.rows, accumulate: true, compute)
        if let bias = layer.attentionOutputBias {
            Kernels.addBias(a.middle.rows, bias: bias.rows, pool: pool)
        }
        adapt(.attentionOutput, attended, a.middle.rows)

        Kernels.rmsNorm(
            a.middleNormed.rows, saving: a.middleInverse.rows, a.middle.rows,
            weight: layer.feedForwardNorm.rows, epsilon: epsilon, pool: pool)
        layer.feedForwardInput.multiply(a.middleNormed.rows, into: a.gateUp.rows, compute)
        adapt(.feedForwardInput, a.middleNormed.rows, a.gateUp.rows)
        Kernels.swiglu(a.gated.rows, gateUp: a.gateUp.rows, pool: pool)
        let next = isLast ? activations.final : activations.layer(index + 1).input
        next.resize(rowCount: rowCount)
        next.copy(from: a.middle)
        layer.feedForwardOutput.multiply(a.gated.rows, into: next.rows, accumulate: true, compute)
        adapt(.feedForwardOutput, a.gated.rows, next.rows)
    }

    /// From ``LayerActivations/projected`` to ``LayerActivations/attended``.
    private func attend(
        _ layer: DecoderLayer, _ a: LayerActivations, _ activations: Activations, cacheLayer: Int
    ) {
        let slices = AttentionSlices(a, configuration)
        if let queryNorm = layer.queryNorm, let keyNorm = layer.keyNorm {
            Kernels.rmsNorm(
                slices.queries, saving: a.queryInverse.rows, slices.projectedQueries,
                weight: queryNorm.rows, epsilon: epsilon, pool: pool)
            Kernels.rmsNorm(
                slices.keys, saving: a.keyInverse.rows, slices.projectedKeys,
                weight: keyNorm.rows, epsilon: epsilon, pool: pool)
        }
        let plan = activations.plan
        Kernels.rope(slices.queriesAndKeys, rotary, positions: plan.positions, pool: pool)
        plan.attend(
            out: a.attended.rows, logSumExp: a.logSumExp.rows, queries: slices.queries,
            keys: slices.keys, values: slices.values, layer: cacheLayer,
            headSize: configuration.headSize, scratch: activations.attentionScratch, pool: pool)
    }
}

/// Where queries, keys and values stand in the columns of a layer's activations.
struct AttentionSlices {
    let projectedQueries: Rows
    let projectedKeys: Rows
    let values: Rows
    /// After norm and rotation.
    let queriesAndKeys: Rows
    let queries: Rows
    let keys: Rows

    init(_ a: LayerActivations, _ c: ModelConfiguration) {
        self.init(
            projected: a.projected.rows, rotated: c.qkNorm ? a.rotated.rows : a.projected.rows, c)
    }

    /// - Parameter rotated: `projected` again where q and k are not normed.
    init(projected: Rows, rotated: Rows, _ c: ModelConfiguration) {
        let keyStart = c.querySize
        let valueStart = c.querySize + c.keyValueSize
        projectedQueries = projected.columns(0..<keyStart)
        projectedKeys = projected.columns(keyStart..<valueStart)
        values = projected.columns(valueStart..<valueStart + c.keyValueSize)
        queriesAndKeys = rotated.columns(0..<valueStart)
        queries = queriesAndKeys.columns(0..<keyStart)
        keys = queriesAndKeys.columns(keyStart..<valueStart)
    }
}
