import Foundation
import Transformer

extension BakeJob {
    /// What the job would do, without doing any of it. Times are rough: one step is measured or
    /// estimated by the backend, the rest is taken in proportion.
    public func plan() async throws -> BakePlan {
        let preparation = try BakePreparation(self)
        let run = try preparation.existingRun()
        let trainer = try preparation.trainer()
        let dataset = try run.map { try Dataset($0.url(.dataset)) }
        let planned = preparation.plannedRows
        let imported = preparation.imported?.examples ?? []
        let present = planned.compactMap { dataset?.examples[$0.id] }
            .filter(preparation.rowIdentity.made)
        let kept = imported + present.filter { $0.excluded != true }
        let missing = planned.count - present.count
        let presentIDs = Set(present.map(\.id))
        let cost = try await generator?.estimate(
            for: planned.filter { !presentIDs.contains($0.id) }.map { row in
                let turns = row.query.turns.prefix(row.turn).map { ChatMessage(.user, $0) }
                return GenerationRequest(
                    id: row.id, messages: preparation.renderer.messages(turns, hasPrompt: true),
                    context: try preparation.renderer.teacherContext(turns),
                    temperature: row.temperature, seed: row.seed,
                    maximumTokenCount: configuration.maximumResponseTokens,
                    stopTokens: preparation.renderer.stopTokens)
            })
        let rows =
            (planned.map(\.split) + imported.map(\.split)).filter { $0 == .train }.count
            - present.filter { $0.excluded == true && $0.split == .train }.count
        let steps = configuration.steps(rowCount: rows)
        let isSame = run?.record.identity == preparation.identity
        let done = isSame ? try run?.checkpoints().last?.step ?? 0 : 0

        let batch = try typicalBatch(kept: kept, planned: planned, preparation: preparation)
        let step = try await trainer.estimate(for: batch.typical, rank: configuration.rank)
        let peak = try await trainer.estimate(for: batch.longest, rank: configuration.rank)
        // One reading of a row is about a third of its share in a step; answering reads token by
        // token, about three times as slow.
        let reading = step.seconds / Double(3 * max(batch.typical.count, 1))
        let evaluations = (steps - done) / configuration.evaluateEvery + 2
        let devRows = planned.count + imported.count - rows
        let seconds =
            Double(steps - done) * step.seconds + Double(missing) * 3 * reading
            + Double(evaluations * devRows) * reading
            + Double(queries.test.count) * (4 * 3 + 3 * 3) * reading
        return BakePlan(
            run: run?.name ?? runName ?? "\(prompt.name)-…", continues: run != nil, rows: rows,
            devRows: devRows, rowsPresent: present.count + imported.count, steps: steps,
            stepsDone: done, stepSeconds: step.seconds, seconds: seconds,
            peakByteCount: peak.peakByteCount, cost: cost)
    }

    /// A batch as most will be, and one of the longest responses.
    private func typicalBatch(
        kept: [Example], planned: [PlannedRow], preparation: BakePreparation
    ) throws -> (typical: [TrainingExample], longest: [TrainingExample]) {
        let renderer = preparation.renderer
        let contexts =
            kept.isEmpty
            ? planned.prefix(configuration.batchSize).map { row in
                row.query.turns.prefix(1).map { ChatMessage(.user, $0) }
            } : kept.prefix(configuration.batchSize).map(\.history)
        func batch(responseTokenCount: Int) throws -> [TrainingExample] {
            try contexts.map { turns in
                let teacher = try renderer.teacherContext(turns)
                let limit = renderer.model.contextLength
                guard teacher.count < limit else {
                    throw DatasetError.tooLong(
                        query: turns.last?.content ?? "", contextTokens: teacher.count,
                        responseTokens: responseTokenCount, limit: limit)
                }
                let count = min(responseTokenCount, limit - teacher.count)
                let topK = min(configuration.topK, renderer.model.vocabularySize)
                let row = TopKRow(
                    ids: (0..<topK).map { TokenID($0) },
                    logprobs: Array(repeating: -logf(Float(topK + 1)), count: topK),
                    tailLogMass: -logf(Float(topK + 1)))
                return TrainingExample(
                    rendered: RenderedExample(
                        teacherContext: teacher,
                        studentContext: try renderer.studentContext(turns),
                        responseTokens: Array(
                            repeating: renderer.endOfTurn, count: count)),
                    rows: Array(repeating: row, count: count))
            }
        }
        let lengths = kept.map(\.tokens.count)
        // Without rows yet: what a short persona's answers come to.
        let typical =
            lengths.isEmpty
            ? min(120, configuration.maximumResponseTokens)
            : max(lengths.reduce(0, +) / lengths.count, 1)
        return (
            try batch(responseTokenCount: typical),
            try batch(responseTokenCount: lengths.max() ?? configuration.maximumResponseTokens)
        )
    }
}
