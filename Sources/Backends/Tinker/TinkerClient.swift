package import Baking
import Foundation

/// A Tinker-compatible server over HTTP.
///
/// It opens a session with the first thing that needs one, keeps it alive, and ends it with ``finish(_:)``.
package struct TinkerClient: TinkerService {
    let connection: TinkerConnection
    let session: TinkerSession
    let dialects: TinkerDialects

    /// - Parameter notify: Told what the server is waited for and what a person should know.
    package init(
        configuration: TinkerConfiguration, caller: HTTPCaller,
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) {
        connection = TinkerConnection(configuration: configuration, caller: caller, notify: notify)
        session = TinkerSession(connection: connection, notify: notify)
        dialects = TinkerDialects(configuration)
    }

    package func models() async throws -> [TinkerModel] {
        let what = "asking for the server's models"
        do {
            let answer = try await connection.attempt(
                TinkerCall(.get, "get_server_capabilities"), what: what)
            let models = try TinkerWire.answer(
                TinkerWire.CapabilitiesAnswer.self, from: answer.body)
            return (models.supportedModels ?? []).compactMap(\.value).map {
                TinkerModel(
                    name: $0.modelName, contextLength: $0.maxContextLength?.value,
                    isTrainable: $0.trainable?.value, isSampleable: $0.sampleable?.value)
            }
        } catch let refusal as TinkerRefusal where [404, 405, 501].contains(refusal.status) {
            return []
        } catch {
            throw await connection.told(error, what: what)
        }
    }

    package func makeModel(
        _ base: String, _ adapter: TinkerAdapter
    ) async throws -> any TinkerTrainingModel {
        // A session first: a number that is taken should be sent.
        _ = try await session.id()
        return try await model(base, adapter, number: await session.nextModelNumber())
    }

    private func model(
        _ base: String, _ adapter: TinkerAdapter, number: Int, firstNumber: Int = 1
    ) async throws -> TinkerTrainingClient {
        let what = "making a model of \(base)"
        let request = TinkerWire.CreateModel(
            sessionId: try await session.id(), modelSeqId: number, baseModel: base,
            loraConfig: TinkerWire.CreateModel.LoRA(
                rank: adapter.rank, seed: adapter.seed, trainUnembed: adapter.trainsUnembedding,
                trainMlp: adapter.trainsFeedForward, trainAttn: adapter.trainsAttention))
        let answer = try await connection.submitted(
            TinkerWire.ModelAnswer.self,
            TinkerCall("create_model", body: try connection.body(request)), .createModel,
            what: what)
        guard let id = answer.modelId?.value else {
            throw TinkerError.misaligned(what: what, why: "it names no model")
        }
        return try await opened(id, firstNumber: firstNumber)
    }

    /// A model that the server has, with what it says about it.
    private func opened(_ id: String, firstNumber: Int) async throws -> TinkerTrainingClient {
        let info = try await connection.call(
            TinkerWire.InfoAnswer.self,
            TinkerCall(
                "get_info",
                body: try connection.body(TinkerWire.ModelCall(modelId: id, type: "get_info"))),
            what: "asking about model \(id)")
        let data = info.modelData?.value
        let base = data?.modelName?.value ?? info.modelName?.value
        return TinkerTrainingClient(
            id: id, base: base,
            tokenizer: Self.tokenizer(data?.tokenizerId?.value, base: base),
            firstNumber: firstNumber, connection: connection, session: session,
            dialects: dialects, flags: try await connection.flags())
    }

    /// A Hugging Face repository: what the server says up to the first `:`, else the base model's own, of
    /// whose name only organisation and model count.
    static func tokenizer(_ name: String?, base: String?) -> String? {
        if let name = name?.split(separator: ":").first { return String(name) }
        return base.map { $0.split(separator: "/").prefix(2).joined(separator: "/") }
    }

    package func loadModel(
        from path: String, withOptimizer: Bool
    ) async throws -> any TinkerTrainingModel {
        try await loaded(path, withOptimizer: withOptimizer)
    }

    func loaded(_ path: String, withOptimizer: Bool) async throws -> TinkerTrainingClient {
        let what = "loading \(path)"
        _ = try TinkerPath(path)
        let session = try await session.id()
        let number = await self.session.nextModelNumber()
        let call = TinkerCall(
            "load_weights",
            body: try connection.body(
                TinkerWire.LoadWeights(
                    sessionId: session, modelSeqId: number, path: path, optimizer: withOptimizer)))
        do {
            let request = try await connection.submit(call, what: what)
            let result = try await connection.result(of: request, .loadWeights, what: what)
            let answer = try TinkerWire.answer(TinkerWire.ModelAnswer.self, from: result.body)
            return try await opened(
                answer.modelId?.value ?? "\(session):train:\(number)", firstNumber: 1)
        } catch let refusal as TinkerRefusal where [400, 404, 422].contains(refusal.status) {
            // Older servers load into a model that exists.
            return try await loadedIntoNewModel(
                path, withOptimizer: withOptimizer, number: number, what: what)
        } catch {
            throw await connection.told(error, what: what)
        }
    }

    private func loadedIntoNewModel(
        _ path: String, withOptimizer: Bool, number: Int, what: String
    ) async throws -> TinkerTrainingClient {
        let info = try await connection.call(
            TinkerWire.WeightsInfoAnswer.self,
            TinkerCall(
                "weights_info", body: try connection.body(TinkerWire.WeightsInfo(tinkerPath: path))),
            what: what)
        guard let rank = info.loraRank?.value, rank > 0 else {
            throw TinkerError.cannot("load \(path): it does not say of what rank it is")
        }
        let model = try await model(
            info.baseModel,
            TinkerAdapter(
                rank: rank, trainsUnembedding: info.trainUnembed?.value ?? false,
                trainsFeedForward: info.trainMlp?.value ?? true,
                trainsAttention: info.trainAttn?.value ?? true),
            number: number, firstNumber: 2)
        let load = TinkerWire.LoadWeights(
            modelId: model.id, seqId: 1, path: path, optimizer: withOptimizer)
        _ = try await connection.submitted(
            TinkerWire.ModelAnswer.self,
            TinkerCall("load_weights", body: try connection.body(load)), .loadWeights, what: what)
        return model
    }

    package func makeSampler(_ source: TinkerSamplerSource) async throws -> any TinkerSampler {
        try await TinkerSamplingClient.make(
            source, connection: connection, session: session, dialects: dialects)
    }

    package func finish(_ outcome: TinkerOutcome) async { await session.finish(outcome) }
}
