import Foundation
import Transformer

/// Samples the responses that a run's dataset lacks.
struct Generation {
    let renderer: ConversationRenderer
    let configuration: BakeConfiguration
    let identity: RowIdentity
    let generator: any ResponseGenerator
    /// Whether the teacher itself answers, so that its rows can be captured.
    let isTeacher: Bool
    /// The dataset's file.
    let file: AppendOnlyFile
    let emit: @Sendable (BakeEvent.Kind) throws -> Void
    var control: BakeControl?

    /// A row to ask for, with the conversation up to its user's turn.
    private struct Ask {
        var row: PlannedRow
        var turns: [ChatMessage]
    }

    /// Asks for every row of `planned` that `dataset` lacks, one turn after the other, appending
    /// each as it finishes.
    ///
    /// - Parameter planned: Rows in canonical order.
    func complete(
        _ planned: [PlannedRow], dataset: inout Dataset, targets: inout TeacherTargets
    ) async throws {
        let chains = planned.reduce(into: [[PlannedRow]]()) { chains, row in
            if row.turn == 1 { chains.append([row]) } else { chains[chains.count - 1].append(row) }
        }
        var failures: [String: String] = [:]
        var paid: [String: Spending] = [:]
        let paidBefore = dataset.examples.values.reduce(Spending.none) { sum, example in
            identity.made(example) ? sum + (example.spending ?? .none) : sum
        }
        var sampledTokenCount = 0
        let start = ContinuousClock.now
        var completed = chains.reduce(0) { $0 + present($1, in: dataset).count }
        func report() throws {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try emit(
                .generationProgress(
                    GenerationProgress(
                        completed: completed, failed: failures.count, total: planned.count,
                        tokensPerSecond: seconds > 0 ? Double(sampledTokenCount) / seconds : 0,
                        spending: isTeacher ? nil : paid.values.reduce(paidBefore, +))))
        }
        try report()
        while true {
            let asks = chains.compactMap { next($0, in: dataset) }
                .filter { failures[$0.row.id] == nil }
            if asks.isEmpty { break }
            var waiting = Dictionary(asks.map { ($0.row.id, $0) }) { first, _ in first }
            var requests: [GenerationRequest] = []
            for ask in asks {
                if let request = try request(ask) {
                    requests.append(request)
                } else {
                    // Written like any other so that it is not asked for again.
                    let example = example(ask, tokens: [], stop: .length)
                    try append(example, dataset: &dataset)
                    waiting[ask.row.id] = nil
                    completed += 1
                }
            }
            if requests.isEmpty { continue }
            try await control?.turn()
            // What is complete may have been paid for, so a cancellation is looked at after the loop:
            // it ends the stream, but not before what has come already is kept.
            for try await event in generator.generate(
                requests, after: paid.values.reduce(paidBefore, +))
            {
                switch event {
                case .began, .token, .text:
                    try control?.requireGoing()
                    continue
                case .spent(let id, let amount):
                    paid[id] = (paid[id] ?? .none) + amount
                    continue
                case .declined(let id, let reason):
                    guard let ask = waiting.removeValue(forKey: id) else { continue }
                    // Written like any other so that it is not asked for again.
                    var example = example(ask, tokens: [], stop: .end)
                    example.spending = paid[id]
                    try append(example, dataset: &dataset)
                    try emit(.warning(Notice("a response was declined: \(reason)", where: id)))
                    completed += 1
                case .failed(let id, let reason):
                    waiting[id] = nil
                    failures[id] = reason
                case .finished(let response):
                    guard let ask = waiting.removeValue(forKey: response.id) else {
                        throw DatasetError.misaligned(
                            row: response.id, why: "a response to no request")
                    }
                    sampledTokenCount += response.tokens.count
                    try keep(
                        response, to: ask, spending: paid[response.id], dataset: &dataset,
                        targets: &targets)
                    completed += 1
                }
                try report()
                try control?.requireGoing()
            }
            try Task.checkCancellation()
            for id in waiting.keys { failures[id] = "the backend did not answer" }
        }
        try file.synchronize()
        if let first = failures.min(by: { $0.key < $1.key }) {
            throw DatasetError.failedResponses(count: failures.count, first: first.value)
        }
    }

    /// The valid rows at the beginning of a chain of turns.
    func present(_ chain: [PlannedRow], in dataset: Dataset) -> [Example] {
        var turns: [ChatMessage] = []
        var result: [Example] = []
        for row in chain {
            turns.append(ChatMessage(.user, row.query.turns[row.turn - 1]))
            guard let example = dataset.examples[row.id], identity.made(example),
                example.history == turns, example.seed == row.seed,
                example.tokens.allSatisfy(renderer.isToken)
            else { break }
            result.append(example)
            turns = example.messages
        }
        return result
    }

    private func next(_ chain: [PlannedRow], in dataset: Dataset) -> Ask? {
        let present = present(chain, in: dataset)
        guard present.count < chain.count, present.last?.isDeclined != true else { return nil }
        let row = chain[present.count]
        let turn = ChatMessage(.user, row.query.turns[row.turn - 1])
        return Ask(row: row, turns: (present.last?.messages ?? []) + [turn])
    }

    /// nil when a follow-up has no room left for a response.
    private func request(_ ask: Ask) throws -> GenerationRequest? {
        let context = try renderer.teacherContext(ask.turns)
        let room = renderer.model.contextLength - context.count
        if ask.row.turn == 1, room < configuration.maximumResponseTokens {
            throw DatasetError.tooLong(
                query: ask.row.query.turns[0], contextTokens: context.count,
                responseTokens: configuration.maximumResponseTokens,
                limit: renderer.model.contextLength)
        }
        guard room > 0 else { return nil }
        return GenerationRequest(
            id: ask.row.id, messages: renderer.messages(ask.turns, hasPrompt: true),
            context: context, temperature: ask.row.temperature, seed: ask.row.seed,
            maximumTokenCount: min(configuration.maximumResponseTokens, room),
            stopTokens: renderer.stopTokens,
            topK: isTeacher ? configuration.topK : nil)
    }

    private func keep(
        _ response: GeneratedResponse, to ask: Ask, spending: Spending?,
        dataset: inout Dataset, targets: inout TeacherTargets
    ) throws {
        try renderer.check(response.tokens, row: response.id)
        if response.stop == .end {
            guard let last = response.tokens.last, renderer.stopTokens.contains(last)
            else {
                throw DatasetError.misaligned(
                    row: response.id, why: "the response does not end in an end of turn")
            }
        }
        var example = example(ask, tokens: response.tokens, stop: response.stop)
        example.spending = spending
        if isTeacher, let rows = response.rows {
            guard rows.count == response.tokens.count else {
                throw DatasetError.misaligned(
                    row: response.id,
                    why: "\(rows.count) rows for \(response.tokens.count) response tokens")
            }
            let rendered = try renderer.rendered(example)
            try targets.add(rows, key: renderer.key(of: rendered, topK: configuration.topK))
        }
        try append(example, dataset: &dataset)
    }

    private func append(_ example: Example, dataset: inout Dataset) throws {
        var example = example
        // A follow-up that is asked again because an earlier response was edited stays struck.
        if let old = dataset.examples[example.id], identity.made(old), old.isStruckByHand {
            example.excluded = true
        }
        try file.append(try JSONLine.encode(example) + [0x0A])
        dataset.add(example)
    }

    private func example(_ ask: Ask, tokens: [TokenID], stop: StopReason) -> Example {
        let reply = ChatMessage(.assistant, renderer.text(of: tokens, stop: stop))
        return Example(
            messages: ask.turns + [reply], id: ask.row.id, query: ask.row.query.id,
            group: ask.row.query.group, split: ask.row.split, turn: ask.row.turn,
            temperature: ask.row.temperature, seed: ask.row.seed, tokens: tokens, stop: stop,
            generator: identity.generator, prompt: identity.prompt, model: identity.model,
            template: identity.template, sampling: identity.sampling)
    }
}
