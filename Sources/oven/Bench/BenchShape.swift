import ArgumentParser
import Transformer

/// Forms of models with random weights; those of the baseline script.
enum BenchShape: String, CaseIterable, ExpressibleByArgument {
    case large = "0.6b"
    case tiny

    var configuration: ModelConfiguration {
        switch self {
        case .large:
            .qwen3(
                vocabularySize: 151_936, hiddenSize: 1024, feedForwardSize: 3072, layerCount: 28,
                headCount: 16, keyValueHeadCount: 8, headSize: 128, maximumPositionCount: 4096)
        case .tiny:
            .qwen3(
                vocabularySize: 4096, hiddenSize: 256, feedForwardSize: 768, layerCount: 8,
                headCount: 4, keyValueHeadCount: 2, headSize: 64, maximumPositionCount: 4096)
        }
    }
}
