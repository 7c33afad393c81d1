/// A remote service, by the settings' map `services`. It names the variable that holds a key, and
/// never holds one.
package struct ServiceConfiguration: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case openai, tinker
    }

    package enum Wire: String, Hashable, Sendable, Codable, CaseIterable {
        case auto, proto, json
    }

    /// What a Tinker-compatible server that lacks something may be asked instead.
    package enum Fallback: String, Hashable, Sendable, Codable, CaseIterable {
        /// One sequence per teacher token where the server takes one target per position: K times the
        /// work.
        case splitTargets = "split-targets"
        /// The response token and the rest where the server gives no top tokens: less is learned from
        /// each response.
        case responseTokens = "response-tokens"
    }

    package var kind: Kind
    /// http or https, without a key.
    package var baseURL: String
    /// The model to ask for, where the service has many.
    package var model: String?
    /// The environment variable that holds the key.
    package var keyVariable: String?
    package var wire = Wire.auto
    /// US dollars a run's responses may cost.
    package var spendLimit: Double?
    /// Directory or hub id of the tokenizer, where it is not that of the model's own repository.
    package var tokenizer: String?
    package var allow: [Fallback] = []
    /// Days until saved weights expire at the service; nil for the usual seven.
    package var expireAfterDays: Double?

    /// The names in files.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, model, wire, tokenizer, allow
        case baseURL = "base-url"
        case keyVariable = "key-env"
        case spendLimit = "spend-limit"
        case expireAfterDays = "expire-after-days"
    }

    /// The training service's own address.
    package static let tinkerAddress = "https://tinker.thinkingmachines.dev/services/tinker-prod"

    /// The services that are there without any configuration.
    package static let predefined = [
        "openrouter": ServiceConfiguration(
            kind: .openai, baseURL: "https://openrouter.ai/api/v1",
            keyVariable: "OPENROUTER_API_KEY"),
        "tinker": ServiceConfiguration(
            kind: .tinker, baseURL: tinkerAddress,
            keyVariable: "TINKER_API_KEY"),
    ]
}
