package import Backends
package import Foundation
package import Transformer

/// What a Tinker server computes, on the real decoder and in values: LoRA models with their gradient
/// and optimiser, saved weights, and samplers. One call at a time, in the order they are made.
package actor TinkerEngine {
    /// The one base model, as the server calls it.
    package let base: String
    let decoder: Transformer.Decoder
    /// LoRA's alpha, which clients cannot choose.
    let alpha: Double
    let clock: any ServiceClock
    var models: [String: Model] = [:]
    var saved: [String: SavedWeights] = [:]
    var samplers: [String: Weights?] = [:]
    private var count = 0

    /// A LoRA model in training.
    final class Model {
        let adapter: Adapter
        let gradient: ParameterSet
        var optimizer: AdamW?

        init(_ adapter: Adapter) {
            self.adapter = adapter
            gradient = adapter.parameters.zeros()
        }

        var stepCount: Int { optimizer?.stepCount ?? 0 }
    }

    /// An adapter's numbers.
    package struct Weights: Sendable {
        package var configuration: AdapterConfiguration
        package var numbers: [Float]
    }

    /// The optimiser's state.
    struct OptimizerState {
        var settings: AdamW.Settings
        var stepCount: Int
        var first: [Float]
        var second: [Float]
    }

    struct SavedWeights {
        var weights: Weights
        /// nil for weights to sample from.
        var optimizer: OptimizerState?
        var created: Date
        var expires: Date?
    }

    /// - Parameter directory: A checkpoint in Hugging Face layout.
    package init(
        directory: URL, base: String, alpha: Double = 32, isPrecise: Bool = false,
        threads: Int = 2, clock: any ServiceClock = SystemClock()
    ) throws {
        let files = try ModelFiles(path: directory.path)
        decoder = try Transformer.Decoder(
            files, precision: isPrecise ? .stored : .bfloat16, pool: ThreadPool(threads: threads))
        self.base = base
        self.alpha = alpha
        self.clock = clock
    }

    package var contextLength: Int { decoder.configuration.maximumPositionCount }
    package var vocabularySize: Int { decoder.configuration.vocabularySize }

    func newID(_ kind: String) -> String {
        count += 1
        return "\(kind)-\(count)"
    }

    func model(_ id: String) throws -> Model {
        guard let model = models[id] else {
            throw TinkerError.failed(what: "the request", why: "there is no model \(id)")
        }
        return model
    }

    // MARK: Models

    /// Makes an untrained model; returns its id.
    package func makeModel(base: String, adapter: TinkerAdapter) throws -> String {
        guard base == self.base else {
            throw TinkerError.failed(what: "create_model", why: "there is no model \(base)")
        }
        let attention: [AdapterTarget] = [.query, .key, .value, .output]
        let feedForward: [AdapterTarget] = [.gate, .up, .down]
        let targets =
            (adapter.trainsAttention ? attention : [])
            + (adapter.trainsFeedForward ? feedForward : [])
            + (adapter.trainsUnembedding ? [.unembedding] : [])
        guard !targets.isEmpty, (1...1024).contains(adapter.rank) else {
            throw TinkerError.failed(what: "create_model", why: "lora_config is invalid")
        }
        let fresh = Adapter(
            AdapterConfiguration(rank: adapter.rank, alpha: alpha, targets: targets),
            for: decoder.configuration)
        fresh.initialize(seed: UInt64(bitPattern: Int64(adapter.seed ?? 0)))
        fresh.update(pool: decoder.pool)
        let id = newID("model")
        models[id] = Model(fresh)
        return id
    }

    package func unload(_ id: String) { models[id] = nil }

    /// Ids of the models that are loaded.
    package var loaded: [String] { models.keys.sorted() }

    /// Samplers made so far.
    package var samplerCount: Int { samplers.count }

    /// Optimiser steps a model has taken, those before it was saved and loaded included.
    package func stepCount(of id: String) throws -> Int { try model(id).stepCount }

    /// The present numbers of a model.
    package func weights(of id: String) throws -> Weights {
        let model = try model(id)
        return Weights(
            configuration: model.adapter.configuration,
            numbers: Array(model.adapter.parameters.numbers))
    }

    // MARK: Training

    /// One pass; with `isTraining` the gradient of −Σ weight · log-probability is added.
    package func pass(
        _ id: String, _ data: [TinkerDatum], isTraining: Bool
    ) throws -> TinkerPassResult {
        let model = try model(id)
        for datum in data {
            for token in datum.tokens + datum.targets
            where token.index < 0 || token.index >= vocabularySize {
                throw TinkerError.failed(
                    what: "the pass", why: "token \(token) is outside the vocabulary")
            }
            guard !datum.tokens.isEmpty, datum.tokens.count <= contextLength else {
                throw TinkerError.failed(
                    what: "the pass", why: "a sequence has \(datum.tokens.count) tokens")
            }
        }
        var logprobs: [[Float]] = []
        var loss = 0.0
        // How a batch is cut changes no bit of the gradient.
        for start in stride(from: 0, to: data.count, by: 8) {
            let part = Array(data[start..<min(start + 8, data.count)])
            let pass = TargetPass(
                decoder, model.adapter, gradient: isTraining ? model.gradient : nil)
            let found = try pass.run(part)
            logprobs += found.logprobs
            loss += found.loss
        }
        return TinkerPassResult(logprobs: logprobs, metrics: ["loss:sum": loss])
    }

    /// Applies the gradient and clears it.
    package func step(_ id: String, _ adam: TinkerAdam) throws -> [String: Double] {
        let model = try model(id)
        let settings = AdamW.Settings(
            beta1: adam.beta1, beta2: adam.beta2, epsilon: adam.epsilon, decay: adam.weightDecay)
        let optimizer = model.optimizer ?? AdamW(model.adapter.parameters, settings: settings)
        guard optimizer.settings == settings else {
            throw TinkerError.failed(what: "optim_step", why: "AdamW's numbers changed")
        }
        model.optimizer = optimizer
        let norm = optimizer.update(
            model.gradient, rate: adam.learningRate,
            maximumNorm: adam.gradientClip > 0 ? adam.gradientClip : nil, pool: decoder.pool)
        model.adapter.update(pool: decoder.pool)
        model.gradient.clear()
        return ["grad_norm:mean": norm]
    }

    // MARK: Saved weights

    /// Saves weights and optimiser; returns the path.
    package func saveState(_ id: String, name: String, lifetime: Duration?) throws -> String {
        let model = try model(id)
        let state = model.optimizer.map {
            OptimizerState(
                settings: $0.settings, stepCount: $0.stepCount,
                first: Array($0.firstMoments.numbers), second: Array($0.secondMoments.numbers))
        }
        return try save(
            model, at: "tinker://\(id)/weights/\(name)", lifetime: lifetime,
            optimizer: state
                ?? OptimizerState(settings: AdamW.Settings(), stepCount: 0, first: [], second: []))
    }

    /// Saves weights for sampling and download; returns the path.
    package func saveSampler(_ id: String, name: String, lifetime: Duration?) throws -> String {
        try save(
            try model(id), at: "tinker://\(id)/sampler_weights/\(name)", lifetime: lifetime,
            optimizer: nil)
    }

    private func save(
        _ model: Model, at path: String, lifetime: Duration?, optimizer: OptimizerState?
    ) throws -> String {
        guard saved[path] == nil else {
            throw TinkerError.failed(what: "the save", why: "\(path) exists")
        }
        saved[path] = SavedWeights(
            weights: Weights(
                configuration: model.adapter.configuration,
                numbers: Array(model.adapter.parameters.numbers)),
            optimizer: optimizer, created: clock.date,
            expires: lifetime.map { clock.date.addingTimeInterval($0 / .seconds(1)) })
        return path
    }

    func weights(at path: String) throws -> SavedWeights {
        guard let found = saved[path], found.expires.map({ $0 > clock.date }) ?? true else {
            throw TinkerError.failed(what: path, why: "checkpoint not found")
        }
        return found
    }

    /// The numbers of what is saved at `path`.
    package func numbers(savedAt path: String) throws -> Weights { try weights(at: path).weights }

    /// Makes a model of saved weights; returns its id.
    package func loadModel(from path: String, withOptimizer: Bool) throws -> String {
        let found = try weights(at: path)
        let model = Model(adapter(of: found.weights))
        if withOptimizer {
            guard let state = found.optimizer else {
                throw TinkerError.failed(what: path, why: "it has no optimizer state")
            }
            if state.stepCount > 0 {
                let optimizer = AdamW(model.adapter.parameters, settings: state.settings)
                _ = optimizer.firstMoments.numbers.update(from: state.first)
                _ = optimizer.secondMoments.numbers.update(from: state.second)
                optimizer.resume(stepCount: state.stepCount)
                model.optimizer = optimizer
            }
        }
        let id = newID("model")
        models[id] = model
        return id
    }

    func adapter(of weights: Weights) -> Adapter {
        let adapter = Adapter(weights.configuration, for: decoder.configuration)
        _ = adapter.parameters.numbers.update(from: weights.numbers)
        adapter.update(pool: decoder.pool)
        return adapter
    }

    package func checkpoints() -> [TinkerCheckpoint] {
        saved.filter { $0.value.expires.map { $0 > clock.date } ?? true }.map {
            TinkerCheckpoint(
                path: $0.key, isForSampling: $0.value.optimizer == nil, created: $0.value.created,
                byteCount: 4 * $0.value.weights.numbers.count, expires: $0.value.expires)
        }.sorted { $0.path < $1.path }
    }

    package func delete(_ path: String) throws {
        _ = try weights(at: path)
        saved[path] = nil
    }

    /// Writes the PEFT files of weights for sampling.
    package func download(_ path: String, to directory: URL) throws {
        let found = try weights(at: path)
        try adapter(of: found.weights).file(baseModelName: base).write(into: directory.path)
    }
}
