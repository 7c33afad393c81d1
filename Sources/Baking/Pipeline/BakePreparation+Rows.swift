import Foundation
import Transformer

extension BakePreparation {
    /// The rows of a bake, ready to train on and to evaluate.
    struct Rows {
        var train: [TrainingExample]
        var dev: [TrainingExample]
    }

    /// The rows that are generated: all, or where rows were brought along only the dev rows that
    /// those lack.
    var plannedRows: [PlannedRow] {
        let rows = PlannedRow.rows(job.queries, configuration: job.configuration)
        guard let imported else { return rows }
        if imported.examples.contains(where: { $0.split == .dev }) { return [] }
        return rows.filter { $0.split == .dev }
    }

    /// Completes dataset and teacher's rows of `run`.
    func completeRows(of run: Run, recorder: RunRecorder) async throws -> Rows {
        var dataset = try Dataset(run.url(.dataset))
        var targets = try TeacherTargets(run)
        if dataset.droppedTail {
            try recorder(
                .warning(
                    Notice(
                        "the last line was torn and is dropped", where: run.url(.dataset).path)))
        }
        if let warning = targets.warning { try recorder(.warning(Notice(warning))) }
        let file = try AppendOnlyFile(run.url(.dataset), keeping: dataset.wholeByteCount)
        func write(_ example: Example) throws {
            try file.append(try JSONLine.encode(example) + [0x0A])
            dataset.add(example)
        }
        for example in imported?.examples ?? [] where dataset.examples[example.id] != example {
            let old = dataset.examples[example.id]
            if let old, rowIdentity.made(old),
                old.tokens == example.tokens || old.isWrittenByHand
            {
                continue
            }
            try write(example)
        }
        for example in dataset.inOrder where rowIdentity.made(example) {
            guard let tokens = try tokensIfEdited(example) else { continue }
            var edited = example
            edited.tokens = tokens
            edited.stop = .end
            try write(edited)
        }

        let planned = plannedRows
        if !planned.isEmpty {
            let generator = try self.generator()
            let generation = Generation(
                renderer: renderer, configuration: job.configuration, identity: rowIdentity,
                generator: generator, isTeacher: job.generator == nil, file: file,
                emit: { try recorder($0) }, control: job.control)
            try await generation.complete(planned, dataset: &dataset, targets: &targets)
        }

        let ids = (imported?.examples.map(\.id) ?? []) + planned.map(\.id)
        let all = ids.compactMap { dataset.examples[$0] }
        let reasons = Exclusion.reasons(
            for: all.filter { $0.generator != "dataset" && !$0.isWrittenByHand })
        for example in all where !example.isStruckByHand && example.reason != reasons[example.id] {
            var marked = example
            marked.reason = reasons[example.id]
            marked.excluded = marked.reason == nil ? nil : true
            try write(marked)
        }
        try file.synchronize()
        let kept = ids.compactMap { dataset.examples[$0] }.filter { $0.excluded != true }
        try report(all: all, kept: kept, reasons: reasons, recorder: recorder)

        let scoring = TeacherScoring(
            renderer: renderer, topK: job.configuration.topK, backend: job.backend,
            emit: { try recorder($0) }, control: job.control)
        let examples = try await scoring.examples(kept, targets: &targets)
        let parts = zip(kept, examples)
        return Rows(
            train: parts.filter { $0.0.split == .train }.map(\.1),
            dev: parts.filter { $0.0.split == .dev }.map(\.1))
    }

    private func generator() throws -> any ResponseGenerator {
        if let generator = job.generator { return generator }
        guard job.backend.capabilities.contains(.generate),
            let generator = job.backend as? any ResponseGenerator
        else {
            throw BakeError.cannot("asked", model: job.backend.model.name)
        }
        return generator
    }

    /// The tokens of a response whose text a person changed; nil for one as it was made.
    private func tokensIfEdited(_ example: Example) throws -> [TokenID]? {
        guard !example.tokens.isEmpty, example.tokens.allSatisfy(renderer.isToken),
            renderer.text(of: example.tokens, stop: example.stop) != example.response
        else { return nil }
        let tokens = try renderer.tokens(ofLast: example.messages)
        return tokens == example.tokens ? nil : tokens
    }

    /// Says how many rows are kept out and why; refuses to go on without one.
    private func report(
        all: [Example], kept: [Example], reasons: [String: ExclusionReason], recorder: RunRecorder
    ) throws {
        let counts = ExclusionReason.allCases.compactMap { reason in
            let count = reasons.values.filter { $0 == reason }.count
            return count == 0 ? nil : "\(count) \(reason.rawValue)"
        }
        let struck = all.filter(\.isStruckByHand).count
        let words = (counts + (struck == 0 ? [] : ["\(struck) struck by hand"]))
            .joined(separator: ", ")
        guard kept.contains(where: { $0.split == .train }) else {
            throw DatasetError.noUsableRows(
                total: all.filter { $0.split == .train }.count, reasons: words)
        }
        guard kept.count < all.count else { return }
        try recorder(
            .warning(
                Notice("\(all.count - kept.count) of \(all.count) rows are kept out: \(words)")))
    }
}
