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
    case interfaceStart = "ui.start"
    case interfaceKey = "ui.key"
    case interfaceKeyBaking = "ui.key.baking"
    case interfaceIdle = "ui.idle"

    var unit: String {
        switch self {
        case .peakBF16, .peakFP32: "GFLOP/s"
        case .bandwidth: "GB/s"
        case .tokenize: "MB/s"
        case .decode1, .decode16, .decode64, .prefill: "tokens/s"
        case .load, .tokenizerLoad, .teacher, .step, .bake: "s"
        case .interfaceStart, .interfaceKey, .interfaceKeyBaking: "ms"
        case .interfaceIdle: "%"
        }
    }

    var better: BenchRow.Direction {
        switch self {
        case .peakBF16, .peakFP32, .bandwidth, .tokenize, .decode1, .decode16, .decode64, .prefill:
            .higher
        case .load, .tokenizerLoad, .teacher, .step, .bake, .interfaceStart, .interfaceKey,
            .interfaceKeyBaking, .interfaceIdle:
            .lower
        }
    }
}

/// Shapes of the models with random weights; those of the baseline script.
enum BenchShape: String, CaseIterable, ExpressibleByArgument {
    case large = "0.6b"
    case tiny
}
