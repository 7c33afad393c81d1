import ArgumentParser
import Baking

/// Settings of the training.
struct TrainingSettings: SettingFlags {
    @Option(help: .setting(.rank)) var rank: String?
    @Option(help: .setting(.alpha)) var alpha: String?
    @Option(help: .setting(.targets)) var targets: String?
    @Option(help: .setting(.loss)) var loss: String?
    @Option(help: .setting(.batchSize)) var batchSize: String?
    @Option(help: .setting(.epochs)) var epochs: String?
    @Option(help: .setting(.learningRate)) var learningRate: String?
    @Option(help: .setting(.gradientClip)) var gradientClip: String?
    @Option(help: .setting(.weightDecay)) var weightDecay: String?
    @Option(help: .setting(.evaluateEvery)) var evaluateEvery: String?
    @Option(help: .setting(.checkpointEvery)) var checkpointEvery: String?
    @Option(help: .setting(.keepCheckpoints)) var keepCheckpoints: String?
    @Option(help: .setting(.logTo)) var logTo: String?
}
