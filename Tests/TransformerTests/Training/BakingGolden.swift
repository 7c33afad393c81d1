import Foundation
import TestSupport
import Testing

@testable import Transformer

/// The golden baking data: examples, an adapter's configuration, and its tensors by PEFT's names.
struct BakingGolden {
    let manifest: GoldenManifest
    let model: GoldenModel
    let configuration: AdapterConfiguration
    let studentIDs: [[TokenID]]
    let teacherIDs: [[TokenID]]
    let responses: [[TokenID]]
    let topKRows: [TopKRows]

    init() throws {
        manifest = try GoldenManifest("baking/manifest.json")
        model = try GoldenModel("models/\(try manifest["model"].string)")
        configuration = AdapterConfiguration(
            rank: try manifest["rank"].integer, alpha: try manifest["alpha"].number,
            targets: try manifest["targets"].elements.compactMap {
                AdapterTarget(rawValue: try $0.string)
            })
        let batch = try SafetensorsFile.golden("baking/batch")
        let names = try manifest["examples"].elements.indices.map { "ex\($0)." }
        studentIDs = try names.map { try batch.tokens($0 + "student_ids") }
        teacherIDs = try names.map { try batch.tokens($0 + "teacher_ids") }
        responses = try names.map { try batch.tokens($0 + "response_ids") }
        let topK = try manifest["top_k"].integer
        topKRows = try names.map {
            try TopKRows(
                topK: topK, ids: batch.tokens($0 + "teacher_top_id"),
                logprobs: batch.floats($0 + "teacher_top_logprob"),
                tailLogMasses: batch.floats($0 + "teacher_tail_logmass"))
        }
    }

    /// - Parameter decoder: The teacher, for the losses over all tokens.
    func examples(_ decoder: Decoder, weights: [[Float]]? = nil) throws -> [TrainingExample] {
        try studentIDs.indices.map { index in
            let count = responses[index].count
            let teacher = teacherIDs[index]
            #expect(Array(teacher.suffix(count)) == responses[index])
            #expect(Array(studentIDs[index].suffix(count)) == responses[index])
            let hidden = try decoder.hidden([
                DecoderInput(
                    teacher, wanted: teacher.count - count - 1..<teacher.count - 1)
            ])
            return TrainingExample(
                context: studentIDs[index].dropLast(count), response: responses[index],
                topKRows: topKRows[index], teacherHidden: hidden, weights: weights?[index])
        }
    }

    func adapter(_ path: String) throws -> Adapter {
        let adapter = Adapter(configuration, for: model.configuration)
        let file = try SafetensorsFile.golden(path)
        for entry in adapter.parameters.entries {
            _ = adapter.parameters[entry.name].update(
                from: try file.tensor(Self.prefix + entry.name, shape: entry.shape).floats())
        }
        return adapter
    }

    /// A file's tensors in the order of a parameter set.
    static func numbers(
        _ path: String, like set: ParameterSet, prefix: String = Self.prefix
    ) throws -> [Float] {
        let file = try SafetensorsFile.golden(path)
        #expect(file.names.count == set.entries.count)
        return try set.entries.flatMap {
            try file.tensor(prefix + $0.name, shape: $0.shape).floats()
        }
    }

    static let prefix = "base_model.model."

    static func mean(_ losses: [ExampleLoss], weights: [[Float]]? = nil) -> Double {
        let flat = losses.flatMap(\.losses)
        let factors = weights?.flatMap { $0.map(Double.init) } ?? flat.map { _ in 1 }
        return zip(flat, factors).reduce(0) { $0 + $1.0 * $1.1 } / factors.reduce(0, +)
    }
}
