import Foundation
import Transformer

/// The sizes of the work: those of the baseline script.
private enum Size {
    static let prompt = 200
    static let user = 20
    static let response = 100
    static let newTokens = 32
    static let batch = 16
    static let rank = 32
    static let topK = 20
    static let queries = 50
    static let temperatures = [0.5, 0.7, 0.9, 1]
    static let epochs = 4
    static let learningRate = 1e-4
}

extension BenchSubject {
    /// A prompt and a user's turn, to the logits of the next token.
    func prefill() throws -> BenchMeasurement {
        let decoder = try decoder
        let tokens = try sampleTokens(Size.prompt + Size.user)
        return try measure(
            decoder.configuration.forward(0..<tokens.count, logits: 1), tokens: tokens.count
        ) {
            try seconds {
                let states = try decoder.hidden(
                    [DecoderInput(tokens, cache: decoder.makeCache())],
                    check: Task.checkCancellation)
                _ = decoder.logits(states)
            }
        }
    }

    /// `count` sequences that begin the same and each take the likeliest next token.
    func decode(_ count: Int) throws -> BenchMeasurement {
        let decoder = try decoder
        let tokens = try sampleTokens(Size.prompt + Size.user)
        let cache = try decoder.prefill([tokens.dropLast()])[0]
        let work = (0..<Size.newTokens).reduce(BenchWork()) { sum, own in
            sum
                + decoder.configuration.decodeStep(
                    count, shared: tokens.count, own: own,
                    weightByteCount: decoder.weightByteCount,
                    cachedByteCount: decoder.cachedByteCount)
        }
        return try measure(work, tokens: count * Size.newTokens) {
            let generator = BatchGenerator(decoder, capacity: count)
            for id in 0..<count {
                generator.submit(
                    GenerationRequest(
                        id: id, after: cache, context: Array(tokens.suffix(1)),
                        sampling: SamplingSettings(temperature: 0), seed: 0,
                        maximumTokenCount: Size.newTokens, stopTokens: []))
            }
            return try seconds { try finish(generator) { _ in } }
        }
    }

    /// The teacher's rows of a batch whose prompt is computed already.
    func teacher() throws -> BenchMeasurement {
        let decoder = try decoder
        let tokens = try sampleTokens(Size.prompt + Size.batch * (Size.user + Size.response))
        let prompt = try decoder.prefill([Array(tokens.prefix(Size.prompt))])[0]
        let responses = cut(tokens.dropFirst(Size.prompt)).map {
            ScoredResponse(after: prompt, context: $0.context, response: $0.response)
        }
        let work = decoder.configuration.forward(
            Size.prompt..<Size.prompt + Size.user + Size.response, logits: Size.response)
        return try measure(Size.batch * work) {
            try seconds {
                let states = try decoder.responseStates(
                    responses, check: Task.checkCancellation)
                for rows in states { _ = decoder.topKRows(rows, topK: Size.topK) }
            }
        }
    }

    /// One optimiser update.
    func step() throws -> BenchMeasurement {
        let decoder = try decoder
        let size = decoder.configuration.vocabularySize
        let logprob = Float(log(0.95 / Double(Size.topK)))
        let examples = try cut(sampleTokens(Size.batch * (Size.user + Size.response))[...]).map {
            let ids = $0.response.flatMap { token in
                (0..<Size.topK).map { TokenID((token.index + $0 * (size / Size.topK)) % size) }
            }
            return TrainingExample(
                context: $0.context, response: $0.response,
                topKRows: try TopKRows(
                    topK: Size.topK, ids: ids, logprobs: ids.map { _ in logprob },
                    tailLogMasses: $0.response.map { _ in Float(log(0.05)) }))
        }
        let trainer = makeTrainer(decoder)
        let work = decoder.configuration.step(
            tokens: Size.user + Size.response, logits: Size.response, rank: Size.rank)
        return try measure(Size.batch * work) {
            try seconds { try update(trainer, examples, decoder) }
        }
    }

    /// The whole job on random tokens: responses of a fixed length, sampled with the teacher's
    /// rows, then all epochs.
    func bakeRandomTokens() throws -> BenchMeasurement {
        let decoder = try decoder
        let tokens = try sampleTokens(Size.prompt + Size.queries * Size.user)
        let count = Size.queries * Size.temperatures.count
        let limit = try floor(of: bakeWork(decoder))
        ProcessMemory.forgetPeak()
        let time = try seconds {
            let prompt = try decoder.prefill([Array(tokens.prefix(Size.prompt))])[0]
            let users = (0..<Size.queries).map { query in
                Array(tokens.dropFirst(Size.prompt + query * Size.user).prefix(Size.user))
            }
            let caches = try decoder.prefill(
                users.map { $0.dropLast() }, after: prompt, check: Task.checkCancellation)
            let generator = BatchGenerator(decoder)
            for id in 0..<count {
                let query = id / Size.temperatures.count
                generator.submit(
                    GenerationRequest(
                        id: id, after: caches[query], context: users[query].suffix(1),
                        sampling: SamplingSettings(
                            temperature: Size.temperatures[id % Size.temperatures.count]),
                        seed: UInt64(id), maximumTokenCount: Size.response, stopTokens: [],
                        capturedTopK: Size.topK))
            }
            var examples: [TrainingExample] = []
            try finish(generator) { sequence in
                examples.append(
                    TrainingExample(
                        context: users[sequence.id / Size.temperatures.count],
                        response: sequence.tokens, topKRows: sequence.topKRows))
            }
            let trainer = makeTrainer(decoder)
            for _ in 0..<Size.epochs {
                for start in stride(from: 0, to: count, by: Size.batch) {
                    let batch = examples[start..<min(start + Size.batch, count)]
                    try update(trainer, Array(batch), decoder)
                }
            }
        }
        return BenchMeasurement(
            values: [time], limit: .init(kind: limit.kind, share: limit.seconds / time))
    }

    /// The teacher's rows come with the sampling and cost nothing.
    private func bakeWork(_ decoder: Transformer.Decoder) -> BenchWork {
        let configuration = decoder.configuration
        let context = Size.prompt + Size.user
        let response = configuration.forward(
            context..<context + Size.response, logits: Size.response)
        let step = configuration.step(
            tokens: Size.user + Size.response, logits: Size.response, rank: Size.rank)
        return configuration.forward(0..<Size.prompt)
            + Size.queries * configuration.forward(Size.prompt..<context)
            + (Size.queries * Size.temperatures.count) * (response + Size.epochs * step)
    }

    // MARK: Parts

    /// - Parameters:
    ///   - tokens: For a figure in tokens a second; nil for one in seconds.
    ///   - run: Gives the seconds it took.
    private func measure(
        _ work: BenchWork, tokens: Int? = nil, _ run: () throws -> Double
    ) throws -> BenchMeasurement {
        let limit = try floor(of: work)
        let times = try runs(run)
        let values = times.map { time in tokens.map { Double($0) / time } ?? time }
        var measurement = BenchMeasurement(values: values)
        let median = measurement.median
        let time = tokens.map { Double($0) / median } ?? median
        measurement.limit = .init(kind: limit.kind, share: limit.seconds / time)
        return measurement
    }

    private func finish(
        _ generator: BatchGenerator, _ use: (GeneratedSequence) -> Void
    ) throws {
        while !generator.isIdle {
            for event in try generator.step(check: Task.checkCancellation) {
                if case .finished(let sequence) = event { use(sequence) }
            }
        }
    }

    private func makeTrainer(_ decoder: Transformer.Decoder) -> AdapterTrainer {
        let adapter = Adapter(
            AdapterConfiguration(
                rank: Size.rank, alpha: Double(Size.rank), targets: AdapterTarget.block),
            for: decoder.configuration)
        adapter.initialize(seed: 0)
        return AdapterTrainer(decoder, adapter, loss: .tail)
    }

    /// One step, cut into parts as a bake cuts it.
    private func update(
        _ trainer: AdapterTrainer, _ batch: [TrainingExample], _ decoder: Transformer.Decoder
    ) throws {
        let total = batch.reduce(0) { $0 + $1.totalWeight }
        let tokens = decoder.partTokenCount(
            memoryByteCount: Int(ProcessInfo.processInfo.physicalMemory))
        let room = max(1, tokens / (Size.user + Size.response))
        for start in stride(from: 0, to: batch.count, by: room) {
            _ = try trainer.accumulate(
                Array(batch[start..<min(start + room, batch.count)]), totalWeight: total,
                check: Task.checkCancellation)
        }
        trainer.update(rate: Size.learningRate, maximumNorm: 1)
    }

    /// Random tokens, always the same.
    private func sampleTokens(_ count: Int) throws -> [TokenID] {
        let size = try decoder.configuration.vocabularySize
        var generator = SeededGenerator(seed: 0)
        return (0..<count).map { _ in TokenID(Int.random(in: 0..<size, using: &generator)) }
    }

    /// A batch of user's turns and responses, one after the other.
    private func cut(
        _ tokens: ArraySlice<TokenID>
    ) -> [(context: [TokenID], response: [TokenID])] {
        (0..<Size.batch).map { index in
            let example = tokens.dropFirst(index * (Size.user + Size.response))
            return (
                Array(example.prefix(Size.user)),
                Array(example.dropFirst(Size.user).prefix(Size.response))
            )
        }
    }
}
