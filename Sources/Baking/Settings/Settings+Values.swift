package import Foundation
package import Transformer

// A value's case follows from its row in the table, so a wrong one is a mistake in this file.
extension Settings {
    package func text(_ name: SettingName) -> String {
        guard case .text(let text) = self[name].value else { wrongKind(name) }
        return text
    }

    package func integer(_ name: SettingName) -> Int {
        guard case .integer(let integer) = self[name].value else { wrongKind(name) }
        return integer
    }

    /// How exactly a local model's weights are kept.
    package var precision: WeightPrecision {
        flag(.precise) ? .stored : flag(.int8) ? .int8 : .bfloat16
    }

    package func number(_ name: SettingName) -> Double {
        guard case .number(let number) = self[name].value else { wrongKind(name) }
        return number
    }

    package func flag(_ name: SettingName) -> Bool {
        guard case .flag(let flag) = self[name].value else { wrongKind(name) }
        return flag
    }

    package func numbers(_ name: SettingName) -> [Double] {
        guard case .numbers(let numbers) = self[name].value else { wrongKind(name) }
        return numbers
    }

    package func words(_ name: SettingName) -> [String] {
        if self[name].value == .absent { return [] }
        guard case .words(let words) = self[name].value else { wrongKind(name) }
        return words
    }

    /// The file or directory that a setting names; nil when it has no value.
    package func url(_ name: SettingName) -> URL? {
        self[name].value == .absent ? nil : surroundings.url(of: text(name))
    }

    package var services: [String: ServiceConfiguration] {
        guard case .services(let services) = self[.services].value else { wrongKind(.services) }
        return services
    }

    /// Threads to use; nil for one per core.
    package var threads: Int? {
        self[.threads].value == .absent ? nil : integer(.threads)
    }

    /// Where the model is.
    package func modelLocation() throws(ModelLocation.Failure) -> ModelLocation {
        if let remote = remoteModel { return .tinker(remote.model) }
        return try ModelLocation(text(.model), in: surroundings)
    }

    /// The service that trains the model, and the model's name there; nil for one on this machine.
    package var remoteModel: (service: String, model: String)? {
        let parts = text(.model).split(separator: ":", maxSplits: 1)
        guard parts.count == 2, services[String(parts[0])]?.kind == .tinker else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    /// The service that writes the responses, and the model that it is asked for; nil when the model
    /// itself writes them. The setting names the service, and after a colon the model where it is not
    /// the service's own.
    ///
    /// - Throws: ``ServiceError``
    package func generatorService() throws(ServiceError) -> (service: String, model: String?)? {
        let text = text(.generator)
        if text == "model" { return nil }
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let name = parts.first, let service = services[name] else {
            throw .unknown(
                name: parts.first ?? "",
                nearest: Spelling.nearest(to: text, in: services.keys.sorted()))
        }
        guard service.kind == .openai else { throw .writesNoResponses(name: name) }
        return (name, parts.count == 2 ? parts[1] : service.model)
    }

    /// What changes the result of a bake.
    package var bakeConfiguration: BakeConfiguration {
        var configuration = BakeConfiguration()
        configuration.model = text(.model)
        configuration.generator = text(.generator)
        if let asked = try? generatorService(), let model = asked.model {
            configuration.generator = "\(asked.service):\(model)"
        }
        configuration.temperatures = numbers(.temperatures)
        configuration.maximumResponseTokens = integer(.maxResponseTokens)
        configuration.thinking = flag(.thinking)
        configuration.rank = integer(.rank)
        configuration.alpha = self[.alpha].value == .absent ? nil : number(.alpha)
        configuration.targets = words(.targets).sorted()
        configuration.topK = integer(.topK)
        configuration.loss = LossKind(rawValue: text(.loss)) ?? configuration.loss
        configuration.studentContext =
            StudentContext(rawValue: text(.studentContext)) ?? configuration.studentContext
        configuration.batchSize = integer(.batchSize)
        configuration.epochs = integer(.epochs)
        configuration.learningRate = number(.learningRate)
        configuration.gradientClip = number(.gradientClip)
        configuration.weightDecay = number(.weightDecay)
        configuration.precise = flag(.precise)
        configuration.int8 = flag(.int8)
        configuration.seed = UInt64(integer(.seed))
        configuration.evaluateEvery = integer(.evaluateEvery)
        configuration.checkpointEvery = integer(.checkpointEvery)
        configuration.keepCheckpoints = integer(.keepCheckpoints)
        return configuration
    }

    private func wrongKind(_ name: SettingName) -> Never {
        preconditionFailure("the setting \(name.rawValue) is of another kind")
    }
}
