import Foundation

/// The JSON of requests. The encoder turns `camelCase` into `snake_case` and leaves out what is nil:
/// servers refuse fields that they do not know.
enum TinkerWire {
    /// The SDK whose protocol this is; servers choose their flags by it and refuse old ones.
    static let sdkVersion = "0.38.0"
    static let json = "application/json"
    static let protobuf = "application/x-protobuf"

    static func body(_ request: some Encodable) throws(TinkerWireError) -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(request)
        } catch {
            throw TinkerWireError("the request holds a number that JSON cannot write")
        }
    }

    struct Empty: Encodable {}

    struct ClientConfig: Encodable {
        var sdkVersion = TinkerWire.sdkVersion
    }

    struct CreateSession: Encodable {
        var tags: [String] = []
        var userMetadata: [String: String] = [:]
        var sdkVersion = TinkerWire.sdkVersion
        var projectId: String?
        var type = "create_session"
    }

    struct Heartbeat: Encodable {
        var sessionId: String
        var type = "session_heartbeat"
    }

    struct Finish: Encodable {
        struct Reason: Encodable {
            var type: String
        }

        var reason: Reason
        var detail: String?

        enum CodingKeys: CodingKey {
            case reason, detail
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(reason, forKey: .reason)
            try container.encode(detail, forKey: .detail)
        }
    }

    struct CreateModel: Encodable {
        struct LoRA: Encodable {
            var rank: Int
            var seed: Int?
            var trainUnembed: Bool
            var trainMlp: Bool
            var trainAttn: Bool
        }

        var sessionId: String
        var modelSeqId: Int
        var baseModel: String
        var loraConfig: LoRA
        var type = "create_model"
    }

    /// `get_info` and `unload_model`.
    struct ModelCall: Encodable {
        var modelId: String
        var type: String
    }

    struct OptimStep: Encodable {
        struct Adam: Encodable {
            var learningRate: Double
            var beta1: Double
            var beta2: Double
            var eps: Double
            var weightDecay: Double
            var gradClipNorm: Double
        }

        var adamParams: Adam
        var modelId: String
        var seqId: Int
        var type = "optim_step"
    }

    struct SaveWeights: Encodable {
        var modelId: String
        var path: String
        var seqId: Int
        var overwrite = false
        var ttlSeconds: Int?
        var type = "save_weights"
    }

    /// Without `kind`, which old servers refuse.
    struct SaveWeightsForSampler: Encodable {
        var modelId: String
        var path: String?
        var samplingSessionSeqId: Int?
        var seqId: Int
        var ttlSeconds: Int?
        var type = "save_weights_for_sampler"
    }

    struct SaveWeightsExternal: Encodable {
        var modelId: String
        var path: String
        var seqId: Int
        var ttlSeconds: Int?
        var type = "save_weights_external"
    }

    /// Addressed by session and model number (new servers) or by model and request number.
    struct LoadWeights: Encodable {
        var sessionId: String?
        var modelSeqId: Int?
        var modelId: String?
        var seqId: Int?
        var path: String
        var optimizer: Bool
        var type = "load_weights"
    }

    struct WeightsInfo: Encodable {
        var tinkerPath: String
    }

    struct CreateSamplingSession: Encodable {
        var sessionId: String
        var samplingSessionSeqId: Int
        var baseModel: String?
        var modelPath: String?
        var type = "create_sampling_session"
    }

    struct Chunk: Encodable {
        var tokens: [Int32]
        var type = "encoded_text"
    }

    struct Prompt: Encodable {
        var chunks: [Chunk]
    }

    struct Sample: Encodable {
        struct Parameters: Encodable {
            var maxTokens: Int
            var temperature: Double
            var topP = 1.0
            var topK = -1
            var seed: Int?
            var stop: [Int32]?
        }

        var samplingSessionId: String
        var seqId: Int
        var numSamples = 1
        var prompt: Prompt
        var samplingParams: Parameters
        var promptLogprobs: Bool
        var topkPromptLogprobs: Int?
        var promptLogprobsLastN: Int?
        var type = "sample"
    }

    struct RetrieveFuture: Encodable {
        var requestId: String
        var allowMetadataOnly: Bool
    }
}
