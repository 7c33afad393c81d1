import Foundation

/// The JSON of answers. Servers leave out, null and add fields as they like: whatever is not needed may
/// be absent or of another type.
extension TinkerWire {
    static func answer<Answer: Decodable>(
        _ type: Answer.Type, from data: Data
    ) throws(TinkerWireError) -> Answer {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: data)
        } catch {
            throw TinkerWireError(data.isEmpty ? "it is empty" : why(error))
        }
    }

    private static func why(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has another type"
        default: "it is not JSON"
        }
    }

    /// A value, or nil where there is none or something else.
    struct Maybe<Value: Decodable>: Decodable {
        var value: Value?

        init(from decoder: any Swift.Decoder) throws {
            // Another type counts as absent, whatever it is.
            value = try? decoder.singleValueContainer().decode(Value.self)
        }
    }

    struct ClientConfigAnswer: Decodable {
        var pjwtAuthEnabled: Maybe<Bool>?
        var fwdbwdMaxChunkLen: Maybe<Int>?
        var fwdbwdMaxChunkBytesCount: Maybe<Int>?
        var billingExceptionMaxPauseDurationSec: Maybe<Double>?
    }

    struct TokenAnswer: Decodable {
        var jwt: String
    }

    struct SessionAnswer: Decodable {
        var sessionId: String
        var infoMessage: Maybe<String>?
        var warningMessage: Maybe<String>?
        var errorMessage: Maybe<String>?
    }

    struct CapabilitiesAnswer: Decodable {
        struct Model: Decodable {
            var modelName: String
            var maxContextLength: Maybe<Int>?
            var trainable: Maybe<Bool>?
            var sampleable: Maybe<Bool>?
        }

        var supportedModels: [Maybe<Model>]?
    }

    struct SubmitAnswer: Decodable {
        var requestId: String
    }

    struct SamplingSessionAnswer: Decodable {
        var samplingSessionId: String
    }

    struct ModelAnswer: Decodable {
        var modelId: Maybe<String>?
    }

    struct InfoAnswer: Decodable {
        struct ModelData: Decodable {
            var modelName: Maybe<String>?
            var tokenizerId: Maybe<String>?
        }

        var modelData: Maybe<ModelData>?
        var modelName: Maybe<String>?
    }

    struct WeightsInfoAnswer: Decodable {
        var baseModel: String
        var loraRank: Maybe<Int>?
        var trainUnembed: Maybe<Bool>?
        var trainMlp: Maybe<Bool>?
        var trainAttn: Maybe<Bool>?
    }

    struct StepAnswer: Decodable {
        var metrics: Maybe<[String: Maybe<Double>]>?
    }

    struct SaveAnswer: Decodable {
        var path: Maybe<String>?
        var samplingSessionId: Maybe<String>?
    }

    struct CheckpointsAnswer: Decodable {
        struct Checkpoint: Decodable {
            var checkpointId: Maybe<String>?
            var checkpointType: Maybe<String>?
            var time: Maybe<String>?
            var tinkerPath: String
            var sizeBytes: Maybe<Int>?
            var expiresAt: Maybe<String>?
        }

        struct Cursor: Decodable {
            var totalCount: Maybe<Int>?
        }

        var checkpoints: [Maybe<Checkpoint>]
        var cursor: Maybe<Cursor>?
    }

    struct ExternalAnswer: Decodable {
        var urls: [String: String]
    }

    /// What stands in an answer to `retrieve_future` that is not a result.
    struct FutureHead: Decodable {
        var type: Maybe<String>?
        var status: Maybe<String>?
        var queueState: Maybe<String>?
        var queueStateReason: Maybe<String>?
        var responsePayloadSize: Maybe<Int>?
        var error: Maybe<String>?
        var category: Maybe<String>?
    }

    /// `{"detail": "text"}` or `{"detail": [{"loc": […], "msg": "text"}]}`.
    struct Detail: Decodable {
        struct Part: Decodable {
            struct Place: Decodable {
                var text: String

                init(from decoder: any Swift.Decoder) throws {
                    let container = try decoder.singleValueContainer()
                    if let number = try? container.decode(Int.self) {
                        text = String(number)
                    } else {
                        text = try container.decode(String.self)
                    }
                }
            }

            var loc: Maybe<[Place]>?
            var msg: Maybe<String>?
        }

        var detail: Maybe<String>?
        var details: [Part] = []
        var error: Maybe<String>?
        var message: Maybe<String>?

        enum CodingKeys: CodingKey {
            case detail, error, message
        }

        init(from decoder: any Swift.Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            detail = try container.decodeIfPresent(Maybe<String>.self, forKey: .detail)
            error = try container.decodeIfPresent(Maybe<String>.self, forKey: .error)
            message = try container.decodeIfPresent(Maybe<String>.self, forKey: .message)
            let parts = try container.decodeIfPresent(Maybe<[Part]>.self, forKey: .detail)
            details = parts?.value ?? []
        }

        /// nil when there is nothing to show.
        var text: String? {
            if let text = detail?.value ?? error?.value ?? message?.value { return text }
            let parts = details.compactMap { part -> String? in
                guard let message = part.msg?.value else { return nil }
                let place = (part.loc?.value ?? []).map(\.text).joined(separator: ".")
                return place.isEmpty ? message : "\(place): \(message)"
            }
            return parts.isEmpty ? nil : parts.joined(separator: "; ")
        }
    }
}
