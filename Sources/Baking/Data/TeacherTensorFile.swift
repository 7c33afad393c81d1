import Foundation
import Transformer

/// `teacher.safetensors`: the teacher's rows of all examples of a bake in their order.
enum TeacherTensorFile {
    /// Writes all rows; every one is K long.
    static func write(_ targets: [(key: String, rows: [TopKRow])], to file: URL) throws {
        let rows = targets.flatMap(\.rows)
        let topK = rows.first?.ids.count ?? 0
        precondition(topK > 0 && rows.allSatisfy { $0.ids.count == topK })
        var starts: [Int64] = [0]
        for target in targets { starts.append(starts[starts.count - 1] + Int64(target.rows.count)) }
        var writer = SafetensorsWriter(
            metadata: ["keys": targets.map(\.key).joined(separator: " ")])
        writer.add(
            "ids", shape: [rows.count, topK], integers: rows.flatMap { $0.ids.map(\.rawValue) })
        writer.add("logprobs", shape: [rows.count, topK], floats: rows.flatMap(\.logprobs))
        writer.add("tailLogMass", shape: [rows.count], floats: rows.map(\.tailLogMass))
        writer.add("starts", shape: [starts.count], longIntegers: starts)
        try writer.write(to: file.path)
    }

    /// Reads them back by key.
    static func read(_ file: URL) throws -> [(key: String, rows: [TopKRow])] {
        let tensors = try SafetensorsFile(path: file.path)
        let keys = (tensors.metadata["keys"] ?? "").split(separator: " ").map(String.init)
        let shape = try tensors.tensor("ids").shape
        guard shape.count == 2, let rowCount = shape.first, let topK = shape.last, topK > 0 else {
            throw RunError.damaged(path: file.path, why: "ids has shape \(shape)")
        }
        _ = try tensors.tensor("logprobs", shape: shape)
        _ = try tensors.tensor("tailLogMass", shape: [rowCount])
        _ = try tensors.tensor("starts", shape: [keys.count + 1])
        let starts = try tensors.integers("starts").map(Int.init)
        guard starts.first == 0, starts.last == rowCount,
            zip(starts, starts.dropFirst()).allSatisfy(<)
        else { throw RunError.damaged(path: file.path, why: "starts do not rise from 0") }
        let ids = try tensors.integers("ids").map(TokenID.init(rawValue:))
        let logprobs = try tensors.floats("logprobs")
        let tails = try tensors.floats("tailLogMass")
        return zip(keys, zip(starts, starts.dropFirst())).map { key, range in
            let rows = (range.0..<range.1).map { row in
                TopKRow(
                    ids: Array(ids[row * topK..<(row + 1) * topK]),
                    logprobs: Array(logprobs[row * topK..<(row + 1) * topK]),
                    tailLogMass: tails[row])
            }
            return (key, rows)
        }
    }
}
