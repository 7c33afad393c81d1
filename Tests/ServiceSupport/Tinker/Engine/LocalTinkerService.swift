package import Backends
package import Foundation

/// A Tinker server in memory: ``TinkerEngine`` as a service.
package struct LocalTinkerService: TinkerService {
    package let engine: TinkerEngine

    package init(_ engine: TinkerEngine) { self.engine = engine }

    package func models() async throws -> [TinkerModel] {
        [
            TinkerModel(
                name: engine.base, contextLength: await engine.contextLength, isTrainable: true,
                isSampleable: true)
        ]
    }

    package func makeModel(
        _ base: String, _ adapter: TinkerAdapter
    ) async throws -> any TinkerTrainingModel {
        LocalTinkerModel(
            id: try await engine.makeModel(base: base, adapter: adapter), engine: engine)
    }

    package func loadModel(
        from path: String, withOptimizer: Bool
    ) async throws -> any TinkerTrainingModel {
        LocalTinkerModel(
            id: try await engine.loadModel(from: path, withOptimizer: withOptimizer),
            engine: engine)
    }

    package func makeSampler(_ source: TinkerSamplerSource) async throws -> any TinkerSampler {
        LocalTinkerSampler(id: try await engine.makeSampler(source), engine: engine)
    }

    package func checkpoints(of run: String?) async throws -> [TinkerCheckpoint] {
        await engine.checkpoints().filter { run.map($0.path.contains) ?? true }
    }

    package func deleteCheckpoint(_ path: String) async throws { try await engine.delete(path) }

    package func downloadAdapter(_ path: String, to directory: URL) async throws {
        try await engine.download(path, to: directory)
    }

    package func finish(_ outcome: TinkerOutcome) async {}
}

/// A model of the engine; its calls run in the order they are made.
package actor LocalTinkerModel: TinkerTrainingModel {
    package nonisolated let id: String
    package nonisolated var base: String? { engine.base }
    package nonisolated let tokenizer: String? = nil
    private nonisolated let engine: TinkerEngine
    private var last: Task<Void, Never>?

    init(id: String, engine: TinkerEngine) {
        self.id = id
        self.engine = engine
    }

    private func submit<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) -> TinkerPending<Value> {
        let task = Task { [last] in
            await last?.value
            return try await work()
        }
        last = Task { _ = await task.result }
        return TinkerPending(task)
    }

    package func pass(
        _ data: [TinkerDatum], isTraining: Bool
    ) -> TinkerPending<TinkerPassResult> {
        submit { [engine, id] in try await engine.pass(id, data, isTraining: isTraining) }
    }

    package func step(_ adam: TinkerAdam) -> TinkerPending<[String: Double]> {
        submit { [engine, id] in try await engine.step(id, adam) }
    }

    package func saveState(_ name: String, lifetime: Duration?) -> TinkerPending<String> {
        submit { [engine, id] in try await engine.saveState(id, name: name, lifetime: lifetime) }
    }

    package func saveSampler(_ name: String, lifetime: Duration?) -> TinkerPending<String> {
        submit { [engine, id] in try await engine.saveSampler(id, name: name, lifetime: lifetime) }
    }

    package func sampler() -> TinkerPending<any TinkerSampler> {
        submit { [engine, id] in
            LocalTinkerSampler(id: try await engine.makeSampler(ofModel: id), engine: engine)
        }
    }

    package func unload() async {
        let unloading = submit { [engine, id] in await engine.unload(id) }
        // Nothing can fail.
        _ = try? await unloading.value
    }
}

package struct LocalTinkerSampler: TinkerSampler {
    package let id: String
    let engine: TinkerEngine

    package func sample(_ request: TinkerSampleRequest) async throws -> TinkerSample {
        try await engine.sample(id, request)
    }
}
