import Foundation

extension BakeEvent: Codable {
    private enum Key: String, CodingKey { case event, time, note }

    /// The `event` field.
    public var name: String {
        switch kind {
        case .runStarted: "run.started"
        case .generationProgress: "generation.progress"
        case .teacherProgress: "teacher.progress"
        case .step: "bake.step"
        case .evaluation: "bake.evaluation"
        case .checkpoint: "checkpoint"
        case .verification: "verification"
        case .runFinished: "run.finished"
        case .warning: "warning"
        case .error: "error"
        }
    }

    private var payload: any Codable {
        switch kind {
        case .runStarted(let payload): payload
        case .generationProgress(let payload): payload
        case .teacherProgress(let payload): payload
        case .step(let payload): payload
        case .evaluation(let payload): payload
        case .checkpoint(let payload): payload
        case .verification(let payload): payload
        case .runFinished(let payload): payload
        case .warning(let payload), .error(let payload): payload
        }
    }

    /// Reads one line.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let time = try container.decode(String.self, forKey: .time)
        let name = try container.decode(String.self, forKey: .event)
        let kind: Kind =
            switch name {
            case "run.started": .runStarted(try RunStarted(from: decoder))
            case "generation.progress": .generationProgress(try GenerationProgress(from: decoder))
            case "teacher.progress": .teacherProgress(try TeacherProgress(from: decoder))
            case "bake.step": .step(try BakeStep(from: decoder))
            case "bake.evaluation": .evaluation(try BakeEvaluation(from: decoder))
            case "checkpoint": .checkpoint(try CheckpointWritten(from: decoder))
            case "verification": .verification(try VerificationReport(from: decoder))
            case "run.finished": .runFinished(try RunFinished(from: decoder))
            case "warning": .warning(try Notice(from: decoder))
            case "error": .error(try Notice(from: decoder))
            default:
                throw DecodingError.dataCorruptedError(
                    forKey: .event, in: container, debugDescription: "no event is called \(name)")
            }
        self.init(kind, time: try JSONLine.time(time))
    }

    /// Writes `event`, `time`, the payload's fields and, where a number is not finite, `note`.
    public func encode(to encoder: any Encoder) throws {
        try payload.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .event)
        try container.encode(JSONLine.text(of: time), forKey: .time)
        try container.encodeIfPresent(Figure.note(on: payload), forKey: .note)
    }

    /// The event as one line of JSON without its line feed.
    public var line: String {
        get throws { String(decoding: try JSONLine.encode(self), as: UTF8.self) }
    }
}
