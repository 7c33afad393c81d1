import Foundation
import Transformer

/// The teacher's rows of a run's responses, in memory and on disk.
struct TeacherTargets {
    private let run: Run
    private let file: AppendOnlyFile
    private var rows: [String: [TopKRow]] = [:]
    /// What the tensor file holds, in its order.
    private var keysOnDisk: [String] = []
    /// One line for a person when the tensor file could not be used.
    let warning: String?

    init(_ run: Run) throws {
        self.run = run
        var problem: String?
        let tensors = run.url(.teacherTensors)
        if FileManager.default.fileExists(atPath: tensors.path) {
            do {
                for (key, target) in try TeacherTensorFile.read(tensors) {
                    rows[key] = target
                    keysOnDisk.append(key)
                }
            } catch {
                problem = "\(error); the teacher scores again"
            }
        }
        warning = problem
        let data = try RunFiles.contents(of: run.url(.teacherRows)) ?? Data()
        let (targets, wholeByteCount) = TeacherRowFile.read(data)
        rows.merge(targets) { _, new in new }
        file = try AppendOnlyFile(run.url(.teacherRows), keeping: wholeByteCount)
    }

    /// Rows fit for `rendered`; nil when there are none.
    func target(
        _ key: String, for rendered: RenderedExample, topK: Int, renderer: ConversationRenderer
    ) -> [TopKRow]? {
        guard let rows = rows[key], rows.count == rendered.responseTokens.count else { return nil }
        let width = min(topK, renderer.model.vocabularySize)
        let fits = rows.allSatisfy { row in
            row.ids.count == width && row.ids.allSatisfy(renderer.isToken)
                && row.logprobs.allSatisfy { $0 <= 1e-3 } && row.tailLogMass <= 1e-3
        }
        return fits ? rows : nil
    }

    /// Keeps `target`, on disk before this returns.
    mutating func add(_ target: [TopKRow], key: String) throws {
        try file.append(TeacherRowFile.record(key: key, rows: target))
        try file.synchronize()
        rows[key] = target
    }

    /// Turns the records into the tensor file once the rows of all `keys` are there.
    mutating func complete(_ keys: [String]) throws {
        if keys != keysOnDisk {
            try TeacherTensorFile.write(
                keys.map { ($0, rows[$0] ?? []) }, to: run.url(.teacherTensors))
            keysOnDisk = keys
        }
        try RunFiles.remove(run.url(.teacherRows))
    }
}
