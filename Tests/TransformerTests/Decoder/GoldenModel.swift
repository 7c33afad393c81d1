import Foundation
import TestSupport
import Testing

@testable import Transformer

/// A checkpoint among the golden data, as a decoder.
struct GoldenModel {
    let configuration: ModelConfiguration
    let weights: [String: Tensor]

    /// - Parameter path: Below the golden directory, as in `models/qwen3`.
    init(_ path: String) throws {
        let folder = Golden.url(path)
        configuration = try ModelConfiguration(path: folder.appending(path: "config.json").path)
        var weights: [String: Tensor] = [:]
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for name in names where name.hasPrefix("model") && name.hasSuffix(".safetensors") {
            let file = try SafetensorsFile(path: folder.appending(path: name).path)
            for tensor in file.names { weights[tensor] = try file.tensor(tensor) }
        }
        self.weights = weights
    }

    func weight(_ name: String) throws -> StoredWeight {
        try StoredWeight(#require(weights[name], "\(name)"))
    }

    /// - Parameter tier: One that computes in float32 unless given, whatever the machine can do.
    func decoder(
        precision: WeightPrecision, threads: Int = 2, tier: KernelTier? = nil
    ) throws -> Decoder {
        let exact = try #require(KernelTier.available.first { !$0.multipliesBFloat16 })
        let pool = ThreadPool(threads: threads, tier: tier ?? exact)
        return try Decoder(configuration, precision: precision, pool: pool, weight: weight)
    }

    /// Whether the files hold nothing that bfloat16 would round.
    var isStoredAsBFloat16: Bool { weights.values.allSatisfy { $0.dtype == .bf16 } }
}

extension KernelTier {
    /// Whether inputs of products may be rounded to bfloat16.
    var multipliesBFloat16: Bool { description.contains("bf16") }

    /// The fastest of either kind.
    static var kinds: [KernelTier] {
        [false, true].compactMap { kind in
            available.first { $0.multipliesBFloat16 == kind }
        }
    }
}

/// The JSON of a golden manifest, by keys.
struct GoldenManifest {
    private let value: Any

    init(_ path: String) throws {
        value = try JSONSerialization.jsonObject(with: Data(contentsOf: Golden.url(path)))
    }

    private init(value: Any) { self.value = value }

    subscript(key: String) -> GoldenManifest {
        get throws {
            GoldenManifest(value: try #require((value as? [String: Any])?[key], "\(key)"))
        }
    }

    func has(_ key: String) -> Bool { (value as? [String: Any])?[key] != nil }

    var keys: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
    var elements: [GoldenManifest] {
        (value as? [Any])?.map { GoldenManifest(value: $0) } ?? []
    }
    var number: Double { get throws { try #require((value as? NSNumber)?.doubleValue) } }
    var integer: Int { get throws { Int(try number) } }
    var string: String { get throws { try #require(value as? String) } }
    var numbers: [Double] { get throws { try elements.map { try $0.number } } }
    var bool: Bool { get throws { try number != 0 } }
}

extension SafetensorsFile {
    /// A golden file, by its path without suffix.
    static func golden(_ path: String) throws -> SafetensorsFile {
        try SafetensorsFile(path: Golden.url(path + ".safetensors").path)
    }

    func tokens(_ name: String) throws -> [TokenID] {
        try integers(name).map { TokenID(rawValue: $0) }
    }
}

/// The largest difference of two arrays of the same length.
func largestDifference(_ left: [Float], _ right: [Float]) -> Double {
    #expect(left.count == right.count)
    return zip(left, right).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
}

/// |left - right| / |right|
func relativeDistance(_ left: [Float], _ right: [Float]) -> Double {
    #expect(left.count == right.count)
    let difference = zip(left, right).reduce(0.0) {
        $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
    }
    return (difference / right.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
}

/// ln softmax of each row in double precision.
func logSoftmax(_ logits: [Float], columnCount: Int) -> [Double] {
    stride(from: 0, to: logits.count, by: columnCount).flatMap { start in
        let row = logits[start..<start + columnCount].map(Double.init)
        let top = row.max() ?? 0
        let sum = top + log(row.reduce(0) { $0 + exp($1 - top) })
        return row.map { $0 - sum }
    }
}
