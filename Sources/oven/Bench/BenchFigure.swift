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
    case uiStart = "ui.start"
    case uiKey = "ui.key"
    case uiKeyBaking = "ui.key.baking"
    case uiIdle = "ui.idle"
    case uiBusy = "ui.busy"
    case uiMemory = "ui.memory"
    case uiBytes = "ui.bytes"
    case uiBake = "ui.bake"

    var unit: String {
        switch self {
        case .peakBF16, .peakFP32: "GFLOP/s"
        case .bandwidth: "GB/s"
        case .tokenize: "MB/s"
        case .decode1, .decode16, .decode64, .prefill: "tokens/s"
        case .load, .tokenizerLoad, .teacher, .step, .bake: "s"
        case .uiStart, .uiKey, .uiKeyBaking: "ms"
        // Of one core.
        case .uiIdle, .uiBusy: "%"
        case .uiBake: "x"
        case .uiMemory: "MB"
        case .uiBytes: "B/frame"
        }
    }

    var better: BenchRow.Direction { unit.hasSuffix("/s") ? .higher : .lower }
}
