internal import Baking
import Foundation

/// What a service is told of a bake's configuration: the settings that change its result, by their
/// own names. The prompt, keys and where files lie are not among them.
struct TrackedConfiguration: Hashable, Sendable {
    var entries: [TrackedValue.Member]

    init(_ configuration: BakeConfiguration, in surroundings: Surroundings) {
        func entry(_ name: SettingName, _ value: TrackedValue) -> TrackedValue.Member {
            TrackedValue.Member(name.rawValue, value)
        }
        entries = [
            entry(.model, .text(Self.model(configuration.model, in: surroundings))),
            entry(.generator, .text(configuration.generator)),
            entry(.temperatures, .list(configuration.temperatures.map { .number($0) })),
            entry(.maxResponseTokens, .integer(configuration.maximumResponseTokens)),
            entry(.thinking, .flag(configuration.thinking)),
            entry(.rank, .integer(configuration.rank)),
            entry(.alpha, .number(configuration.alpha ?? Double(configuration.rank))),
            entry(.targets, .list(configuration.targets.map { .text($0) })),
            entry(.topK, .integer(configuration.topK)),
            entry(.loss, .text(configuration.loss.rawValue)),
            entry(.studentContext, .text(configuration.studentContext.rawValue)),
            entry(.batchSize, .integer(configuration.batchSize)),
            entry(.epochs, .integer(configuration.epochs)),
            entry(.learningRate, .number(configuration.learningRate)),
            entry(.gradientClip, .number(configuration.gradientClip)),
            entry(.weightDecay, .number(configuration.weightDecay)),
            entry(.precise, .flag(configuration.precise)), entry(.int8, .flag(configuration.int8)),
            entry(
                .seed,
                Int(exactly: configuration.seed).map { .integer($0) }
                    ?? .text("\(configuration.seed)")),
            entry(.evaluateEvery, .integer(configuration.evaluateEvery)),
            entry(.checkpointEvery, .integer(configuration.checkpointEvery)),
            entry(.keepCheckpoints, .integer(configuration.keepCheckpoints)),
        ]
    }

    /// The model's name; of a directory only its own, as where it lies says who works here.
    private static func model(_ name: String, in surroundings: Surroundings) -> String {
        if name == "starter" || name.hasPrefix("tinker:") { return name }
        var isDirectory: ObjCBool = false
        let directory = surroundings.url(of: name)
        let exists = FileManager.default.fileExists(
            atPath: directory.path, isDirectory: &isDirectory)
        let isPath = name.hasPrefix("/") || name.hasPrefix(".") || name.hasPrefix("~")
        let isHubName = name.count { $0 == "/" } <= 1
        guard isPath || !isHubName || exists && isDirectory.boolValue else { return name }
        return directory.standardizedFileURL.lastPathComponent
    }

    /// As W&B's API takes it: every setting wrapped.
    var wandbJSON: String {
        TrackedValue.object(
            entries.map {
                TrackedValue.Member($0.name, .object([TrackedValue.Member("value", $0.value)]))
            }
        ).json
    }

    /// As a table for people.
    var markdown: String {
        (["| setting | value |", "|---|---|"]
            + entries.map { entry in
                let value =
                    if case .text(let text) = entry.value { text } else { entry.value.json }
                return "| \(entry.name) | \(MarkdownText.cell(value)) |"
            }).joined(separator: "\n")
    }
}

/// Text inside a table of Markdown.
enum MarkdownText {
    /// On one line, with nothing that would end the cell or begin markup.
    static func cell(_ text: String) -> String {
        var cell = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "|", "\\", "`", "*", "_", "<", ">", "[", "]":
                cell += "\\"
                cell.unicodeScalars.append(scalar)
            case _ where scalar.properties.generalCategory == .control: cell += " "
            default: cell.unicodeScalars.append(scalar)
            }
        }
        return cell
    }
}
