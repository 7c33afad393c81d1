import Foundation

/// The JSON of chat completions. Its names stay here; everything is translated at once.
///
/// Answers are read leniently: what is missing, null or of another type counts as not there, because
/// no two servers agree on more than `choices`.
enum OpenAIWire {
    /// `POST /chat/completions`; nil leaves a field out.
    struct Request: Encodable, Sendable {
        struct Message: Encodable, Sendable {
            var role: String
            var content: String
        }

        struct StreamOptions: Encodable, Sendable {
            var includeUsage = true

            enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
        }

        struct Reasoning: Encodable, Sendable { var enabled: Bool }

        struct TemplateArguments: Encodable, Sendable {
            var enableThinking: Bool

            enum CodingKeys: String, CodingKey { case enableThinking = "enable_thinking" }
        }

        var model: String
        var messages: [Message]
        var maximumTokenCount: Int?
        /// OpenAI's reasoning models refuse the field above and want this one.
        var maximumCompletionTokenCount: Int?
        var temperature: Double?
        var seed: Int?
        var isStreamed: Bool?
        var streamOptions: StreamOptions?
        var reasoning: Reasoning?
        var reasoningEffort: String?
        var templateArguments: TemplateArguments?

        enum CodingKeys: String, CodingKey {
            case model, messages, temperature, seed, reasoning
            case maximumTokenCount = "max_tokens"
            case maximumCompletionTokenCount = "max_completion_tokens"
            case isStreamed = "stream"
            case streamOptions = "stream_options"
            case reasoningEffort = "reasoning_effort"
            case templateArguments = "chat_template_kwargs"
        }
    }

    /// A whole answer or a piece of a streamed one: the latter has `delta` for `message`.
    struct Answer: Decodable {
        var model: String?
        var provider: String?
        var choices: [Choice]
        var usage: Usage?
        var error: WireValue?

        enum CodingKeys: String, CodingKey { case model, provider, choices, usage, error }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            model = fields.lenient(String.self, .model)
            provider = fields.lenient(String.self, .provider)
            choices = fields.lenient([Choice].self, .choices) ?? []
            usage = fields.lenient(Usage.self, .usage)
            error = fields.lenient(WireValue.self, .error).flatMap { $0.isNull ? nil : $0 }
        }
    }

    struct Choice: Decodable {
        var index: Int?
        var finishReason: String?
        var message: Message?
        var error: WireValue?

        enum CodingKeys: String, CodingKey {
            case index, message, delta, error
            case finishReason = "finish_reason"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            index = fields.lenient(Int.self, .index)
            finishReason = fields.lenient(String.self, .finishReason)
            message =
                fields.lenient(Message.self, .delta) ?? fields.lenient(Message.self, .message)
            error = fields.lenient(WireValue.self, .error).flatMap { $0.isNull ? nil : $0 }
        }
    }

    struct Message: Decodable {
        private struct Part: Decodable { var text: String? }

        var text: String?
        var reasoning: String?
        var refusal: String?

        enum CodingKeys: String, CodingKey {
            case content, reasoning, refusal
            case reasoningContent = "reasoning_content"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            text =
                fields.lenient(String.self, .content)
                ?? fields.lenient([Part].self, .content)?.compactMap(\.text).joined()
            reasoning =
                fields.lenient(String.self, .reasoning)
                ?? fields.lenient(String.self, .reasoningContent)
            refusal = fields.lenient(String.self, .refusal)
        }
    }

    struct Usage: Decodable {
        var contextTokenCount: Int?
        var responseTokenCount: Int?
        var dollars: Double?

        enum CodingKeys: String, CodingKey {
            case cost
            case contextTokenCount = "prompt_tokens"
            case responseTokenCount = "completion_tokens"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            // Numbers nobody can have meant would spoil every sum.
            func count(_ key: CodingKeys) -> Int? {
                fields.lenient(Int.self, key).flatMap {
                    (0...1_000_000_000).contains($0) ? $0 : nil
                }
            }
            contextTokenCount = count(.contextTokenCount)
            responseTokenCount = count(.responseTokenCount)
            dollars = fields.lenient(Double.self, .cost)
                .flatMap { (0...1_000_000).contains($0) ? $0 : nil }
        }
    }

    /// `GET /models`.
    struct Models: Decodable {
        var data: [Model]

        enum CodingKeys: String, CodingKey { case data }

        init(from decoder: any Decoder) throws {
            data = try decoder.container(keyedBy: CodingKeys.self)
                .decode([Model].self, forKey: .data)
        }
    }

    struct Model: Decodable {
        struct Pricing: Decodable {
            var prompt: WireValue?
            var completion: WireValue?
            var request: WireValue?
        }

        struct Provider: Decodable {
            var maximumTokenCount: Int?

            enum CodingKeys: String, CodingKey { case maximumTokenCount = "max_completion_tokens" }
        }

        struct Meta: Decodable {
            var trainedLength: Int?

            enum CodingKeys: String, CodingKey { case trainedLength = "n_ctx_train" }
        }

        var id: String?
        var contextLength: Int?
        var maximumTokenCount: Int?
        var pricing: Pricing?

        enum CodingKeys: String, CodingKey {
            case id, pricing, meta
            case contextLength = "context_length"
            case maximumLength = "max_model_len"
            case provider = "top_provider"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            id = fields.lenient(String.self, .id)
            contextLength =
                fields.lenient(Int.self, .contextLength) ?? fields.lenient(Int.self, .maximumLength)
                ?? fields.lenient(Meta.self, .meta)?.trainedLength
            maximumTokenCount = fields.lenient(Provider.self, .provider)?.maximumTokenCount
            pricing = fields.lenient(Pricing.self, .pricing)
        }
    }

    /// `GET /key` of OpenRouter. Its `label` repeats part of the key and is not read.
    struct Key: Decodable {
        struct Account: Decodable {
            var remaining: Double?
            var used: Double?
            var usedToday: Double?
            var isFreeTier: Bool?
            var freeRequests: WireValue?

            enum CodingKeys: String, CodingKey {
                case remaining = "limit_remaining"
                case used = "usage"
                case usedToday = "usage_daily"
                case isFreeTier = "is_free_tier"
                case freeRequests = "free_model_daily_requests"
            }

            init(from decoder: any Decoder) throws {
                let fields = try decoder.container(keyedBy: CodingKeys.self)
                remaining = fields.lenient(Double.self, .remaining)
                used = fields.lenient(Double.self, .used)
                usedToday = fields.lenient(Double.self, .usedToday)
                isFreeTier = fields.lenient(Bool.self, .isFreeTier)
                freeRequests = fields.lenient(WireValue.self, .freeRequests)
            }
        }

        var data: Account
    }
}

extension KeyedDecodingContainer {
    /// What is there under `key` if it is of that type.
    fileprivate func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        // The reason is of no use: another type is treated as nothing.
        guard let value = try? decodeIfPresent(type, forKey: key) else { return nil }
        return value
    }
}
