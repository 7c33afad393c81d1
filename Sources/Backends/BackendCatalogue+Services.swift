package import Baking
import Foundation

// What is elsewhere.
extension BackendCatalogue {
    private var keys: ServiceKeys { ServiceKeys(settings.surroundings) }

    private var caller: HTTPCaller { HTTPCaller(transport: transport, clock: clock) }

    private func service(_ name: String) throws -> ServiceConfiguration {
        guard let service = settings.services[name] else {
            throw ServiceError.unknown(
                name: name, nearest: Spelling.nearest(to: name, in: settings.services.keys.sorted())
            )
        }
        return service
    }

    // MARK: Who writes the responses

    /// The service that writes the responses of a bake of `backend`; nil when the model itself does.
    ///
    /// - Parameter contextLength: Most tokens of a conversation where `backend` only counts them; nil
    ///   is the backend's.
    package func generator(
        for backend: any Backend, contextLength: Int? = nil
    ) throws -> (any ResponseGenerator)? {
        guard let (name, model) = try settings.generatorService() else { return nil }
        guard let model else { throw ServiceError.noModel(name: name) }
        return ServiceGenerator(
            client: try chatClient(name), model: model, for: backend,
            thinking: settings.flag(.thinking), concurrency: settings.integer(.concurrency),
            spendLimit: try service(name).spendLimit, contextLength: contextLength, notify: notify)
    }

    private func chatClient(_ name: String) throws -> OpenAIClient {
        let service = try service(name)
        guard let base = URL(string: service.baseURL) else {
            throw ServiceError.unknown(name: name, nearest: nil)
        }
        return OpenAIClient(
            name: name, base: base, key: try keys.find(for: service)?.key,
            keyVariable: service.keyVariable, caller: caller, notify: notify)
    }

    // MARK: Who trains

    /// The server of a training service.
    package func tinker(_ name: String) throws -> TinkerClient {
        let service = try service(name)
        guard service.kind == .tinker else {
            throw BackendError.refused(
                what: "the service \(name) trains nothing", remedy: "choose one of kind tinker")
        }
        let variable = service.keyVariable ?? "TINKER_API_KEY"
        // Servers of one's own often want none, but the protocol has a place for it.
        let found =
            try keys.find(for: service)?.key ?? (service.keyVariable == nil ? Self.noKey : nil)
        guard let key = found else { throw ServiceError.noKey(name: name, variable: variable) }
        var configuration = try TinkerConfiguration(
            base: address(of: service), key: key, keyVariable: variable,
            wire: TinkerConfiguration.Wire(rawValue: service.wire.rawValue) ?? .auto)
        configuration.service = name
        let surroundings = settings.surroundings
        configuration.project = surroundings.variable("TINKER_PROJECT_ID")
        configuration.tags =
            surroundings.variable("TINKER_TAGS")?.split(separator: ",").map(String.init) ?? []
        return TinkerClient(configuration: configuration, caller: caller, notify: notify)
    }

    /// What servers accept that want no key.
    private static let noKey = Secret("tml-none")

    /// The address of the settings; `TINKER_BASE_URL` takes the place of the usual one.
    private func address(of service: ServiceConfiguration) -> String {
        guard service.baseURL == ServiceConfiguration.tinkerAddress else { return service.baseURL }
        return settings.surroundings.variable("TINKER_BASE_URL") ?? service.baseURL
    }

    func tinkerModel(_ model: String, of name: String) async throws -> OpenedModel {
        let client = try tinker(name)
        do {
            let service = try service(name)
            let models = try await client.models()
            let seconds = (service.expireAfterDays ?? 7) * 24 * 3600
            let backend = try TinkerBackend(
                service: client, name: settings.text(.model), remoteName: model,
                directory: try await tokenizerDirectory(of: model, service: service),
                models: models, probe: { try await client.probe(model) },
                options: TinkerBackendOptions(
                    serviceName: name, server: address(of: service),
                    allowsSplitTargets: service.allow.contains(.splitTargets),
                    allowsResponseTokenRows: service.allow.contains(.responseTokens),
                    checkpointLifetime: .seconds(seconds),
                    concurrency: settings.integer(.concurrency),
                    measuredTopK: settings.integer(.topK)),
                clock: clock, notify: notify)
            return OpenedModel(backend: backend, warnings: backend.warnings)
        } catch {
            await client.finish(.errored)
            throw error
        }
    }

    /// Where the tokenizer's files of a remote model are; fetched where they are not there yet.
    private func tokenizerDirectory(
        of model: String, service: ServiceConfiguration
    ) async throws -> URL {
        // Names of three parts have a variant at their end, which has the same tokenizer.
        let name =
            service.tokenizer ?? model.split(separator: "/").prefix(2).joined(separator: "/")
        if case .directory(let directory)? = try? ModelLocation(name, in: settings.surroundings),
            FileManager.default.fileExists(
                atPath: directory.appending(path: "tokenizer.json").path)
        {
            return directory
        }
        guard let repository = HubRepository(name) else {
            throw BackendError.refused(
                what: "there is no tokenizer \(name)",
                remedy: "set services.NAME.tokenizer to a directory or a hub id")
        }
        return try await hub().pullTokenizer(repository, notify: notify).directory
    }

    /// The names of models that training services offer whose keys are there; empty when they cannot
    /// be asked.
    package func trainableModels() async -> [String] {
        var names: [String] = []
        for (name, service) in settings.services.sorted(by: { $0.key < $1.key })
        where service.kind == .tinker {
            guard service.keyVariable == nil || (try? keys.find(for: service)) != nil,
                let models = try? await tinker(name).models()
            else { continue }
            names += models.filter { $0.isTrainable ?? true }.map { "\(name):\($0.name)" }
        }
        return names
    }

    // MARK: The hub

    /// The hub that models come from.
    package func hub() throws -> HubClient {
        let surroundings = try keys.surroundings(with: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
        let token = HubToken.find(in: surroundings)
        return HubClient(
            try HubSettings(surroundings), token: token?.0,
            tokenSource: token?.source ?? "HF_TOKEN",
            caller: caller)
    }

    // MARK: Where figures go

    /// Who is told of a bake's events besides its run; nil when nobody is to be.
    ///
    /// - Parameter onStop: Called when somebody asks there for the bake to end.
    package func tracking(onStop: @escaping @Sendable () -> Void) throws -> RunTracking? {
        let targets = settings.words(.logTo)
        guard !targets.isEmpty else { return nil }
        return RunTracking(
            targets, surroundings: settings.surroundings, key: try keys.find("WANDB_API_KEY")?.key,
            caller: caller, notify: notify, onStop: onStop)
    }

    // MARK: What a service can do

    /// What the service says of itself, in a line; nil when its key is not there.
    package func report(on name: String) async throws -> String? {
        let service = try service(name)
        if service.keyVariable != nil, try keys.find(for: service) == nil { return nil }
        return try await soon(name) {
            switch service.kind {
            case .openai: try await chatReport(on: name, service)
            case .tinker: try await trainingReport(on: name, service)
            }
        }
    }

    /// What somebody waits for who only wants to know whether a service is there.
    private static let patience = Duration.seconds(30)

    private func soon<Result: Sendable>(
        _ name: String, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await clock.sleep(for: Self.patience)
                throw BackendError.refused(
                    what: "\(name) does not answer within 30 s",
                    remedy: "see services.\(name).base-url")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func chatReport(on name: String, _ service: ServiceConfiguration) async throws -> String
    {
        let client = try chatClient(name)
        var parts: [String] = []
        do {
            let models = try await client.models()
            parts.append("\(models.count) models")
            if let model = service.model {
                parts.append(
                    models.contains { $0.id == model }
                        ? "\(model) is one" : "\(model) is not listed")
            }
        } catch OpenAIError.refused(let refusal) where ![401, 402, 403].contains(refusal.status) {
            // The list is needed for nothing, and some servers have none.
            parts.append("it lists no models")
        }
        if service.keyVariable == "OPENROUTER_API_KEY" {
            let status = try await client.keyStatus()
            parts.append(
                status.remaining.map { "\(Spending.text(ofDollars: $0)) left" }
                    ?? "the key has no limit")
        }
        return "writes responses: " + parts.joined(separator: ", ")
    }

    private func trainingReport(
        on name: String, _ service: ServiceConfiguration
    ) async throws -> String {
        let client = try tinker(name)
        do {
            let models = try await client.models()
            let wanted = settings.remoteModel.flatMap { $0.service == name ? $0.model : nil }
            let model = wanted ?? service.model ?? models.first { $0.isTrainable ?? true }?.name
            guard let model else {
                await client.finish(.success)
                return "reached; it lists no model to try"
            }
            let probe = try await client.probe(model)
            await client.finish(.success)
            return "trains \(models.count) models (\(probe.dialect.rawValue)); tried \(model): "
                + [
                    ("targets of K tokens", probe.hasMatrixTargets),
                    ("top tokens of prompts", probe.hasTopK),
                    ("scores of prompts", probe.hasPromptLogprobs),
                    ("scores of the last tokens alone", probe.hasLastN),
                ].map { name, support in
                    switch support {
                    case .yes: name
                    case .no(let reason): "no \(name) (\(reason))"
                    }
                }.joined(separator: ", ")
        } catch {
            await client.finish(.errored)
            throw error
        }
    }
}
