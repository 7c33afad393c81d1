import ArgumentParser
import Baking

/// Settings of what is baked and how its responses are made.
struct DatasetSettings: SettingFlags {
    @Option(help: .setting(.prompt)) var prompt: String?
    @Option(help: .setting(.generator)) var generator: String?
    @Option(help: .setting(.queries)) var queries: String?
    @Option(help: .setting(.temperatures)) var temperatures: String?
    @Option(help: .setting(.maxResponseTokens)) var maxResponseTokens: String?
    @Option(help: .setting(.concurrency)) var concurrency: String?
    @Flag(inversion: .prefixedNo, help: .setting(.thinking)) var thinking: Bool?
    @Option(help: .setting(.topK)) var topK: String?
    @Option(help: .setting(.studentContext)) var studentContext: String?
    @Option(help: .setting(.seed)) var seed: String?
}
