import ArgumentParser

/// What `oven bench` can measure.
enum BenchFigure: String, CaseIterable, ExpressibleByArgument, Encodable {
    case peakBF16 = "peak.bf16"
    case peakFP32 = "peak.fp32"
    case bandwidth, load, tokenize
    case tokenizerLoad = "tokenizer.load"
    case prefill
    case decode1 = "decode.1"
    case decode16 = "decode.16"
    case decode64 = "decode.64"
    case teacher, step, bake

    var unit: String {
        switch self {
        case .peakBF16, .peakFP32: "GFLOP/s"
        case .bandwidth: "GB/s"
        case .tokenize: "MB/s"
        case .decode1, .decode16, .decode64, .prefill: "tokens/s"
        case .load, .tokenizerLoad, .teacher, .step, .bake: "s"
        }
    }

    var better: BenchRow.Direction { unit == "s" ? .lower : .higher }
}
