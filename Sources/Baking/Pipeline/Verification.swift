import Foundation
import Transformer

/// Why a verification cannot be made.
public enum VerificationError: Error, Hashable, CustomStringConvertible {
    /// There are no test queries.
    case noQueries
    /// The prompted model answered none of them.
    case noResponses

    /// One line for a person.
    public var description: String {
        switch self {
        case .noQueries: "there are no test queries to verify with; add some to the query set"
        case .noResponses: "the prompted model answered no test query; there is nothing to compare"
        }
    }
}

/// Compares teacher, base and student on test queries.
struct Verification {
    let run: Run
    let backend: any Backend
    let checkpoint: Checkpoint
    let strength: Double
    let renderer: ConversationRenderer
    let queries: QuerySet
    let configuration: BakeConfiguration
    let emit: @Sendable (BakeEvent.Kind) throws -> Void
    var control: BakeControl?

    private var adapter: AdapterChoice {
        .checkpoint(checkpoint.directory, strength: strength)
    }

    /// Asks every arm, measures and counts. Replies that are finished are kept in
    /// `verification.jsonl`.
    func report() async throws -> VerificationReport {
        guard !queries.test.isEmpty else { throw VerificationError.noQueries }
        guard backend.capabilities.contains(.measure),
            let meter = backend as? any DivergenceMeter
        else {
            throw BakeError.cannot("measured", model: backend.model.name)
        }
        let replies = try await replies()
        let prompted = replies.filter { $0.arm == .prompted }
        guard !prompted.isEmpty else { throw VerificationError.noResponses }

        var measured: [StudentContext: [Divergence]] = [:]
        var known: [(rendered: [RenderedExample], divergences: [Divergence])] = []
        let contexts =
            [renderer.studentContext]
            + StudentContext.allCases.filter { $0 != renderer.studentContext }
        for context in contexts {
            let rendered = try prompted.map { try self.rendered($0, as: context) }
            // Most templates write two of the three contexts alike.
            if let same = known.first(where: { $0.rendered == rendered }) {
                measured[context] = same.divergences
                continue
            }
            let divergences = try await divergences(of: rendered, meter: meter)
            known.append((rendered, divergences))
            measured[context] = divergences
        }
        return VerificationReport(
            step: checkpoint.step, strength: strength, divergence: meter.divergenceKind,
            checks: queries.checks,
            texts: Dictionary(
                queries.test.map { ($0.id, $0.turns.joined(separator: "\n")) },
                uniquingKeysWith: { first, _ in first }),
            replies: replies, contexts: contexts, measured: measured, seed: configuration.seed)
    }

    private func rendered(
        _ reply: ArmReply, as context: StudentContext
    ) throws -> RenderedExample {
        let turns = Array(reply.messages.dropLast())
        return RenderedExample(
            teacherContext: try renderer.teacherContext(turns),
            studentContext: try renderer.studentContext(turns, as: context),
            responseTokens: reply.tokens)
    }

    private func divergences(
        of rendered: [RenderedExample], meter: any DivergenceMeter
    ) async throws -> [Divergence] {
        var found = [Divergence?](repeating: nil, count: rendered.count)
        try await control?.turn()
        for try await divergence in meter.divergences(of: rendered, adapter: adapter) {
            try Task.checkCancellation()
            try control?.requireGoing()
            guard rendered.indices.contains(divergence.index) else { continue }
            found[divergence.index] = divergence
        }
        try Task.checkCancellation()
        return try zip(found, rendered).map { divergence, rendered in
            let count = rendered.responseTokens.count
            guard let divergence, divergence.base.count == count, divergence.baked.count == count,
                divergence.baseAgrees.count == count, divergence.bakedAgrees.count == count
            else {
                throw DatasetError.misaligned(
                    row: "of a verification", why: "its divergences do not fit the response")
            }
            return divergence
        }
    }

    // MARK: Replies

    /// A reply to ask for.
    private struct Ask {
        var arm: Arm
        var row: PlannedRow
        var turns: [ChatMessage]
        var context: [TokenID]
        var key: String
    }

    /// Every arm's replies to every turn of the test queries, in the order of arms, queries and
    /// turns; each arm's follow-ups stand on its own replies. All arms sample with the same seeds.
    private func replies() async throws -> [ArmReply] {
        guard backend.capabilities.contains(.generate),
            let generator = backend as? any ResponseGenerator
        else {
            throw BakeError.cannot("asked", model: backend.model.name)
        }
        let chains = queries.test.map { query in
            PlannedRow.rows([query], split: .test, temperatures: [1], seed: configuration.seed)
        }
        var replies = try ArmReplies(run.url(.replies))
        let total = Arm.allCases.count * chains.reduce(0) { $0 + $1.count }
        var completed = 0
        var tokenCount = 0
        let start = ContinuousClock.now
        var result: [ArmReply] = []
        for arm in Arm.allCases {
            while true {
                let asks = try chains.compactMap { try next($0, arm: arm, in: replies) }
                if asks.isEmpty { break }
                var waiting = Dictionary(asks.map { ($0.key, $0) }) { first, _ in first }
                try await control?.turn()
                for try await event in generator.generate(asks.map(request)) {
                    try Task.checkCancellation()
                    try control?.requireGoing()
                    switch event {
                    case .began, .token, .text, .spent: continue
                    case .failed(_, let reason), .declined(_, let reason):
                        throw DatasetError.failedResponses(count: 1, first: reason)
                    case .finished(let response):
                        guard let ask = waiting.removeValue(forKey: response.id) else { continue }
                        try renderer.check(response.tokens, row: response.id)
                        try replies.add(reply(response, to: ask))
                        completed += 1
                        tokenCount += response.tokens.count
                        let seconds = (ContinuousClock.now - start) / .seconds(1)
                        try emit(
                            .generationProgress(
                                GenerationProgress(
                                    completed: completed, failed: 0, total: total,
                                    tokensPerSecond: seconds > 0
                                        ? Double(tokenCount) / seconds : 0)))
                    }
                }
                try Task.checkCancellation()
                guard waiting.isEmpty else {
                    throw DatasetError.failedResponses(
                        count: waiting.count, first: "the backend did not answer")
                }
            }
            result += try chains.flatMap { try present($0, arm: arm, in: replies).replies }
            completed = result.count
        }
        return result
    }

    /// The replies a chain of turns has, and what the first without one is asked with; nil when all
    /// have one or none fits the model's context.
    private func present(
        _ chain: [PlannedRow], arm: Arm, in known: ArmReplies
    ) throws -> (replies: [ArmReply], next: Ask?) {
        var turns: [ChatMessage] = []
        var replies: [ArmReply] = []
        for row in chain {
            turns.append(ChatMessage(.user, row.query.turns[row.turn - 1]))
            let context =
                arm.hasPrompt
                ? try renderer.teacherContext(turns) : try renderer.studentContext(turns)
            guard context.count < renderer.model.contextLength else { break }
            let ask = Ask(
                arm: arm, row: row, turns: turns, context: context,
                key: key(arm: arm, row: row, context: context))
            guard let reply = known.replies[ask.key], reply.arm == arm,
                reply.messages.dropLast().elementsEqual(turns), !reply.tokens.isEmpty,
                reply.tokens.allSatisfy(renderer.isToken),
                context.count + reply.tokens.count <= renderer.model.contextLength
            else { return (replies, ask) }
            replies.append(reply)
            turns = reply.messages
        }
        return (replies, nil)
    }

    private func next(_ chain: [PlannedRow], arm: Arm, in known: ArmReplies) throws -> Ask? {
        try present(chain, arm: arm, in: known).next
    }

    private func key(arm: Arm, row: PlannedRow, context: [TokenID]) -> String {
        let adapter =
            arm.hasAdapter
            ? "\(checkpoint.training) \(checkpoint.step) \(strength)" : ""
        return String(
            sha256(
                tokens: context,
                label: [
                    arm.rawValue, row.id, "\(row.seed)", adapter, renderer.model.hash,
                    "\(configuration.maximumResponseTokens)", configuration.arithmetic,
                ].joined(separator: "\n")
            ).prefix(32))
    }

    private func request(_ ask: Ask) -> GenerationRequest {
        GenerationRequest(
            id: ask.key, messages: renderer.messages(ask.turns, hasPrompt: ask.arm.hasPrompt),
            context: ask.context, temperature: ask.row.temperature, seed: ask.row.seed,
            maximumTokenCount: min(
                configuration.maximumResponseTokens,
                renderer.model.contextLength - ask.context.count),
            stopTokens: renderer.stopTokens,
            adapter: ask.arm.hasAdapter ? adapter : .none)
    }

    private func reply(_ response: GeneratedResponse, to ask: Ask) -> ArmReply {
        let text = renderer.text(of: response.tokens, stop: response.stop)
        return ArmReply(
            arm: ask.arm, query: ask.row.query.id, group: ask.row.query.group, turn: ask.row.turn,
            messages: ask.turns + [ChatMessage(.assistant, text)],
            tokens: response.tokens, stop: response.stop, key: ask.key)
    }
}
