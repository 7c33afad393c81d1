/// Gets the teacher's rows of every example: those captured while sampling, the rest by scoring.
struct TeacherScoring {
    let renderer: ConversationRenderer
    let topK: Int
    let backend: any Backend
    let emit: @Sendable (BakeEvent.Kind) throws -> Void
    var control: BakeControl?

    /// The examples with their targets, in their order; the targets are then in one tensor file.
    func examples(
        _ examples: [Example], targets: inout TeacherTargets
    ) async throws -> [TrainingExample] {
        let rendered = try examples.map { try renderer.rendered($0) }
        let keys = rendered.map { renderer.key(of: $0, topK: topK) }
        var found = zip(keys, rendered).map { key, rendered in
            targets.target(key, for: rendered, topK: topK, renderer: renderer)
        }
        let missing = found.indices.filter { found[$0] == nil }
        var completed = found.count - missing.count
        func report() throws {
            try emit(
                .teacherProgress(TeacherProgress(completed: completed, total: found.count)))
        }
        try report()
        if !missing.isEmpty {
            guard backend.capabilities.contains(.score),
                let scorer = backend as? any TargetScorer
            else { throw BakeError.cannot("scored", model: backend.model.name) }
            try await control?.turn()
            for try await target in scorer.targets(for: missing.map { rendered[$0] }, topK: topK) {
                try Task.checkCancellation()
                try control?.requireGoing()
                guard missing.indices.contains(target.index) else {
                    throw DatasetError.misaligned(
                        row: "\(target.index)", why: "a target for no example")
                }
                let index = missing[target.index]
                if found[index] == nil { completed += 1 }
                try targets.add(target.rows, key: keys[index])
                found[index] = targets.target(
                    keys[index], for: rendered[index], topK: topK, renderer: renderer)
                try report()
            }
            try Task.checkCancellation()
        }
        let result = try found.indices.map { index in
            guard let rows = found[index] else {
                throw DatasetError.misaligned(
                    row: examples[index].id, why: "the teacher's rows do not fit the response")
            }
            return TrainingExample(rendered: rendered[index], rows: rows)
        }
        try targets.complete(keys)
        return result
    }
}
