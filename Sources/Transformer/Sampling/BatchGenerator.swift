/// Continues many sequences at once; one that ends leaves its place to the next that waits.
///
/// ```swift
/// let generator = BatchGenerator(decoder, adapter: nil, capacity: 64)
/// let prompt = try decoder.prefill([promptTokens])[0]
/// for row in rows {
///     generator.submit(GenerationRequest(id: row.id, after: prompt, context: row.context, …))
/// }
/// while !generator.isIdle {
///     for event in try generator.step(check: check) { … }
/// }
/// ```
///
/// The tokens of a sequence follow from its context, settings and seed alone, bit for bit, and so
/// do the captured rows: not from the others, the capacity or the number of threads.
///
/// A step that throws changed nothing and can be made again. All caches must have been filled with
/// the same adapter and strength. Not synchronised.
package final class BatchGenerator {
    private struct Active {
        let request: GenerationRequest
        let cache: KVCache
        var sampler: Sampler
        /// Not yet in the cache: the rest of the context, or the last token.
        var pending: [TokenID]
        var tokens: [TokenID] = []
        var rows: TopKRows?
    }

    private let decoder: Decoder
    private let adapter: AppliedAdapter?
    private let capacity: Int
    private let stepTokenCount: Int
    private var waiting: [GenerationRequest] = []
    private var nextWaiting = 0
    private var active: [Active] = []
    private let logits: Matrix

    /// - Parameters:
    ///   - capacity: Sequences at once; at least 1.
    ///   - stepTokenCount: The most tokens of one step, contexts included; longer contexts take
    ///     several steps.
    package init(
        _ decoder: Decoder, adapter: AppliedAdapter? = nil, capacity: Int = 64,
        stepTokenCount: Int = 1024
    ) {
        precondition(capacity >= 1 && stepTokenCount >= capacity)
        self.decoder = decoder
        self.adapter = adapter
        self.capacity = capacity
        self.stepTokenCount = stepTokenCount
        logits = Matrix(rowCount: 0, columnCount: decoder.configuration.vocabularySize)
    }

    /// Whether nothing is left to do.
    package var isIdle: Bool { active.isEmpty && nextWaiting == waiting.count }

    /// Sequences that are being continued.
    package var activeCount: Int { active.count }

    /// Sequences that wait for a place.
    package var waitingCount: Int { waiting.count - nextWaiting }

    /// Adds a sequence at the end of the queue.
    package func submit(_ request: GenerationRequest) {
        precondition(request.capturedTopK ?? 1 <= decoder.configuration.vocabularySize)
        waiting.append(request)
    }

    /// Gives up a sequence, waiting or not; nothing more is heard of it.
    package func cancel(id: Int) {
        active.removeAll { $0.request.id == id }
        waiting.removeFirst(nextWaiting)
        nextWaiting = 0
        waiting.removeAll { $0.id == id }
    }

    /// Takes the next token of every sequence whose context is through, and some of the contexts
    /// of the others.
    ///
    /// - Parameter check: Called once per layer; throws to stop.
    package func step(check: () throws -> Void = {}) throws -> [GenerationEvent] {
        admit()
        guard !active.isEmpty else { return [] }
        var room = stepTokenCount - active.count
        var members: [(index: Int, count: Int)] = []
        for (index, sequence) in active.enumerated() {
            let count = 1 + min(sequence.pending.count - 1, room)
            room -= count - 1
            members.append((index, count))
        }
        let inputs = members.map { member in
            let sequence = active[member.index]
            let isThrough = member.count == sequence.pending.count
            return DecoderInput(
                Array(sequence.pending.prefix(member.count)), cache: sequence.cache,
                wanted: (isThrough ? member.count - 1 : member.count)..<member.count)
        }
        let hidden = try decoder.hidden(inputs, adapter: adapter, check: check)
        var through: [Int] = []
        for member in members {
            active[member.index].pending.removeFirst(member.count)
            if active[member.index].pending.isEmpty { through.append(member.index) }
        }
        var events: [GenerationEvent] = []
        for start in stride(from: 0, to: through.count, by: Decoder.chunkRowCount) {
            let range = start..<min(start + Decoder.chunkRowCount, through.count)
            decoder.unembed(
                hidden.rows.rows(range), into: logits, hidden: nil, adapter: adapter)
            draw(for: Array(through[range]), &events)
        }
        active.removeAll { $0.pending.isEmpty }
        return events
    }

    private func admit() {
        while active.count < capacity && nextWaiting < waiting.count {
            let request = waiting[nextWaiting]
            nextWaiting += 1
            active.append(
                Active(
                    request: request, cache: request.cache?.fork() ?? decoder.makeCache(),
                    sampler: Sampler(request.sampling, seed: request.seed),
                    pending: request.context,
                    rows: request.capturedTopK.map { TopKRows(topK: $0) }))
        }
        if nextWaiting == waiting.count {
            waiting.removeAll()
            nextWaiting = 0
        }
    }

    /// Draws from the rows of ``logits`` for these sequences, in order. Who goes on gets its token
    /// as pending.
    private func draw(for indices: [Int], _ events: inout [GenerationEvent]) {
        var captured: [Int: TopKRows] = [:]
        for topK in Set(indices.compactMap { active[$0].request.capturedTopK }) {
            captured[topK] = TopKRows(
                of: logits, topK: topK, pool: decoder.pool)
        }
        var samplers = indices.map { active[$0].sampler }
        let tokens = Sampler.draw(logits.rows, with: &samplers, pool: decoder.pool)
        for (row, index) in indices.enumerated() {
            let request = active[index].request
            let token = tokens[row]
            active[index].sampler = samplers[row]
            active[index].tokens.append(token)
            if let topK = request.capturedTopK, let rows = captured[topK] {
                active[index].rows?.append(rows[row])
            }
            events.append(.token(id: request.id, token))
            let hasEnded = request.stopTokens.contains(token)
            guard hasEnded || active[index].tokens.count == request.maximumTokenCount else {
                active[index].pending = [token]
                continue
            }
            events.append(
                .finished(
                    GeneratedSequence(
                        id: request.id, tokens: active[index].tokens,
                        stopReason: hasEnded ? .end : .length, topKRows: active[index].rows,
                        cache: active[index].cache)))
        }
    }
}
