/// A remote service, by the settings' map `services`. It names the variable that holds a key, and
/// never holds one.
package struct ServiceConfiguration: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case openai, tinker
    }

    package enum Wire: String, Hashable, Sendable, Codable, CaseIterable {
        case auto, proto, json
    }

    package var kind: Kind
    /// http or https, without a key.
    package var baseURL: String
    /// The model to ask for, where the service has many.
    package var model: String?
    /// The environment variable that holds the key.
    package var keyVariable: String?
    package var wire = Wire.auto
    /// US dollars a job may spend.
    package var spendLimit: Double?

    /// The names in files.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, model, wire
        case baseURL = "base-url"
        case keyVariable = "key-env"
        case spendLimit = "spend-limit"
    }

    /// The services that are there without any configuration.
    package static let predefined = [
        "openrouter": ServiceConfiguration(
            kind: .openai, baseURL: "https://openrouter.ai/api/v1",
            keyVariable: "OPENROUTER_API_KEY"),
        "tinker": ServiceConfiguration(
            kind: .tinker, baseURL: "https://tinker.thinkingmachines.dev/services/tinker-prod",
            keyVariable: "TINKER_API_KEY"),
    ]
}
