/// The settings' names, as they stand in files and behind `--`.
package enum SettingName: String, CaseIterable, Sendable {
    case model, prompt, generator, queries, temperatures
    case maxResponseTokens = "max-response-tokens"
    case concurrency, thinking
    case rank, alpha, targets
    case topK = "top-k"
    case loss
    case studentContext = "student-context"
    case batchSize = "batch-size"
    case epochs
    case learningRate = "learning-rate"
    case gradientClip = "gradient-clip"
    case weightDecay = "weight-decay"
    case precise, int8, seed, threads
    case evaluateEvery = "evaluate-every"
    case checkpointEvery = "checkpoint-every"
    case keepCheckpoints = "keep-checkpoints"
    case runs, theme, keys, mouse, color, services
    case logTo = "log-to"
}

/// One row of the table of settings.
package struct Setting: Hashable, Sendable {
    package var name: SettingName
    package var kind: SettingKind
    package var standard: SettingValue
    /// The word for having no value ("none", "rank"), where that is possible.
    package var absence: String?
    /// Whether a model directory's own `oven.yaml` may set it. Only what changes a bake may come
    /// from there: a downloaded model must not choose services, paths or the theme.
    package var isForModels: Bool
    /// One line that says what it does.
    package var help: String

    /// The default as the help shows it.
    package var standardText: String { text(of: standard) }

    /// A value as a person reads it.
    package func text(of value: SettingValue) -> String {
        value == .absent ? absence ?? "none" : value.text
    }

    /// The row of `name`.
    package static func named(_ name: SettingName) -> Setting {
        // Not a dictionary: thirty rows, looked up a few times per start.
        guard let setting = table.first(where: { $0.name == name }) else {
            preconditionFailure("no row for the setting \(name.rawValue)")
        }
        return setting
    }
}
